"""Imports and what they changed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("importer", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'checking', 'checked', 'running', 'done', 'failed', 'cancelled', 'undoing', 'undone')",
            name=op.f("ck_import_run_state_known"),
        ),
        sa.CheckConstraint("mode IN ('add', 'update', 'upsert')", name=op.f("ck_import_run_mode_known")),
        sa.ForeignKeyConstraint(["started_by"], ["person.id"], name=op.f("fk_import_run_started_by"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        sa.UniqueConstraint("code", name=op.f("uq_import_run_code")),
    )
    op.create_index(op.f("ix_import_run_started_by"), "import_run", ["started_by"], unique=False)
    op.create_table(
        "import_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("identifier", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("left", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_import_change_person_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_change_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_change")),
    )
    op.create_index(op.f("ix_import_change_person_id"), "import_change", ["person_id"], unique=False)
    op.create_index("ix_import_change_run_id_id", "import_change", ["run_id", "id"], unique=False)
    op.create_table(
        "import_file",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("encoding", sa.String(), nullable=False),
        sa.Column("delimiter", sa.String(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("fixed", sa.JSON(), nullable=False),
        sa.Column("is_foreign", sa.Boolean(), nullable=False),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("done_line", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_import_file_file_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_file_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_import_file")),
    )
    op.create_index(op.f("ix_import_file_file_id"), "import_file", ["file_id"], unique=False)
    op.create_table(
        "import_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("result", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("cells", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint("result IN ('created', 'updated', 'unchanged', 'rejected')", name=op.f("ck_import_row_result_known")),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_row_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_run_id_id", "import_row", ["run_id", "id"], unique=False)
    op.create_index("ix_import_row_run_id_result_id", "import_row", ["run_id", "result", "id"], unique=False)


def downgrade() -> None:
    """Go back from it."""
    op.drop_table("import_row")
    op.drop_table("import_file")
    op.drop_table("import_change")
    op.drop_table("import_run")
