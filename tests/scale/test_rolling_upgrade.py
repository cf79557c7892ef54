"""A new version takes over while people go on working: nobody is answered an error, and nothing that was acknowledged is missing."""

import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx2 import Client
from sqlalchemy import create_engine, text

from tests.conftest import PostgresServer
from tests.scale.fleet import Fleet, Member, ready, until


@dataclass
class Crowd:
    """People who ask and send, one after the other at whichever servers are in use, as a proxy would spread them."""

    in_use: list[Member]
    token: str
    acknowledged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    served: Counter[int] = field(default_factory=Counter)
    asking: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    turn: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, person: int) -> None:
        """One person, until it is over."""
        for number in itertools.count():
            if self.over.wait(0.05):  # they leave something of the machine to the versions that start
                return
            with self.lock:
                member = self.in_use[next(self.turn) % len(self.in_use)]
                self.asking[member.address] += 1
            try:
                self._visit(member, f"{person}/{number}")
            except Exception as error:  # whatever it is, it is what this test is about
                self.wrong.append(f"{member.address}: {type(error).__name__}: {error}")
            with self.lock:
                self.asking[member.address] -= 1

    def _visit(self, member: Member, name: str) -> None:
        with Client(timeout=30, cookies={"visitor": "a-visitor"}) as browser:
            sent = browser.post(f"{member.address}/orchard", data={"csrf_token": self.token, "name": name})
            if sent.status_code == 201:
                self.acknowledged.append(name)
            answers = [sent, browser.get(f"{member.address}/orchard"), browser.get(f"{member.address}/")]
        self.wrong += [f"{answer.url}: {answer.status_code}" for answer in answers if answer.status_code not in (200, 201)]
        if answers[1].status_code == 200:
            self.served[answers[1].json()["version"]] += 1

    def leave(self, member: Member) -> None:
        """Send nobody there any more, and wait for those who are being answered."""
        with self.lock:
            self.in_use = [other for other in self.in_use if other is not member]
        until(lambda: not self.asking[member.address])

    def goes_on(self, version: int, times: int = 10) -> None:
        """Wait until that version has served so many more."""
        before = self.served[version]
        until(lambda: self.served[version] >= before + times)


@contextmanager
def crowd(member: Member, people: int = 2) -> Iterator[Crowd]:
    """So many people at work. After the block nobody may have been answered an error."""
    with Client(cookies={"visitor": "a-visitor"}) as browser:
        found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{member.address}/sign-in").text)
    assert found
    made = Crowd([member], found[1])
    threads = [threading.Thread(target=made.ask, args=(person,)) for person in range(people)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.over.set()
        for thread in threads:
            thread.join()
    assert made.wrong == []


@pytest.mark.postgres
def test_a_new_version_takes_over_while_people_work(postgres: PostgresServer, migrated_postgres: str, tmp_path: Path) -> None:
    name = postgres.make(migrated_postgres)
    engine = create_engine(postgres.address(name))
    shared = {"storage_url": f"file://{tmp_path / 'files'}", "secret_key": "the same for all", "base_url": "http://127.0.0.1"}
    fleet = Fleet(tmp_path, database_url=postgres.address(name), **shared)
    try:
        fleet.run("migrate")
        old = ready(fleet.serve())
        with crowd(old) as people:
            people.goes_on(1)
            with engine.connect() as reader:  # a report that takes a while holds the table as migrating begins
                reader.execute(text("SELECT count(*) FROM orchard_pear")).scalar()
                migrating = threading.Thread(target=fleet.run, args=("migrate",), kwargs={"version": "after"})
                migrating.start()
                until(lambda: _is_waiting(engine))
                people.goes_on(1, 5)
            migrating.join()
            assert _columns(engine) == {"id", "name", "process", "colour"}
            people.goes_on(1)
            ready(old)  # the database is further than it knows, which is no reason to take it away
            new = ready(fleet.serve("after"))
            people.in_use = [old, new]
            people.goes_on(2)
            people.leave(old)
            assert old.process.poll() is None, old.log.read_text()
            old.stop()
            people.goes_on(2)
        fleet.run("migrate", version="after")  # notices what the old version planted after the first time
        worker = fleet.work("after")
        until(lambda: not _count(engine, "colour IS NULL"))
        worker.stop()
        assert people.served[1] > 10
        assert Counter(_names(engine)) == Counter(people.acknowledged)
        assert _count(engine, "colour = CASE length(name) % 2 WHEN 1 THEN 'green' ELSE 'yellow' END") == len(people.acknowledged)
    finally:
        fleet.close()
        engine.dispose()
        postgres.drop(name)


def _is_waiting(engine) -> bool:
    with engine.connect() as connection:
        waiting = text("SELECT count(*) FROM pg_locks WHERE relation = 'orchard_pear'::regclass AND mode = 'AccessExclusiveLock'")
        return bool(connection.scalar(waiting))


def _count(engine, where: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM orchard_pear WHERE {where}"))


def _columns(engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(text("SELECT * FROM orchard_pear LIMIT 0")).keys())


def _names(engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM orchard_pear")).scalars())
