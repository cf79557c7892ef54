"""Tables of files that staff gave to be imported: how each is read, and what becomes of every row, or became."""

from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, Integer
from sqlmodel import Field

from lms.kernel.database import Row, reference

RESULTS = ("created", "updated", "unchanged", "rejected")


class ImportFile(Row, table=True):
    """The file of an import that staff prepare on pages, and how it is to be read."""

    __tablename__ = "import_file"
    run_id: int = Field(sa_column=reference("import_run.id", ondelete="CASCADE", primary_key=True))
    file_id: int | None = Field(default=None, sa_column=reference("stored_file.id", ondelete="SET NULL", nullable=True))
    """Its bytes; empty once they are forgotten."""
    encoding: str = ""
    """Empty: recognised."""
    delimiter: str = ""
    """Empty: recognised."""
    columns: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Column of the file -> ours, or empty to leave it out."""
    fixed: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """Column of ours that the file has not -> its value in every row."""
    is_foreign: bool = False
    """Whether it is read as a file of another system; `columns` say nothing then."""
    locale: str = "en"
    """Of whoever gave it: reasons are written in it."""
    job_id: int | None = Field(default=None, sa_column=Column(Integer, nullable=True))
    """The work under way, or done last. No foreign key: old jobs are swept away."""
    done_line: int = 0
    """How far it was brought in: work that is begun again goes on from there."""


class ImportRow(Row, table=True):
    """What becomes of a row, as the last check or import found it: values before and after, and what is wrong with it."""

    __tablename__ = "import_row"
    __table_args__ = (
        CheckConstraint(f"result IN {RESULTS}", name="result_known"),
        Index("ix_import_row_run_id_id", "run_id", "id"),
        Index("ix_import_row_run_id_result_id", "run_id", "result", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(sa_column=reference("import_run.id", ondelete="CASCADE", index=False))
    line: int
    label: str
    """What names it: an e-mail address, a code."""
    result: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """`changes`: for each thing [[name, before, after], ...]; `faults` and `notes`: [[column, value, sentence], ...]."""
    cells: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    """Of a rejected row: as read, to be mended."""
