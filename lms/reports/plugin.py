"""The declaration of the plugin that counts."""

from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.plugin import NavItem, Plugin
from lms.reports.api import api
from lms.reports.commands import commands
from lms.reports.pages import pages

plugin = Plugin(
    name="reports",
    title=N_("Statistics"),
    package="lms.reports",
    permissions=(Permission("reports.view", N_("See statistics"), ("administrator", "staff", "reporter")),),
    pages=pages,
    api=api,
    navigation=(
        NavItem("main", N_("Statistics"), "/reports", "reports.view", 45),
        NavItem("staff", N_("Statistics"), "/reports", "reports.view", 50),
    ),
    commands=commands,
)
