"""A person's way through a cohort, week by week: what was read, handed in and marked when.

It is made up to the end, whether or not that has come yet; whoever writes it down leaves out what lies in the future.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from lms.courses.dating import local
from lms.demo.invention import dice
from lms.demo.library import Part
from lms.demo.people import Invented
from lms.demo.plan import Delivery, Seat

PASS = 60
AGAIN = 0.1
"""How often somebody hands in early, is told what is missing, and hands in again."""
LATE = 0.12
QUIET = 0.15
"""How many of a cohort that runs have gone quiet after the first week."""


@dataclass(frozen=True, slots=True)
class Task:
    """An activity of a cohort."""

    activity_id: int
    part: Part
    is_required: bool
    completion: str

    @property
    def is_exercise(self) -> bool:
        """Whether something is handed in."""
        return self.part.type == "assignment"


@dataclass(frozen=True, slots=True)
class Turn:
    """Work handed in once, and what came back."""

    begun_at: datetime
    handed_in_at: datetime
    marked_at: datetime
    released_at: datetime
    points: int


@dataclass(slots=True)
class Way:
    """What a person did in a cohort, by activity."""

    enrolled_at: datetime
    withdrawn_at: datetime | None = None
    seen: dict[int, datetime] = field(default_factory=dict)
    turns: dict[int, tuple[Turn, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Week:
    """Days and hours of a week on the cohort's clocks; day 0 is the Monday on which the module opens."""

    delivery: Delivery
    number: int
    chance: random.Random

    def at(self, day: int, hour: int) -> datetime:
        """A moment in this hour."""
        when = self.delivery.starts_on + timedelta(weeks=self.number - 1, days=day)
        return local(when, time(hour, self.chance.randrange(60)), self.delivery.zone)

    def evening(self, day: int) -> datetime:
        """After work."""
        return self.at(day, self.chance.randrange(18, 23))


def go(delivery: Delivery, tasks: Sequence[Task], seat: Seat) -> Way:
    """The way of a person through a cohort."""
    chance = dice("way", delivery.code, seat.person.email)
    enrolled = local(delivery.starts_on - timedelta(days=chance.randrange(4, 26)), time(chance.randrange(8, 21), 15), delivery.zone)
    way = Way(enrolled)
    last, final = _reach(chance, seat)
    skill = min(93.0, chance.gauss(79, 7))
    for number in range(1, last + 1):
        week = _Week(delivery, number, chance)
        mine = [task for task in tasks if task.part.week == number]
        _read(way, week, mine, seat.ending == "completed")
        for task in mine:
            if task.is_exercise and not (seat.ending == "withdrawn" and number == last):
                turns = _work(week, skill, seat, final if number == 6 else None)
                way.turns[task.activity_id] = turns
                way.seen[task.activity_id] = turns[0].begun_at
    if seat.ending == "withdrawn":
        way.withdrawn_at = _Week(delivery, last, chance).at(4, 9)
    return way


def _reach(chance: random.Random, seat: Seat) -> tuple[int, str]:
    """The last week in which the person does something, and whether the last exercise is passed."""
    if seat.ending == "withdrawn":
        return chance.randrange(1, 4), ""
    if seat.ending == "failed":
        return (6, "failed") if chance.random() < 0.35 else (chance.randrange(2, 6), "")
    if seat.ending == "active" and not seat.person.signs_in and chance.random() < QUIET:
        return 1, ""
    return 6, "passed"


def _read(way: Way, week: _Week, tasks: Sequence[Task], is_thorough: bool) -> None:
    """Pages and cases on one or two evenings; what is not required by some."""
    at = week.evening(week.chance.randrange(0, 3))
    for task in tasks:
        is_left_out = week.chance.random() > (0.95 if task.is_required else 0.6) and not (is_thorough and task.is_required)
        if task.is_exercise or is_left_out:
            continue
        way.seen[task.activity_id] = at
        at += timedelta(minutes=task.part.facts["minutes"] + week.chance.randrange(2, 15))


def _work(week: _Week, skill: float, seat: Seat, final: str | None) -> tuple[Turn, ...]:
    chance = week.chance
    points = round(max(38, min(98, chance.gauss(skill, 7))))
    if final == "passed":
        points = max(points, PASS + 2)
    elif final == "failed":
        points = chance.randrange(36, PASS - 2)
    elif chance.random() < AGAIN and seat.ending != "failed":
        return _twice(week, points)
    day = chance.randrange(7, 9) if chance.random() < LATE else chance.randrange(4, 7)
    # In a cohort that runs, the tutor has caught up with the first week and is behind with the others.
    lag = chance.randrange(5, 12) if seat.ending == "active" and week.number > 1 else chance.randrange(1, 5)
    return (_turn(week, day - chance.randrange(1, 4), day, day + lag, points),)


def _turn(week: _Week, begun: int, handed_in: int, marked: int, points: int) -> Turn:
    """Days as of the week; handed in on an evening, marked on another, released within two days."""
    marked_at = week.evening(marked)
    released_at = marked_at + timedelta(hours=week.chance.randrange(8, 40))
    return Turn(week.evening(begun), week.evening(handed_in), marked_at, released_at, points)


def _twice(week: _Week, points: int) -> tuple[Turn, ...]:
    first = _turn(week, 1, 2, 3, week.chance.randrange(42, PASS - 1))
    marked = week.evening(8)
    return (
        replace(first, released_at=first.marked_at + timedelta(minutes=20)),
        Turn(week.evening(5), week.evening(6), marked, marked, max(points, PASS + 3)),
    )


def stage(way: Way, tasks: Sequence[Task], person: Invented, now: datetime, opens_at: datetime) -> None:
    """Let the two trainees who sign in find something of everything, on whatever day of the third week that is.

    `opens_at` is when that week began. The one who writes in Spanish has the second exercise back and a draft of the third; the other's
    second still waits.
    """
    is_ahead = person.language == "es"
    second, third = (next(t.activity_id for t in tasks if t.is_exercise and t.part.week == week) for week in (2, 3))
    later = now + timedelta(days=5)
    handed_in = opens_at - timedelta(days=2, hours=4)
    back = opens_at - timedelta(hours=14)
    begun = opens_at + (now - opens_at) / 2
    turn = Turn(handed_in - timedelta(days=1), handed_in, back - timedelta(hours=20), back, 88)
    way.turns[second] = (turn,) if is_ahead else (replace(turn, marked_at=later, released_at=later),)
    way.turns[third] = (Turn(begun if is_ahead else later, later, later, later, 80),)
    for task in tasks:
        if task.part.week < 3:
            way.seen.setdefault(task.activity_id, turn.begun_at)
    way.seen[second], way.seen[third] = turn.begun_at, begun
