"""What the search of the site finds of courses: those of the catalogue, what a trainee may read, and cohorts for their staff."""

from lms.courses import catalogue, learning, queries
from lms.kernel import i18n
from lms.kernel.database import ReadSession
from lms.kernel.finding import Hit, Search
from lms.kernel.i18n import N_
from lms.kernel.permissions import PUBLIC, Actor
from lms.kernel.text import fold


def courses(session: ReadSession, _actor: Actor, words: str, most: int) -> list[Hit]:
    """Courses of the catalogue."""
    cards, _next = catalogue.catalogue(session, catalogue.Wanted(q=words), i18n.locale(), limit=most)
    return [Hit(card.title, f"/courses/{card.code}", card.topic, card.language) for card in cards]


def activities(session: ReadSession, actor: Actor, words: str, most: int) -> list[Hit]:
    """Modules and activities that are open to a trainee, by their titles."""
    wanted = fold(words).split()
    found = []
    for cohort in learning.mine(session, actor.id or 0, sorted(actor.reach("courses.learn").cohorts)):
        for part in cohort.parts:
            for item in part.items if part.is_open else ():
                text = fold(f"{item.title} {part.title}")
                if all(word in text for word in wanted):
                    found.append(Hit(item.title, f"/learn/{cohort.code}/{item.id}", f"{part.title} · {cohort.title}"))
    return found[:most]


def cohorts(session: ReadSession, actor: Actor, words: str, most: int) -> list[Hit]:
    """Cohorts that staff or a tutor looks after."""
    cards, _next = queries.staff_cohorts(session, actor.reach("courses.adapt"), i18n.locale(), words, limit=most)
    return [Hit(card.title, f"/staff/cohorts/{card.code}", card.code, card.language) for card in cards]


SEARCHES = (
    Search("activities", N_("In your courses"), activities, "courses.learn", 10),
    Search("cohorts", N_("Cohorts you look after"), cohorts, "courses.adapt", 20, "/staff/cohorts"),
    Search("courses", N_("Courses"), courses, PUBLIC, 30, "/"),
)
