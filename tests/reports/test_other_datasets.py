"""Reports know nothing of trainees: any plugin may publish a dataset, or add a measure to one."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, func, insert
from starlette.testclient import TestClient

from lms.app import create_app
from lms.kernel.campus import Campus
from lms.kernel.datasets import Dataset, Dimension, Measure, MeasureAddition
from lms.kernel.permissions import SYSTEM, Actor, Grant, Permission
from lms.plugin import Plugin, PluginError, Plugins, discover
from lms.reports import exporting
from lms.reports.asking import ask
from lms.reports.gathering import datasets, open_to
from lms.reports.questions import Question
from lms.reports.refusals import HasNoDate
from tests.conftest import ADDRESS
from tests.factories import make_person, sign_in

PLOTS = Table("garden_plot", MetaData(), Column("id", Integer, primary_key=True), Column("crop", String), Column("kilos", Integer),
              Column("sown_on", Date))  # fmt: skip
HARVEST = Dataset(
    name="harvest",
    title="Harvest",
    source=PLOTS,
    permission="gardens.count",
    dimensions=(Dimension("crop", "Crop", PLOTS.c.crop),),
    measures=(
        Measure("plots", "Plots", func.count()),
        Measure("kilos", "Kilos", func.sum(PLOTS.c.kilos)),
        Measure("yield", "Kilos per plot", ratio=("kilos", "plots")),
    ),
    date=PLOTS.c.sown_on,
)


def plugin_with(*sets, **more):
    return Plugin(name="gardens", permissions=(Permission("gardens.count", "Count gardens", ("reporter",)),), datasets=sets, **more)


@pytest.fixture
def gardens(campus):
    """The campus with a plugin of somebody else's."""
    extended = Campus.open(campus.settings, Plugins([*campus.plugins, plugin_with(HARVEST)]))
    PLOTS.create(extended.database.engine)
    rows = [
        ("maize", 10, date(2012, 1, 1)),
        ("maize", 14, date(2012, 12, 31)),
        ("beans", None, date(2013, 1, 1)),
        ("", 3, None),
        (None, 4, None),
    ]
    with extended.database.transaction() as session:
        session.execute(insert(PLOTS), [dict(zip(("crop", "kilos", "sown_on"), row, strict=True)) for row in rows])
    yield extended
    extended.close()


def asked(campus, question, actor=SYSTEM):
    with campus.database.reading() as session:
        return ask(session, actor, datasets(campus.plugins), question)


def test_another_dataset_is_counted_like_ours(gardens):
    found = asked(gardens, Question("harvest", ("crop",)))
    assert [(line.names, line.figures[:2]) for line in found.lines] == [
        (("beans",), (1, None)),
        (("maize",), (2, 24)),
        (("Unknown",), (2, 7)),
    ]
    assert [str(figure) for figure in found.total] == ["5", "31", "6.2000"]
    assert b"maize,maize,2,24,12.0000" in b"".join(exporting.as_csv(found))


def test_its_days_are_days(gardens):
    assert asked(gardens, Question("harvest", since=date(2012, 1, 1), until=date(2012, 12, 31))).total[:2] == (2, 24)
    undated = plugin_with(replace(HARVEST, date=None))
    with gardens.database.reading() as session, pytest.raises(HasNoDate):
        ask(session, SYSTEM, datasets(Plugins([undated])), Question("harvest", since=date(2012, 1, 1)))


def test_its_own_permission_decides_and_without_a_scope_a_part_of_the_campus_sees_none_of_it(gardens):
    registry = gardens.permissions
    known = datasets(gardens.plugins)
    assert [d.name for d in open_to(known, Actor(1, "", grants=(Grant("reporter", "site", 0),), registry=registry))] == [
        "trainees",
        "harvest",
    ]
    assert [d.name for d in open_to(known, Actor(1, "", grants=(Grant("staff", "site", 0),), registry=registry))] == ["trainees"]
    of_a_course = Actor(1, "", grants=(Grant("reporter", "course", 1),), registry=registry)
    assert asked(gardens, Question("harvest", ("crop",)), of_a_course).total[0] == 0


def test_it_has_its_page(gardens):
    with TestClient(create_app(gardens), base_url=ADDRESS) as browser:
        sign_in(browser, gardens, make_person(gardens, "reporter"))
        assert "Harvest" in browser.get("/reports").text
        page = browser.get("/reports/harvest")
        assert page.status_code == 200
        assert "Harvest by crop" in page.text
        assert "maize" in page.text
        assert browser.get("/reports/harvest/definitions").status_code == 200
        assert browser.get("/reports/harvest/export.xlsx").status_code == 200


def test_a_measure_is_added_once_and_only_where_its_dataset_is(campus):
    named = MeasureAddition("harvest", Measure("plots", "Plots", func.count()), PLOTS.alias(), PLOTS.c.id == PLOTS.c.id)
    with pytest.raises(PluginError, match="exists already"):
        datasets(Plugins([plugin_with(HARVEST, dataset_measures=(named,))]))
    assert datasets(Plugins([plugin_with(dataset_measures=(named,))])) == {}


def test_what_publishes_figures_does_without_those_who_show_them():
    assert "trainees" in datasets(discover(["accounts", "courses", "enrollment"]))
