"""A report that many open at once is counted once, and still tells what has just happened."""

from functools import partial

from sqlalchemy import update
from sqlmodel import col

from lms.enrollment.models import Enrolment
from lms.reports.remembering import MOST, Memory
from tests.factories import make_person, sign_in
from tests.reports.seeding import seed
from tests.watching import counting, words

PAGE = "/reports/trainees?by=status"


def counted(statements):
    return [statement for statement in statements if "is_total" in statement]


def test_a_second_reader_is_answered_without_counting_again(client, visit, campus):
    seed(campus)
    first, second = sign_in(client, campus, make_person(campus, "staff")), sign_in(visit(), campus, make_person(campus, "reporter"))
    with counting(campus) as statements:
        pages = [words(browser.get(PAGE)) for browser in (first, second)]
    assert len(counted(statements)) == 1
    assert all("Participations" in page for page in pages)


def test_what_has_just_changed_is_in_the_next_answer(client, campus):
    seeded = seed(campus)
    staff = sign_in(client, campus, make_person(campus, "staff"))
    before = staff.get(f"{PAGE}&where=status=failed")
    with campus.database.transaction() as session:
        session.execute(update(Enrolment).where(col(Enrolment.status) == "completed").values(status="failed", completed_at=None))
    after = staff.get(f"{PAGE}&where=status=failed")
    assert len(seeded.facts) > 1
    assert words(before) != words(after)


def test_whose_role_reaches_less_is_not_told_what_others_asked(client, visit, campus):
    seeded = seed(campus)
    everything = sign_in(client, campus, make_person(campus, "reporter")).get(PAGE)
    person = make_person(campus, "reporter", scope=("cohort", seeded.cohorts["ALFA-0-0"]))
    part = sign_in(visit(), campus, person).get(PAGE)
    assert words(everything) != words(part)


def test_only_so_many_answers_are_kept():
    memory = Memory()
    made: list[int] = []
    for number in [*range(MOST + 1), 0]:
        memory.recall(number, 0, partial(made.append, number))
    assert made.count(0) == 2
    assert len(made) == MOST + 2
