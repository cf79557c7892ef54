"""Backup and restore: every table and every stored file in one archive, whatever the database.

Rows are read in one snapshot while the site runs, and written as JSON lines; so an archive of SQLite can be restored into PostgreSQL.
A manifest lists counts and checksums, and restoring proves that what came back is what was saved.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from sqlalchemy import Column, Connection, String, Table, func, insert, select, text, update
from sqlalchemy import Date as SqlDate

from lms.kernel import clock, migrations
from lms.kernel.campus import Campus
from lms.kernel.database import Points, Row, UtcDateTime
from lms.kernel.errors import NotFound, Refused
from lms.kernel.i18n import N_
from lms.kernel.storage import Storage

FORMAT = 1
MANIFEST = "manifest.json"
BATCH = 500
LEFT_OUT = ("rate_limit",)  # worth nothing an hour later


class NotEmpty(Refused):
    """Restoring into a used installation would mix two campuses."""

    message = N_("This installation holds people already. Restore into an empty one.")


class NotABackup(Refused):
    """The archive is damaged or of another kind."""

    message = N_("This file is not a backup that this version can read: {reason}")


@dataclass(frozen=True, slots=True)
class Saved:
    """What an archive holds: rows of each table, and how many files."""

    tables: dict[str, int]
    files: int
    gone: int = 0
    """Files whose bytes were gone already, such as those that were deleted while the archive was being written."""

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> "Saved":
        """What a manifest lists."""
        files = manifest["files"]
        rows = {name: entry["rows"] for name, entry in manifest["tables"].items()}
        return cls(rows, len(files), sum(digest is None for digest in files.values()))


def tables() -> list[Table]:
    """The tables of the loaded plugins, such that each comes after those it refers to."""
    return [table for table in Row.metadata.sorted_tables if table.name not in LEFT_OUT]


def save(campus: Campus, path: Path) -> Saved:
    """Write the archive, complete or not at all. Safe while the site runs: all rows are of one moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made": clock.now().isoformat(),
        "heads": migrations.heads(campus),
        "tables": {},
        "files": {},
    }
    try:
        # It holds personal data: nobody else on this machine may read it.
        with open(unfinished, "wb", opener=_private) as file, tarfile.open(fileobj=file, mode="w") as archive:
            with campus.database.snapshot() as connection:
                keys = connection.execute(text("SELECT key FROM stored_file ORDER BY key")).scalars().all()
                for table in tables():
                    manifest["tables"][table.name] = _save_table(archive, connection, table)
            for key in keys:
                manifest["files"][key] = _save_file(archive, campus.storage, key)
            _add(archive, MANIFEST, io.BytesIO(json.dumps(manifest).encode()))
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Saved.of(manifest)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _save_table(archive: tarfile.TarFile, connection: Connection, table: Table) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    with tempfile.TemporaryFile() as lines:
        for line in _lines(connection, table):
            digest.update(line)
            lines.write(line)
            count += 1
        _add(archive, f"tables/{table.name}.jsonl", lines)
    return {"rows": count, "sha256": digest.hexdigest(), "columns": [column.name for column in table.columns]}


def _lines(connection: Connection, table: Table, columns: Iterable[str] | None = None) -> Iterator[bytes]:
    """The rows as they stand in an archive, a few in memory at a time, in the same order on every database."""
    chosen = [table.columns[name] for name in columns] if columns else list(table.columns)
    order = [column.collate("C") if _sorts_by_language(connection, column) else column for column in table.primary_key]
    for row in connection.execute(select(*chosen).order_by(*order), execution_options={"yield_per": BATCH}):
        yield (json.dumps([_plain(value) for value in row], ensure_ascii=False) + "\n").encode()


def _sorts_by_language(connection: Connection, column: Column[Any]) -> bool:
    return connection.dialect.name == "postgresql" and isinstance(column.type, String)


def _save_file(archive: tarfile.TarFile, storage: Storage, key: str) -> str | None:
    """Answers the checksum; None for bytes that are gone, which the backup must not fail for."""
    with tempfile.TemporaryFile() as copy:
        digest = _digest_of_file(storage, key, copy)
        if digest:
            _add(archive, f"files/{key}", copy)
    return digest


def _digest_of_file(storage: Storage, key: str, copy: IO[bytes] | None = None) -> str | None:
    try:
        with storage.open(key) as stored:
            digest = hashlib.sha256()
            while chunk := stored.read(1 << 20):
                digest.update(chunk)
                if copy:
                    copy.write(chunk)
            return digest.hexdigest()
    except NotFound:
        return None


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = stream.seek(0, io.SEEK_END), int(clock.now().timestamp()), 0o600
    stream.seek(0)
    archive.addfile(entry, stream)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def restore(campus: Campus, path: Path) -> Saved:
    """Bring an archive into an empty installation, and prove that everything came. Raises NotEmpty, NotABackup."""
    try:
        with tarfile.open(path) as archive:
            manifest = json.load(_member(archive, MANIFEST))
            if manifest.get("format") != FORMAT:
                raise NotABackup(reason="format")
            migrations.upgrade(campus)
            if manifest["heads"] != migrations.heads(campus):
                raise NotABackup(reason="another version of the suite or of its plugins made it")
            _restore_files(archive, campus.storage, manifest["files"])
            with campus.database.engine.begin() as connection:
                _restore_rows(archive, connection, manifest["tables"])
    except (tarfile.TarError, KeyError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise NotABackup(reason=f"{type(error).__name__}: {error}") from error
    return Saved.of(manifest)


def _member(archive: tarfile.TarFile, name: str) -> BinaryIO:
    member = archive.extractfile(name)
    if member is None:
        raise NotABackup(reason=name)
    return cast(BinaryIO, member)


def _restore_files(archive: tarfile.TarFile, storage: Storage, files: dict[str, str | None]) -> None:
    for key, digest in files.items():
        if digest is None:
            continue
        # Read again from where it was written: what the storage gives back is what counts.
        if storage.restore(key, _member(archive, f"files/{key}")).sha256 != digest or _digest_of_file(storage, key) != digest:
            raise NotABackup(reason=f"files/{key}")


def _restore_rows(archive: tarfile.TarFile, connection: Connection, saved: dict[str, Any]) -> None:
    known = {table.name: table for table in tables()}
    if missing := sorted(set(saved) - set(known)):
        raise NotABackup(reason=f"no loaded plugin has the table {missing[0]}")
    if connection.scalar(select(func.count()).select_from(known["person"])):
        raise NotEmpty()
    _empty(connection, list(known.values()))
    for table in known.values():
        if table.name in saved:
            _restore_table(archive, connection, table, saved[table.name])
    for name, entry in saved.items():
        _prove(connection, known[name], entry)
    if connection.dialect.name == "postgresql":
        _move_sequences(connection, list(known.values()))


def _prove(connection: Connection, table: Table, entry: Mapping[str, Any]) -> None:
    """Write the rows down again as an archive has them, and compare."""
    digest, count = hashlib.sha256(), 0
    for line in _lines(connection, table, entry["columns"]):
        digest.update(line)
        count += 1
    if (count, digest.hexdigest()) != (entry["rows"], entry["sha256"]):
        raise NotABackup(reason=f"{table.name}: what came back differs from what was saved")


def _empty(connection: Connection, filled: list[Table]) -> None:
    """Take out what a fresh installation begins with."""
    emptied = [table for table in reversed(filled) if table.name != "audit_entry"]  # which is empty, and refuses to be emptied
    for table in emptied:  # one after the other: TRUNCATE would also ask for the tables of plugins that are not loaded
        if own := _own_references(table):
            connection.execute(update(table).values(dict.fromkeys(own)))
        connection.execute(table.delete())


def _own_references(table: Table) -> list[Column[Any]]:
    """The columns in which a row refers to another of its own table."""
    return [column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]


def _restore_table(archive: tarfile.TarFile, connection: Connection, table: Table, entry: dict[str, Any]) -> None:
    columns = [table.columns[name] for name in entry["columns"]]
    own = [column for column in _own_references(table) if column.name in entry["columns"]]
    digest, count = hashlib.sha256(), 0
    for batch in _batches(_member(archive, f"tables/{table.name}.jsonl"), digest):
        rows = [{c.name: _typed(c, value) for c, value in zip(columns, line, strict=True)} for line in batch]
        # A row may refer to one that comes later in its own table: such references are filled in afterwards.
        connection.execute(insert(table), [{**row, **{column.name: None for column in own}} for row in rows])
        count += len(rows)
    if own:
        _fill_references(archive, connection, table, columns, own)
    if digest.hexdigest() != entry["sha256"] or count != entry["rows"]:
        raise NotABackup(reason=f"tables/{table.name}.jsonl")


def _fill_references(
    archive: tarfile.TarFile, connection: Connection, table: Table, columns: list[Column[Any]], own: list[Column[Any]]
) -> None:
    (key,) = table.primary_key
    for batch in _batches(_member(archive, f"tables/{table.name}.jsonl"), hashlib.sha256()):
        for line in batch:
            row = dict(zip((column.name for column in columns), line, strict=True))
            if found := {column.name: row[column.name] for column in own if row[column.name] is not None}:
                connection.execute(update(table).where(key == row[key.name]).values(**found))


def _batches(lines: IO[bytes], digest: Any) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    for line in lines:
        digest.update(line)
        batch.append(json.loads(line))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _typed(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, SqlDate):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(column.type, Points) else value


def _move_sequences(connection: Connection, filled: list[Table]) -> None:
    """Let new rows be numbered after the restored ones."""
    for table in filled:
        if "id" in table.columns:
            last = f'SELECT coalesce(max(id), 0) + 1 FROM "{table.name}"'  # noqa: S608  # nosec B608  # the name of a table of ours
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), ({last}), false)"))
