"""The declaration of the plugin that keeps courses and cohorts."""

from lms.courses import dates, finding, importing_cohorts, importing_courses, jobs, picturing
from lms.courses.activity_types import FileType, LinkType, PageType
from lms.courses.api import api
from lms.courses.events import ActivityCompleted, CohortChanged, CohortCreated
from lms.courses.learning import deeds_of
from lms.courses.pages import pages
from lms.kernel.discarding import forget_files
from lms.kernel.events import PublicEvent
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, Permission
from lms.plugin import NavItem, PersonalData, Plugin

plugin = Plugin(
    name="courses",
    title=N_("Courses and cohorts"),
    package="lms.courses",
    requires=("accounts",),
    permissions=(
        Permission("courses.view_drafts", N_("See courses that are not published"), ("administrator", "staff")),
        Permission("courses.edit", N_("Add and change courses"), ("administrator", "staff")),
        Permission("courses.run", N_("Make and run cohorts"), ("administrator", "staff")),
        Permission("courses.adapt", N_("Adapt the content of a cohort"), ("administrator", "staff", "tutor")),
        Permission("courses.learn", N_("Learn in a cohort"), ("trainee",)),
    ),
    pages=pages,
    api=api,
    navigation=(
        NavItem("main", N_("Courses"), "/", PUBLIC, 10),
        NavItem("main", N_("Today"), "/today", "courses.learn", 5),
        NavItem("main", N_("Programme desk"), "/staff", "courses.adapt", 40),
        NavItem("person", N_("On this device"), "/offline", "courses.learn", 70),
        NavItem("staff", N_("Courses"), "/staff/courses", "courses.view_drafts", 10),
        NavItem("staff", N_("Cohorts"), "/staff/cohorts", "courses.adapt", 20),
    ),
    activity_types=(PageType(), FileType(), LinkType()),
    public_events=(
        PublicEvent("cohort.created", N_("A cohort was made"), CohortCreated),
        PublicEvent("cohort.changed", N_("The settings of a cohort were changed"), CohortChanged),
        PublicEvent("activity.completed", N_("Somebody has completed an activity"), ActivityCompleted),
    ),
    jobs={picturing.DRAWING: jobs.draw_picture, picturing.FORGETTING: forget_files},
    searches=finding.SEARCHES,
    dates=dates.dates_of,
    importers=(importing_courses.importer, importing_cohorts.importer),
    personal_data=PersonalData(export=deeds_of),
)
