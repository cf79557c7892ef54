"""Tables of imports: each file that was brought in, and every change that it made, so that it can be taken back."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

RUN_STATES = ("waiting", "checking", "checked", "running", "done", "failed", "cancelled", "undoing", "undone")
MODES = ("add", "update", "upsert")


class ImportRun(Row, table=True):
    """One file that was brought in, or is about to be."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(f"state IN {RUN_STATES}", name="state_known"),
        CheckConstraint(f"mode IN {MODES}", name="mode_known"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    importer: str
    """Name of the importer: regions, people, ..."""
    file_name: str = ""
    mode: str = "upsert"
    encoding: str = ""
    """What the file was read as: an encoding, or xlsx."""
    state: str = "running"
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    error: str = ""
    started_by: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    """Who; None: the command line, or somebody who is gone."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ImportChange(Row, table=True):
    """What a row of a file did to one stored thing. Forgotten with the person whom it is about."""

    __tablename__ = "import_change"
    __table_args__ = (Index("ix_import_change_run_id_id", "run_id", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(sa_column=reference("import_run.id", ondelete="CASCADE", index=False))
    line: int
    kind: str
    """Of the importer that made it: person, region, ..."""
    identifier: str
    person_id: int | None = Field(default=None, sa_column=reference("person.id", ondelete="SET NULL", nullable=True))
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """None: it was new."""
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    left: str | None = None
    """After undoing: why this was left alone; empty: it was taken back."""
