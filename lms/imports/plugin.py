"""The declaration of the plugin."""

from lms.imports import forgetting
from lms.imports.commands import commands
from lms.kernel.i18n import N_
from lms.plugin import PersonalData, Plugin

plugin = Plugin(
    name="imports",
    title=N_("Import and export"),
    package="lms.imports",
    requires=("accounts",),
    commands=commands,
    personal_data=PersonalData(export=forgetting.export, erase=forgetting.erase),
)
