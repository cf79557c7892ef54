"""What trainees see: the outline of a cohort, where they are, what is due."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, Integer, String, and_, bindparam, func, or_, select

from lms.courses.models import Activity, Cohort, ContentText, Module, Progress
from lms.kernel import clock
from lms.kernel.database import ReadSession
from lms.kernel.i18n import _, counted, format_datetime

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Cohort: Any = Cohort
_Module: Any = Module
_Progress: Any = Progress
_Text: Any = ContentText

LINGER = timedelta(days=60)
"""How long an ended cohort stays on the page of today."""


@dataclass(frozen=True, slots=True)
class Item:
    """An activity in an outline."""

    id: int
    type: str
    title: str
    minutes: int
    published: bool
    required: bool
    completion: str
    due_at: datetime | None
    cutoff_at: datetime | None
    due_day: int | None
    cutoff_day: int | None
    viewed_at: datetime | None
    completed_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether its rule is met; what has no rule is done when it was seen."""
        return is_done(self)

    @property
    def counts(self) -> bool:
        """Whether it counts for completing the cohort."""
        return self.published and self.required and self.completion != "none"

    @property
    def is_late(self) -> bool:
        """Whether its due date has passed and it is not done."""
        return not self.is_done and self.due_at is not None and self.due_at < clock.now()

    @property
    def until(self) -> datetime | None:
        """The date that matters now: the due date, and once that has passed the cut-off."""
        return (self.cutoff_at or self.due_at) if self.is_late else self.due_at


def is_done(activity: Any) -> bool:
    """The same for anything that has `completion`, `viewed_at` and `completed_at`."""
    return activity.completed_at is not None or (activity.completion == "none" and activity.viewed_at is not None)


@dataclass(frozen=True)
class Part:
    """A module in an outline."""

    id: int
    cohort_id: int | None
    title: str
    summary: str
    opens_at: datetime | None
    items: list[Item] = field(default_factory=list)

    @cached_property
    def is_open(self) -> bool:
        """Whether trainees may enter now."""
        return self.opens_at is None or self.opens_at <= clock.now()

    @cached_property
    def done(self) -> int:
        """How many activities that count are completed."""
        return sum(item.completed_at is not None for item in self.items if item.counts)

    @cached_property
    def total(self) -> int:
        """How many activities count."""
        return sum(item.counts for item in self.items)


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the list of steps."""

    label: str
    url: str | None
    state: str
    current: bool = False
    note: str = ""


@dataclass(frozen=True)
class Learning:
    """A cohort with what a trainee has done in it."""

    id: int
    code: str
    title: str
    status: str
    timezone: str
    starts_on: date | None
    ends_on: date | None
    parts: list[Part]

    @cached_property
    def done(self) -> int:
        """How many activities that count are completed."""
        return sum(part.done for part in self.parts)

    @cached_property
    def total(self) -> int:
        """How many activities count."""
        return sum(part.total for part in self.parts)

    @cached_property
    def is_ahead(self) -> bool:
        """Whether its first day is still to come, on its own clocks."""
        return self.starts_on is not None and self.starts_on > local_time(self.timezone).date()

    @cached_property
    def is_over(self) -> bool:
        """Whether its last day has passed, on its own clocks."""
        return self.ends_on is not None and self.ends_on < local_time(self.timezone).date()

    @cached_property
    def present(self) -> Part | None:
        """The module to be in now: the one that opened last; where all open together, the first that is not done."""
        opened = [part for part in self.parts if part.is_open]
        if not self._in_turn:
            return next((part for part in opened if any(not item.is_done for item in part.items)), opened[-1] if opened else None)
        return max(opened, key=lambda part: part.opens_at.timestamp() if part.opens_at else 0.0, default=None)

    @cached_property
    def week(self) -> int:
        """The number of the module that opened last, from 1; 0 before the first, or where modules do not open in turn."""
        return self.parts.index(self.present) + 1 if self._in_turn and self.present else 0

    @cached_property
    def _in_turn(self) -> bool:
        return len({part.opens_at for part in self.parts}) > 1

    @cached_property
    def upcoming(self) -> Item | None:
        """The first open activity that is not done."""
        return next((item for part in self.parts if part.is_open for item in part.items if not item.is_done), None)

    def steps(self, zone: str) -> list[Step]:
        """The activities of the present module, and when the next one opens on the clocks of a zone."""
        base, upcoming = f"/learn/{self.code}", self.upcoming
        shown = [Step(i.title, f"{base}/{i.id}", "done" if i.is_done else "open", i == upcoming)
                 for i in (self.present.items if self.present else [])]  # fmt: skip
        closed = next((part for part in self.parts if not part.is_open), None)
        if closed:
            shown.append(Step(closed.title, None, "lock", note=_("opens {date}").format(date=format_datetime(closed.opens_at, zone))))
        return shown


@dataclass(frozen=True, slots=True)
class Due:
    """Something that waits for the trainee by a date."""

    cohort: Learning
    part: Part
    item: Item


def outline(session: ReadSession, cohort_ids: Sequence[int], person_id: int | None, *, sees_all: bool = False) -> dict[int, list[Part]]:
    """The modules of each cohort with their activities and what the person has done. Two queries."""
    found: dict[int, list[Part]] = {cohort_id: [] for cohort_id in cohort_ids}
    values = {"cohorts": list(cohort_ids), "person_id": person_id, "language": None, "sees_all": sees_all}
    for part in _parts(session, _OF_COHORTS, values):
        found[part.cohort_id or 0].append(part)
    return found


def syllabus(session: ReadSession, course_id: int, language: str | None, *, sees_all: bool = False) -> list[Part]:
    """The modules and activities of a course, titled in a language where there are words in it. Two queries."""
    return _parts(session, _OF_COURSE, {"course_id": course_id, "person_id": None, "language": language, "sees_all": sees_all})


def _statements(of_modules: Any, of_activities: Any) -> tuple[Any, Any]:
    """The modules and the activities that are meant, as two questions. Built once: putting one together costs more than asking it."""
    language = bindparam("language", type_=String())
    modules = (
        select(_Module.id, _Module.cohort_id, func.coalesce(_Text.title, _Module.title),
               func.coalesce(func.nullif(_Text.body, ""), _Module.summary), _Module.opens_at)
        .outerjoin(ContentText, and_(_Text.module_id == _Module.id, _Text.language == language))
        .where(of_modules)
        .order_by(_Module.position, _Module.id)
    )  # fmt: skip
    activities = (
        select(_Activity.module_id, _Activity.id, _Activity.type, func.coalesce(_Text.title, _Activity.title), _Activity.minutes,
               _Activity.published, _Activity.required, _Activity.completion, _Activity.due_at, _Activity.cutoff_at, _Activity.due_day,
               _Activity.cutoff_day, _Progress.viewed_at, _Progress.completed_at)
        .outerjoin(ContentText, and_(_Text.activity_id == _Activity.id, _Text.language == language))
        .outerjoin(Progress, and_(_Progress.activity_id == _Activity.id, _Progress.person_id == bindparam("person_id", type_=Integer())))
        .where(of_activities, or_(_Activity.published, bindparam("sees_all", type_=Boolean())))
        .order_by(_Activity.position, _Activity.id)
    )  # fmt: skip
    return modules, activities


_OF_COHORTS = _statements(*(table.cohort_id.in_(bindparam("cohorts", expanding=True)) for table in (_Module, _Activity)))
_OF_COURSE = _statements(*(and_(table.course_id == bindparam("course_id"), table.cohort_id.is_(None)) for table in (_Module, _Activity)))


def _parts(session: ReadSession, statements: tuple[Any, Any], values: dict[str, Any]) -> list[Part]:
    modules: Any
    activities: Any
    modules, activities = (session.rows(statement, values) for statement in statements)
    parts = {row[0]: Part(*row) for row in modules}
    for module_id, *item in activities:
        if module_id in parts:
            parts[module_id].items.append(Item(*item))
    return list(parts.values())


_MINE: Any = (
    select(_Cohort.id, _Cohort.code, _Cohort.title, _Cohort.status, _Cohort.timezone, _Cohort.starts_on, _Cohort.ends_on)
    .where(_Cohort.id.in_(bindparam("cohorts", expanding=True)), _Cohort.status != "draft")
    .order_by(_Cohort.starts_on.desc().nulls_last(), _Cohort.id.desc())
)


def mine(session: ReadSession, person_id: int, cohort_ids: Sequence[int]) -> list[Learning]:
    """The cohorts of a trainee, the latest first; those that run or ended not long ago with their outlines. Three queries."""
    rows: Any = session.rows(_MINE, {"cohorts": list(cohort_ids)}).all()
    outlines = outline(session, [row.id for row in rows if is_recent(row.ends_on)], person_id)
    return [Learning(**row._mapping, parts=outlines.get(row.id, [])) for row in rows]


def is_recent(ends_on: date | None) -> bool:
    """Whether a cohort that ends then belongs on the page of today rather than among those of the past."""
    return ends_on is None or ends_on >= clock.today() - LINGER


def due(cohorts: Sequence[Learning], days: int = 14) -> list[Due]:
    """What has a date and is not done, the nearest first: what is late until its cut-off, and what comes within some days."""
    now = clock.now()
    found = [
        Due(cohort, part, item)
        for cohort in cohorts
        if cohort.status == "published"
        for part in cohort.parts
        if part.is_open
        for item in part.items
        if item.due_at and not item.is_done and item.due_at <= now + timedelta(days=days) and (item.cutoff_at or item.due_at) >= now
    ]
    return sorted(found, key=lambda entry: (entry.item.due_at or now, entry.item.id))


def steps(parts: Sequence[Part], base: str, current: int | None, sees_all: bool, zone: str | None = None) -> list[tuple[Part, list[Step]]]:
    """The modules with their activities as steps; those of a module that is closed to the person are locked.

    With a zone, each step notes how long it takes and when it is due, on the clocks of that zone.
    """
    shown = []
    for part in parts:
        enters = part.is_open or sees_all
        lines = [
            Step(i.title, f"{base}/{i.id}" if enters else None, _state(i, enters), i.id == current, _note(i, zone) if zone else "")
            for i in part.items
        ]
        shown.append((part, lines))
    return shown


def _note(item: Item, zone: str) -> str:
    said = []
    if not item.published:
        said.append(_("hidden"))
    if item.minutes:
        said.append(counted("{n} minute", "{n} minutes", item.minutes))
    if not item.required:
        said.append(_("optional"))
    if item.due_at and not item.is_done:
        said.append((_("late since {date}") if item.is_late else _("due {date}")).format(date=format_datetime(item.due_at, zone)))
    elif item.due_day:
        said.append(_("due on day {day}").format(day=item.due_day))
    return " · ".join(said)


def _state(item: Item, enters: bool) -> str:
    if not enters:
        return "lock"
    return "done" if item.is_done else "open"


def neighbours(parts: Sequence[Part], activity_id: int, sees_all: bool) -> tuple[Item | None, Item | None]:
    """The activities before and after this one, among those open to the person."""
    items = [item for part in parts if part.is_open or sees_all for item in part.items]
    place = next((number for number, item in enumerate(items) if item.id == activity_id), None)
    if place is None:
        return None, None
    return items[place - 1] if place else None, items[place + 1] if place + 1 < len(items) else None


def local_time(zone: str) -> datetime:
    """The present time on the clocks of a zone; that of UTC where the zone is unknown."""
    try:
        return clock.now().astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return clock.now()


def deeds_of(session: ReadSession, person_id: int) -> dict[str, Any]:
    """What is kept about a person's way through courses: for the person's own copy."""
    rows: Any = session.rows(
        select(_Cohort.code.label("cohort"), _Activity.title.label("activity"), _Progress.viewed_at, _Progress.completed_at)
        .join(Activity, _Activity.id == _Progress.activity_id)
        .join(Cohort, _Cohort.id == _Progress.cohort_id)
        .where(_Progress.person_id == person_id)
        .order_by(_Progress.viewed_at, _Progress.activity_id)
    )
    return {"activities": [dict(row._mapping) for row in rows]}
