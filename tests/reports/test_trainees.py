"""The figures of the report `trainees` are those that a person with pencil and paper would find."""

import itertools
from datetime import date

import pytest
from sqlalchemy import event, text

from lms.kernel import i18n
from lms.kernel.permissions import SYSTEM
from lms.reports.asking import ask
from lms.reports.gathering import datasets
from lms.reports.questions import Question
from lms.reports.refusals import FirstDayIsLater, NotACondition, UnknownDimension, UnknownReport, UnknownValue
from tests.reports.seeding import DIMENSIONS, MEASURES, above, count, count_by, seed


def answer(campus, *by, where=(), since=None, until=None, actor=SYSTEM):
    with campus.database.reading() as session:
        return ask(session, actor, datasets(campus.plugins), Question.read("trainees", by, where, since, until))


def table(found):
    return {line.codes: line.figures for line in found.lines}


def test_every_dimension_and_every_pair_counts_as_by_hand(campus):
    seeded = seed(campus)
    for by in [(), *itertools.combinations(DIMENSIONS, 1), *itertools.permutations(DIMENSIONS, 2)]:
        found = answer(campus, *by)
        assert table(found) == (count_by(seeded.facts, by) if by else {}), by
        assert found.total == count(seeded.facts)


def test_measures_come_all_and_in_order(campus):
    assert tuple(measure.name for measure in answer(campus).measures) == MEASURES
    assert tuple(dimension.name for dimension in answer(campus).dataset.dimensions) == DIMENSIONS


def test_somebody_in_several_cohorts_is_one_trainee_and_several_participations(campus):
    seeded = seed(campus, people=5, enrolments=30)
    found = answer(campus, "cohort")
    assert found.total[:2] == (5, 30)
    assert sum(line.figures[0] for line in found.lines) == len({(fact.person, fact.codes["cohort"]) for fact in seeded.facts}) == 30


def test_an_empty_campus_has_a_total_of_nothing(campus):
    found = answer(campus, "region")
    assert found.lines == ()
    assert found.total == (0, 0, 0, 0, 0, 0, None, 0)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_conditions_on_one_dimension_are_alternatives_and_those_on_several_hold_together(campus, number):
    seeded = seed(campus, number)
    where = ["gender=female", "gender=other", "country=PE", "country=unknown", "status=completed"]
    wanted = seeded.where(
        lambda f: f.codes["gender"] in ("female", "other") and f.codes["country"] in ("PE", "unknown") and f.codes["status"] == "completed"
    )
    found = answer(campus, "course", "year", where=where)
    assert table(found) == count_by(wanted, ("course", "year"))
    assert found.total == count(wanted)


@pytest.mark.parametrize("region", ["001", "002", "019", "419", "005", "014"])
def test_a_region_covers_its_parts_unless_exactly_this_one_is_meant(campus, region):
    seeded = seed(campus)
    wide = seeded.where(lambda f: f.codes["region"] != "unknown" and region in above(f.codes["region"]))
    assert answer(campus, "country", where=[f"region={region}"]).total == count(wide)
    exact = seeded.where(lambda f: f.codes["region"] == region)
    assert answer(campus, "country", where=[f"region=={region}"]).total == count(exact)
    mixed = seeded.where(lambda f: f.codes["region"] == "unknown" or region in above(f.codes["region"]))
    assert answer(campus, where=[f"region={region}", "region=unknown"]).total == count(mixed)


def test_every_value_of_every_dimension_can_be_asked_for(campus):
    seeded = seed(campus)
    for dimension in DIMENSIONS[1:]:
        for value in {fact.codes[dimension] for fact in seeded.facts}:
            found = answer(campus, where=[f"{dimension}={value}"])
            assert found.total == count([fact for fact in seeded.facts if fact.codes[dimension] == value]), value


@pytest.mark.parametrize(
    ("since", "until"), [(date(2011, 1, 1), None), (None, date(2011, 6, 30)), (date(2011, 12, 31), date(2012, 12, 31))]
)
def test_a_period_counts_its_first_and_its_last_day(campus, since, until):
    seeded = seed(campus)
    wanted = seeded.where(lambda f: (not since or f.day >= since) and (not until or f.day <= until))
    found = answer(campus, "year", since=since, until=until)
    assert 0 < len(wanted) < len(seeded.facts)
    assert table(found) == count_by(wanted, ["year"])


def test_years_and_days_are_those_of_utc_whatever_the_clock_of_the_database(campus):
    seeded = seed(campus)
    with campus.database.reading() as session:
        if session.dialect == "postgresql":
            session.execute(text("SET TIME ZONE 'Pacific/Auckland'"))
        found = ask(session, SYSTEM, datasets(campus.plugins), Question.read("trainees", ["year"], since=date(2012, 1, 1)))
    assert table(found) == count_by(seeded.where(lambda f: f.day >= date(2012, 1, 1)), ["year"])


def test_rows_are_in_the_order_of_their_codes_and_those_without_a_value_come_last(campus):
    seed(campus)
    codes = [line.codes[0] for line in answer(campus, "country").lines]
    assert codes == [*sorted(code for code in codes if code != "unknown"), "unknown"]


def test_a_report_is_one_query_and_one_for_the_names_that_the_database_knows(campus):
    seed(campus)
    statements: list[str] = []
    event.listen(campus.database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: statements.append(statement))

    def asked(*by, **more):
        statements.clear()
        answer(campus, *by, **more)
        return len(statements)

    assert asked() == asked("gender") == asked("country") == asked("year", "status") == asked("organisation_type", "language") == 1
    assert asked("region") == asked("course") == asked("cohort", "gender") == 2
    assert asked("region", "course") == 3
    assert asked("gender", where=["country=PE", "gender=male", "status=active"], since=date(2011, 1, 1)) == 1
    assert asked("gender", where=["region=002", "region=419"]) == 2


def test_names_are_in_the_language_in_force(campus):
    seed(campus)
    with i18n.using("es"):
        names = {line.codes[0]: line.names[0] for line in answer(campus, "country").lines}
        regions = {line.codes[0]: line.names[0] for line in answer(campus, "region").lines}
        courses = {line.codes[0]: line.names[0] for line in answer(campus, "course").lines}
        languages = {line.codes[0]: line.names[0] for line in answer(campus, "language").lines}
    assert (names["PE"], names["KE"]) == ("Perú", "Kenia")
    assert (regions["005"], regions["014"]) == ("Sudamérica", "África oriental")
    assert courses["ALFA-1"] == "Curso ALFA 1"
    assert languages["fr"] == "francés"
    assert {line.codes[0]: line.names[0] for line in answer(campus, "course").lines}["ALFA-1"] == "Course 1"


@pytest.mark.parametrize(
    ("by", "where", "refusal", "says"),
    [
        (["colour"], [], UnknownDimension, "region, macroregion, country"),
        ([], ["colour=red"], UnknownDimension, "region, macroregion, country"),
        ([], ["country=XX"], UnknownValue, "AR, HT, IN, KE, MX, NG, PE, unknown"),
        ([], ["region=nowhere"], UnknownValue, "005"),
        ([], ["gender=woman"], UnknownValue, "female, male, other, undisclosed"),
        ([], ["course=GAMMA"], UnknownValue, "ALFA-0, ALFA-1"),
        ([], ["year=1999"], UnknownValue, "2011"),
        ([], ["country"], NotACondition, "dimension=value"),
        ([], ["country="], NotACondition, "dimension=value"),
        ([], ["country=P\0E"], NotACondition, "dimension=value"),
    ],
)
def test_what_is_not_there_is_refused_with_the_list_of_what_is(campus, by, where, refusal, says):
    seed(campus)
    with pytest.raises(refusal) as refused:
        answer(campus, *by, where=where)
    assert says in refused.value.sentence()


def test_a_report_that_is_not_there_is_refused_with_the_list_of_reports(campus):
    with campus.database.reading() as session, pytest.raises(UnknownReport) as refused:
        ask(session, SYSTEM, datasets(campus.plugins), Question("trainee"))
    assert "trainees" in refused.value.sentence()


def test_a_known_place_where_nobody_is_from_is_an_empty_report(campus):
    seed(campus)
    assert answer(campus, "country", where=["country=NZ"]).lines == ()
    assert answer(campus, "country", where=["region=053"]).total[0] == 0


def test_a_period_that_ends_before_it_begins_is_refused():
    with pytest.raises(FirstDayIsLater):
        Question.read("trainees", since=date(2012, 1, 2), until=date(2012, 1, 1))
