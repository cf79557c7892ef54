"""The declaration of the plugin that keeps people."""

from datetime import timedelta

from lms.accounts import erasing, finding, importing_people, importing_regions, starting, tidying
from lms.accounts.api import api
from lms.accounts.commands import commands
from lms.accounts.events import PersonErased
from lms.accounts.pages import pages
from lms.accounts.viewing import front_page, viewer
from lms.kernel import api_replays
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.kernel.schedules import Schedule
from lms.plugin import NavItem, PersonalData, Plugin

plugin = Plugin(
    name="accounts",
    title=N_("People and sign-in"),
    package="lms.accounts",
    permissions=(
        Permission("accounts.view_people", N_("See people"), ("administrator", "staff"), site_only=True),
        Permission("accounts.edit_people", N_("Add and change people"), ("administrator", "staff"), site_only=True),
        Permission("accounts.edit_programme", N_("Change the name, signatory and logo of a programme"), ("administrator", "staff")),
        Permission("accounts.read_mail", N_("Read the mails that were sent"), ("administrator", "staff"), site_only=True),
        Permission("accounts.give_roles", N_("Give and remove roles"), ("administrator",), site_only=True),
        Permission("accounts.read_audit", N_("Read the audit log"), ("administrator",), site_only=True),
        Permission("accounts.erase", N_("Make people anonymous on their request"), ("administrator",), site_only=True),
    ),
    pages=pages,
    api=api,
    navigation=(
        NavItem("staff", N_("People"), "/staff/people", "accounts.view_people", 60),
        NavItem("staff", N_("Programme"), "/staff/programme", "accounts.edit_programme", 65),
        NavItem("staff", N_("Mail"), "/staff/mail", "accounts.read_mail", 70),
        NavItem("staff", N_("Erasure requests"), "/staff/erasure", "accounts.erase", 80),
        NavItem("staff", N_("Audit log"), "/staff/audit", "accounts.read_audit", 90),
    ),
    searches=finding.SEARCHES,
    importers=(importing_regions.importer, importing_people.importer),
    public_events=(PublicEvent("person.erased", N_("A person was made anonymous"), PersonErased),),
    jobs={"accounts.forget_answers": api_replays.forget_old, "accounts.tidy": tidying.tidy},
    schedules=(
        Schedule("accounts.forget_answers", "accounts.forget_answers", timedelta(hours=1)),
        Schedule("accounts.tidy", "accounts.tidy", timedelta(days=1)),
    ),
    commands=commands,
    personal_data=PersonalData(export=erasing.export),
    setup=starting.set_up,
    viewer=viewer,
    front_page=front_page,
)
