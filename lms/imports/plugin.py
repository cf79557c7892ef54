"""The declaration of the plugin."""

from datetime import timedelta

from lms.imports import forgetting, jobs
from lms.imports.commands import commands
from lms.imports.pages import pages
from lms.imports.standing import USE
from lms.kernel.discarding import forget_files
from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.kernel.schedules import Schedule
from lms.plugin import NavItem, PersonalData, Plugin

plugin = Plugin(
    name="imports",
    title=N_("Import and export"),
    package="lms.imports",
    requires=("courses",),
    permissions=(Permission(USE, N_("Import files and see what imports did"), ("administrator", "staff")),),
    pages=pages,
    navigation=(NavItem("staff", N_("Import and export"), "/staff/imports", USE, 60),),
    jobs={
        "imports.check": jobs.check,
        "imports.run": jobs.bring_in,
        "imports.undo": jobs.undo,
        "imports.tidy": jobs.tidy,
        "imports.forget_files": forget_files,
    },
    schedules=(Schedule("imports.tidy", "imports.tidy", timedelta(days=1)),),
    commands=commands,
    personal_data=PersonalData(export=forgetting.export, erase=forgetting.erase),
)
