"""The declaration of the plugin that issues certificates."""

from datetime import timedelta

from lms.certificates import forgetting, issuing, jobs, notices, panels, publishing
from lms.certificates.api import api
from lms.certificates.checking import check_drawing
from lms.certificates.commands import commands
from lms.certificates.datasets import CERTIFICATES
from lms.certificates.events import CertificateIssued, CertificateRevoked
from lms.certificates.pages import pages
from lms.enrollment.events import EnrolmentCompleted
from lms.kernel.discarding import forget_files
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Permission
from lms.kernel.schedules import Schedule
from lms.plugin import NavItem, PersonalData, Plugin, Slot

plugin = Plugin(
    name="certificates",
    title=N_("Certificates"),
    package="lms.certificates",
    requires=("enrollment",),
    permissions=(
        Permission("certificates.issue", N_("Issue certificates"), ("administrator", "staff")),
        Permission("certificates.revoke", N_("Revoke certificates"), ("administrator", "staff")),
        Permission("certificates.view", N_("See and export the certificates of others"), ("administrator", "staff")),
    ),
    pages=pages,
    api=api,
    navigation=(
        NavItem("main", N_("Check a certificate"), "/verify", PUBLIC, 30),
        NavItem("person", N_("My certificates"), "/certificates", SIGNED_IN, 30),
    ),
    dataset_measures=(CERTIFICATES,),
    subscriptions=((EnrolmentCompleted, issuing.issue_on_completion),),
    public_events=(
        PublicEvent("certificate.issued", N_("A certificate was issued"), CertificateIssued, publishing.facts),
        PublicEvent("certificate.revoked", N_("A certificate is not valid any more"), CertificateRevoked, publishing.facts),
    ),
    notices=notices.NOTICES,
    slots=(
        Slot("staff.cohort", panels.of_cohort, "certificates.view", 40),
        Slot("today.side", panels.of_today, SIGNED_IN, 40),
        Slot("staff.person", panels.of_person, "certificates.view", 40),
    ),
    jobs={
        "certificates.issue": jobs.issue,
        "certificates.draw": jobs.draw,
        "certificates.issue_cohort": jobs.issue_cohort,
        "certificates.export": jobs.export,
        "certificates.tidy_exports": jobs.tidy_exports,
        "certificates.forget_files": forget_files,
    },
    schedules=(Schedule("certificates.tidy_exports", "certificates.tidy_exports", timedelta(days=1)),),
    commands=commands,
    health_checks=(("certificates", check_drawing),),
    personal_data=PersonalData(export=forgetting.export, erase=forgetting.erase),
)
