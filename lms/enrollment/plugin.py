"""The declaration of the plugin that brings people into cohorts."""

from lms.courses.events import CohortChanged, CohortCompleted
from lms.enrollment import dates, enrolling, finding, importing, notices, panels, personal, places
from lms.enrollment.api import api
from lms.enrollment.datasets import TRAINEES
from lms.enrollment.events import (
    ApplicationDecided,
    ApplicationSubmitted,
    Enrolled,
    EnrolmentCompleted,
    EnrolmentsImported,
    EnrolmentWithdrawn,
)
from lms.enrollment.pages import pages
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, SIGNED_IN, Permission
from lms.plugin import CohortFigures, NavItem, PersonalData, Plugin, Slot

plugin = Plugin(
    name="enrollment",
    title=N_("Enrolments and applications"),
    package="lms.enrollment",
    requires=("courses",),
    permissions=(
        Permission("enrollment.view", N_("See who takes part in a cohort"), ("administrator", "staff", "tutor")),
        Permission("enrollment.enrol", N_("Enrol people and change their enrolments"), ("administrator", "staff")),
        Permission("enrollment.select", N_("Read applications, accept and reject them"), ("administrator", "staff")),
    ),
    pages=pages,
    api=api,
    navigation=(NavItem("person", N_("My courses"), "/my-courses", SIGNED_IN, 10),),
    datasets=(TRAINEES,),
    importers=(importing.importer,),
    subscriptions=((CohortCompleted, enrolling.complete_cohort), (CohortChanged, places.renumber)),
    public_events=(
        PublicEvent("enrolments.imported", N_("Enrolments were imported from a file"), EnrolmentsImported, importing.told),
        PublicEvent("enrolment.created", N_("Somebody got a place in a cohort"), Enrolled),
        PublicEvent("enrolment.withdrawn", N_("Somebody has left a cohort"), EnrolmentWithdrawn),
        PublicEvent("enrolment.completed", N_("Somebody has completed a cohort"), EnrolmentCompleted),
        PublicEvent("application.submitted", N_("Somebody has applied"), ApplicationSubmitted),
        PublicEvent("application.decided", N_("An application was decided"), ApplicationDecided),
    ),
    notices=notices.NOTICES,
    dates=dates.dates_of,
    guards=(("courses.save_cohort", places.keep_seats),),
    slots=(
        Slot("course.cohort", panels.way_in, PUBLIC, 10),
        Slot("staff.cohort", panels.cohort_desk, "enrollment.view", 10),
        Slot("today", panels.today, SIGNED_IN, 60),
        Slot("staff.home", panels.staff_home, "enrollment.select", 10),
        Slot("staff.person", panels.person_desk, "enrollment.view", 10),
        Slot("marking.side", panels.gone_quiet, "enrollment.view", 10),
    ),
    cohort_figures=(CohortFigures(panels.cohort_figures, "enrollment.view", 10),),
    searches=finding.SEARCHES,
    personal_data=PersonalData(export=personal.export, erase=personal.erase),
)
