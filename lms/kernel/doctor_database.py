"""The database under examination: is it reachable, at its newest state, set up as it must be, and are its jobs being done?"""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from sqlalchemy import func, select, text

from lms.kernel import clock, migrations
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.job_table import UNFINISHED, database_time, job

Line = tuple[str, Literal["ok", "warn", "FAIL"], str, str]
"""Name, level, what was found, what to do."""
SKEW = timedelta(seconds=2)
LATE = timedelta(minutes=5)
SPARE = 20
"""Connections that should be left for backups and for whoever looks after the server."""


def examine(campus: Campus) -> Iterator[Line]:
    """Every line about the database. Raises what the driver raises where it cannot be reached."""
    where = campus.database.engine.url.render_as_string(hide_password=True)
    with campus.database.reading() as session:
        version = session.scalar(text("SELECT sqlite_version()" if session.dialect == "sqlite" else "SHOW server_version"))
        yield "database", "ok", f"{where}, version {version}", ""
        yield _schema(campus)
        yield from _sqlite(session) if session.dialect == "sqlite" else _postgresql(session, campus)
        yield _clock(session)
        if not migrations.is_behind(campus):
            yield from _jobs(session)


def _schema(campus: Campus) -> Line:
    if migrations.is_behind(campus):
        return "migrations", "FAIL", "the database is not at the newest state", "Run: lms migrate"
    if migrations.is_ahead(campus):
        return "migrations", "warn", "a newer version has been here", "Bring this installation to that version too"
    return "migrations", "ok", " ".join(f"{table}={head}" for table, head in migrations.heads(campus).items()), ""


def _sqlite(session: ReadSession) -> Iterator[Line]:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2}
    found = {name: session.scalar(text(f"PRAGMA {name}")) for name in wanted}
    wrong = {name: value for name, value in found.items() if value != wanted[name]}
    if wrong:
        yield "sqlite", "FAIL", f"{wrong} instead of {wanted}", "Keep the file on a disk of this machine, not on a network drive"
    else:
        yield "sqlite", "ok", "write-ahead log, foreign keys, every commit on the disk", ""
    if dangling := len(session.execute(text("PRAGMA foreign_key_check")).all()):
        yield "references", "FAIL", f"{dangling} rows refer to something that is gone", "Restore a backup: something else wrote to the file"


def _postgresql(session: ReadSession, campus: Campus) -> Iterator[Line]:
    if (number := int(session.scalar(text("SHOW server_version_num")))) < 130000:
        yield "postgresql", "FAIL", f"version {number // 10000}", "Use PostgreSQL 13 or newer"
    if (encoding := session.scalar(text("SHOW server_encoding"))) != "UTF8":
        yield "encoding", "FAIL", encoding, "Make the database anew with ENCODING 'UTF8', and restore a backup into it"
    most, used = int(session.scalar(text("SHOW max_connections"))), session.scalar(text("SELECT count(*) FROM pg_stat_activity"))
    each = (campus.settings.threads or 4) + 4  # its threads, and those that commit; a worker takes as many
    found = f"{used} of {most} in use; a process takes about {each}, so {max(0, most - SPARE) // each} fit"
    yield "connections", "ok" if used < most - SPARE else "warn", found, "" if used < most - SPARE else "Raise max_connections"
    if session.scalar(text("SHOW fsync")) == "off" or session.scalar(text("SHOW synchronous_commit")) == "off":
        yield "postgresql", "warn", "commits are not forced to the disk", "Set fsync and synchronous_commit to on: a power cut loses work"


def _clock(session: ReadSession) -> Line:
    before = time.time()
    told = session.scalar(select(database_time()))
    skew = abs(told.timestamp() - (before + time.time()) / 2)
    found = f"differs from the database's by {skew:.1f} s"
    if skew > SKEW.total_seconds():
        return "clock", "warn", found, "Keep both machines' clocks right by NTP: deadlines are read from this one"
    return "clock", "ok", found, ""


def _jobs(session: ReadSession) -> Iterator[Line]:
    now = clock.now()
    lost = (job.c.state == "running") & (job.c.lease_until < database_time())
    waiting = (job.c.state == "queued") & (job.c.run_at < now)
    count, abandoned = (session.scalar(select(func.count()).where(UNFINISHED, which)) for which in (waiting, lost))
    oldest = session.scalar(select(func.min(job.c.run_at)).where(UNFINISHED, waiting))
    late = now - oldest if oldest else timedelta()
    if late > LATE or abandoned:
        found = f"{count} wait, the oldest for {late.total_seconds() / 60:.0f} minutes; {abandoned} were left in the middle"
        yield "jobs", "FAIL" if late > 12 * LATE else "warn", found, "Start a worker, or one more: lms worker"
    else:
        yield "jobs", "ok", f"{count} wait", ""
    yield from _workers(session)
    failed = session.scalar(select(func.count()).where(job.c.state == "failed", job.c.finished_at > now - timedelta(days=1)))
    if failed:
        yield "failed jobs", "warn", f"{failed} since yesterday", "See the reasons in the table `job`, and the log of the worker"


def _workers(session: ReadSession) -> Iterator[Line]:
    """On PostgreSQL workers leave a sign of life; on SQLite the server starts its own."""
    if session.dialect == "sqlite":
        return
    alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute'"
    number = session.scalar(text(alive))
    yield "workers", "ok" if number else "warn", f"{number} alive", "" if number else "Start one: lms worker"
