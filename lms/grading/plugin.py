"""The declaration of the plugin that keeps work and grades."""

from lms.enrollment.importing import told
from lms.grading import attachments, importing, keeping, notices, panels, personal
from lms.grading.api import api
from lms.grading.assignments import AssignmentType
from lms.grading.events import GradeReleased, GradesImported, SubmissionHandedIn
from lms.grading.pages import pages
from lms.kernel.discarding import forget_files
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import Permission
from lms.plugin import CohortFigures, NavItem, PersonalData, Plugin, Slot

MARKERS = ("administrator", "staff", "tutor")

plugin = Plugin(
    name="grading",
    title=N_("Assignments and grades"),
    package="lms.grading",
    requires=("accounts", "courses", "enrollment"),
    permissions=(
        Permission("grading.submit", N_("Hand in work and see own grades"), ("trainee",)),
        Permission("grading.grade", N_("Mark work"), MARKERS),
        Permission("grading.release", N_("Let trainees see their grades"), MARKERS),
        Permission("grading.view", N_("See the gradebook of a cohort"), MARKERS),
    ),
    pages=pages,
    api=api,
    navigation=(
        NavItem("main", N_("Marking"), "/marking", "grading.grade", 30),
        NavItem("main", N_("Grades"), "/grades", "grading.submit", 20),
    ),
    activity_types=(AssignmentType(),),
    public_events=(
        PublicEvent("submission.handed_in", N_("Somebody has handed in work"), SubmissionHandedIn),
        PublicEvent("grades.imported", N_("Grades were imported from a file"), GradesImported, told),
        PublicEvent("grade.released", N_("A grade was released"), GradeReleased),
    ),
    notices=notices.NOTICES,
    importers=(importing.importer,),
    guards=(("enrollment.remove", keeping.keep_enrolment),),
    slots=(
        Slot("learn.side", panels.learn_side, "grading.submit", 20),
        Slot("staff.cohort", panels.staff_cohort, "grading.grade", 20),
    ),
    jobs={attachments.FORGETTING: forget_files},
    cohort_figures=(CohortFigures(panels.cohort_figures, "grading.grade", 20),),
    personal_data=PersonalData(export=personal.export, erase=personal.erase),
)
