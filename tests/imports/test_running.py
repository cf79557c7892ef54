"""How a file comes in: judged row by row, whole or in batches, and nothing half done."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from lms.accounts.importing_people import importer
from lms.imports.running import Task, bring_in
from lms.kernel.csvio import read
from lms.kernel.permissions import SYSTEM
from tests.imports.shell import table
from tests.imports.stories import people, runs

WRONG = "UPDATE person SET given_name = '', family_name = '' WHERE email = 'wrong@x.org'"


def rows(*names):
    """A file of people, as it is read."""
    content = table("email,given_name", *((f"{name}@x.org", name) for name in names))
    return read(content, importer.known, importer.required)


def taking(act):
    """The importer, with something that happens after each piece."""

    def take(session, actor, piece, mode):
        outcomes = list(importer.take(session, actor, piece, mode))
        act(session, [row.cells["given_name"] for row in piece])
        return outcomes

    return replace(importer, take=take)


def test_what_the_database_alone_refuses_stops_no_other_row(campus):
    asked = []

    def act(session, names):
        asked.append(len(names))
        session.execute(text(WRONG))  # breaks a rule of the table where this person is among them

    told = []
    done = bring_in(campus.database, Task(taking(act), SYSTEM), rows("a", "wrong", "c"), lambda line, outcome: told.append(outcome))
    assert done.counts.as_json() == {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1}
    assert asked == [3, 1, 1, 1]
    assert [outcome.result for outcome in told] == ["created", "rejected", "created"]
    assert "The database refused this row" in str(told[1].faults[0].reason)
    assert set(people(campus)) == {"a@x.org", "c@x.org"}


class Stumble(Exception):
    """Something that nobody foresaw."""


def stumbling(session, names):
    if "e" in names:
        raise Stumble


def test_what_nobody_foresaw_leaves_nothing_of_a_file(campus):
    with pytest.raises(Stumble):
        bring_in(campus.database, Task(taking(stumbling), SYSTEM), rows(*"abcdef"))
    assert not people(campus)
    assert not runs(campus)


def test_in_batches_it_leaves_those_before_and_says_so(campus):
    with pytest.raises(Stumble):
        bring_in(campus.database, Task(taking(stumbling), SYSTEM, batch=2), rows(*"abcdef"))
    assert sorted(people(campus)) == ["a@x.org", "b@x.org", "c@x.org", "d@x.org"]
    (run,) = runs(campus)
    assert (run.state, run.created, run.error) == ("failed", 4, "Stumble")


def test_a_dry_run_in_batches_changes_nothing(campus):
    done = bring_in(campus.database, Task(importer, SYSTEM, batch=2, dry_run=True), rows(*"abcde", "a"))
    assert (done.counts.created, done.counts.unchanged, done.run_id) == (5, 1, 0)
    assert not people(campus)
    assert not runs(campus)


def test_rows_are_told_in_the_order_of_the_file(campus):
    content = b"email,given_name\na@x.org,A\nbroken,B\na@x.org,A\n,C\nd@x.org,D\na@x.org,other\n"
    told = []
    bring_in(
        campus.database,
        Task(importer, SYSTEM),
        read(content, importer.known),
        lambda line, outcome: told.append((line.number, outcome.result)),
    )
    assert told == [(2, "created"), (3, "rejected"), (4, "unchanged"), (5, "rejected"), (6, "created"), (7, "rejected")]


def test_a_long_file_is_read_while_it_comes_in(campus):
    """Memory stays flat: no more is read ahead than a piece."""
    small = replace(importer, piece=10)
    long = rows(*(f"p{number}" for number in range(100)))
    taken: list[int] = []
    ahead: list[int] = []

    def counted():
        for line in long:
            taken.append(line.number)
            yield line

    def told(line, outcome):
        ahead.append(len(taken) - len(ahead))

    bring_in(campus.database, Task(small, SYSTEM), replace(long, rows=counted()), told)
    assert len(ahead) == 100
    assert max(ahead) <= 10
