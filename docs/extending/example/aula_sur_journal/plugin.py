"""The declaration of the plugin: what it adds, and nothing else."""

from datetime import time

from aula_sur_journal import panels, personal, reminding, writing
from aula_sur_journal.activity_type import JournalType
from aula_sur_journal.commands import commands
from aula_sur_journal.datasets import INTENTIONS
from aula_sur_journal.pages import pages
from lms.courses.events import CohortCompleted
from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.kernel.schedules import Schedule
from lms.plugin import NavItem, PersonalData, Plugin, Slot

plugin = Plugin(
    name="journal",
    title=N_("Journal"),
    requires=("courses",),
    permissions=(
        Permission("journal.write", N_("Write in a journal"), ("trainee",)),
        Permission("journal.read", N_("Read what trainees share from their journals"), ("administrator", "staff", "tutor")),
        Permission("journal.count", N_("See statistics of journals"), ("administrator", "staff", "reporter")),
    ),
    pages=pages,
    navigation=(NavItem("main", N_("Journal"), "/journal", "journal.write", 25),),
    activity_types=(JournalType(),),
    datasets=(INTENTIONS,),
    subscriptions=((CohortCompleted, reminding.plan),),
    guards=(("courses.delete_activity", writing.keep_entries),),
    slots=(
        Slot("learn.side", panels.side, "journal.write", 60),
        Slot("staff.cohort", panels.desk, "journal.read", 60),
    ),
    jobs={"journal.remind": reminding.remind},
    schedules=(Schedule("journal.remind", "journal.remind", time(6)),),
    commands=commands,
    health_checks=(("journal", reminding.check),),
    personal_data=PersonalData(export=personal.export, erase=personal.erase),
)
