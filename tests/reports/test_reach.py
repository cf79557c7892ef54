"""A person counts what her roles reach, and is not told of the rest."""

import pytest

from lms.kernel.permissions import Actor, Grant
from lms.reports.asking import ask
from lms.reports.filtering import choices
from lms.reports.gathering import datasets, open_to
from lms.reports.questions import Question
from lms.reports.refusals import NoReports, UnknownValue
from tests.reports.seeding import count, count_by, seed


def somebody(campus, *grants):
    return Actor(id=1, name="Vera", grants=tuple(Grant(*grant) for grant in grants), registry=campus.permissions)


def asked(campus, actor, *by, where=()):
    with campus.database.reading() as session:
        return ask(session, actor, datasets(campus.plugins), Question.read("trainees", by, where))


@pytest.mark.parametrize("role", ["reporter", "staff", "administrator"])
def test_a_role_for_the_site_counts_everything(campus, role):
    seeded = seed(campus)
    assert asked(campus, somebody(campus, (role, "site", 0))).total == count(seeded.facts)


def test_a_role_for_a_part_counts_that_part(campus):
    seeded = seed(campus)
    parts = [
        ("programme", seeded.programmes["ALFA"], seeded.where(lambda f: f.codes["programme"] == "ALFA")),
        ("course", seeded.courses["BETA-1"], seeded.where(lambda f: f.codes["course"] == "BETA-1")),
        ("cohort", seeded.cohorts["BETA-2-0"], seeded.where(lambda f: f.codes["cohort"] == "BETA-2-0")),
    ]
    for kind, number, facts in parts:
        found = asked(campus, somebody(campus, ("reporter", kind, number)), "cohort")
        assert found.total == count(facts)
        assert {line.codes: line.figures for line in found.lines} == count_by(facts, ["cohort"])


def test_several_roles_reach_what_each_of_them_reaches(campus):
    seeded = seed(campus)
    both = somebody(campus, ("reporter", "course", seeded.courses["ALFA-0"]), ("staff", "cohort", seeded.cohorts["BETA-2-0"]))
    wanted = seeded.where(lambda f: f.codes["course"] == "ALFA-0" or f.codes["cohort"] == "BETA-2-0")
    assert asked(campus, both).total == count(wanted)


def test_roles_without_the_right_reach_nothing(campus):
    seeded = seed(campus)
    mixed = somebody(campus, ("reporter", "cohort", seeded.cohorts["ALFA-0-0"]), ("tutor", "site", 0), ("trainee", "site", 0))
    assert asked(campus, mixed).total == count(seeded.where(lambda f: f.codes["cohort"] == "ALFA-0-0"))
    tutor = somebody(campus, ("tutor", "site", 0))
    assert open_to(datasets(campus.plugins), tutor) == []
    with pytest.raises(NoReports):
        asked(campus, tutor)


def test_a_course_out_of_reach_is_refused_like_one_that_is_not_there(campus):
    seeded = seed(campus)
    her = somebody(campus, ("reporter", "course", seeded.courses["ALFA-1"]))
    said = []
    for code in ("BETA-1", "NOTHING"):
        with pytest.raises(UnknownValue) as refused:
            asked(campus, her, where=[f"course={code}"])
        said.append(refused.value.sentence().replace(code, "…"))
    assert said[0] == said[1]
    assert "BETA" not in said[0]
    assert asked(campus, her, where=["course=ALFA-1"]).total[1] > 0
    assert asked(campus, her, where=["country=NZ"]).total[1] == 0


def test_filters_offer_only_what_is_within_reach(campus):
    seeded = seed(campus)
    her = somebody(campus, ("reporter", "course", seeded.courses["ALFA-1"]))
    dataset = datasets(campus.plugins)["trainees"]
    with campus.database.reading() as session:
        offered = choices(session, her, dataset, [d for d in dataset.dimensions if d.is_filter])
    assert offered["course"] == [("ALFA-1", "Course 1")]
    facts = seeded.where(lambda f: f.codes["course"] == "ALFA-1")
    assert [code for code, _name in offered["year"]] == sorted({fact.codes["year"] for fact in facts})
