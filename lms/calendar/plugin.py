"""The declaration of the calendar."""

from lms.calendar import addresses
from lms.calendar.pages import pages
from lms.kernel.i18n import N_
from lms.plugin import NavItem, PersonalData, Plugin

plugin = Plugin(
    name="calendar",
    title=N_("Calendar"),
    package="lms.calendar",
    requires=("accounts",),
    pages=pages,
    navigation=(NavItem("person", N_("Calendar"), "/calendar", weight=5),),
    personal_data=PersonalData(export=addresses.export, erase=addresses.erase),
)
