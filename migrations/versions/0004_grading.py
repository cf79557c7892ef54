"""Assignments, submissions and grades."""

import sqlalchemy as sa
from alembic import op

from lms.kernel.migrations import append_only

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


FIXED = ("id", "grade_id", "version", "points", "status", "changed_by", "changed_at")


def keep_history(dialect: str) -> list[str]:
    """SQL that makes the database refuse to change or delete the history of grades; only words about an erased person can be blanked."""
    if dialect == "postgresql":
        same = " AND ".join(f"NEW.{column} IS NOT DISTINCT FROM OLD.{column}" for column in FIXED)
        return [
            *append_only([], dialect),
            "CREATE TRIGGER grade_change_no_delete BEFORE DELETE ON grade_change FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER grade_change_no_update BEFORE UPDATE ON grade_change FOR EACH ROW WHEN (NOT ({same} AND NEW.feedback = '')) "
            "EXECUTE FUNCTION refuse_change()",
        ]
    same = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in FIXED)
    refuse = "BEGIN SELECT RAISE(ABORT, 'table grade_change is append-only'); END"
    return [
        f"CREATE TRIGGER grade_change_no_delete BEFORE DELETE ON grade_change {refuse}",
        f"CREATE TRIGGER grade_change_no_update BEFORE UPDATE ON grade_change WHEN NOT ({same} AND NEW.feedback = '') {refuse}",
    ]


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "assignment",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("pass_points", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("allow_text", sa.Boolean(), nullable=False),
        sa.Column("max_files", sa.Integer(), nullable=False),
        sa.Column("max_file_mb", sa.Integer(), nullable=False),
        sa.Column("file_types", sa.String(), nullable=False),
        sa.CheckConstraint("pass_points >= 0 AND pass_points <= points", name=op.f("ck_assignment_pass_within_points")),
        sa.CheckConstraint("points > 0", name=op.f("ck_assignment_points_positive")),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_assignment_weight_not_negative")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_assignment_activity_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_assignment")),
    )
    op.create_table(
        "grade_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("pass_points", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("points > 0", name=op.f("ck_grade_item_points_positive")),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_grade_item_weight_not_negative")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_grade_item_activity_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_grade_item_cohort_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_item")),
        sa.UniqueConstraint("activity_id", name=op.f("uq_grade_item_activity_id")),
        sa.UniqueConstraint("cohort_id", "name", name=op.f("uq_grade_item_cohort_id_name")),
    )
    op.create_index(op.f("ix_grade_item_activity_id"), "grade_item", ["activity_id"], unique=False)
    op.create_index(op.f("ix_grade_item_cohort_id"), "grade_item", ["cohort_id"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("NOT latest OR status <> 'draft'", name=op.f("ck_submission_latest_is_no_draft")),
        sa.CheckConstraint("(status = 'submitted') = (submitted_at IS NOT NULL)", name=op.f("ck_submission_submitted_has_time")),
        sa.CheckConstraint("status IN ('draft', 'submitted', 'reopened')", name=op.f("ck_submission_status_known")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_submission_activity_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_submission_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_submission_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
        sa.UniqueConstraint("activity_id", "person_id", "attempt", name=op.f("uq_submission_activity_id_person_id_attempt")),
        sa.UniqueConstraint("code", name=op.f("uq_submission_code")),
    )
    op.create_index(op.f("ix_submission_activity_id"), "submission", ["activity_id"], unique=False)
    op.create_index(op.f("ix_submission_person_id"), "submission", ["person_id"], unique=False)
    op.create_index(
        "uq_submission_latest",
        "submission",
        ["activity_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("latest"),
        postgresql_where=sa.text("latest"),
    )
    op.create_index("ix_submission_queue", "submission", ["cohort_id", "person_id", "latest", "activity_id", "submitted_at"], unique=False)
    op.create_index(
        "uq_submission_draft",
        "submission",
        ["activity_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("status = 'draft'"),
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_table(
        "grade",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grade_item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("feedback", sa.String(), nullable=False),
        sa.Column("feedback_html", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("graded_by", sa.Integer(), nullable=True),
        sa.Column("graded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'released') = (released_at IS NOT NULL)", name=op.f("ck_grade_released_has_time")),
        sa.CheckConstraint("status IN ('marked', 'released')", name=op.f("ck_grade_status_known")),
        sa.CheckConstraint("points IS NULL OR points >= 0", name=op.f("ck_grade_points_not_negative")),
        sa.ForeignKeyConstraint(["grade_item_id"], ["grade_item.id"], name=op.f("fk_grade_grade_item_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["graded_by"], ["person.id"], name=op.f("fk_grade_graded_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grade_person_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_grade_submission_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade")),
        sa.UniqueConstraint("grade_item_id", "person_id", name=op.f("uq_grade_grade_item_id_person_id")),
    )
    op.create_index(op.f("ix_grade_grade_item_id"), "grade", ["grade_item_id"], unique=False)
    op.create_index(op.f("ix_grade_graded_by"), "grade", ["graded_by"], unique=False)
    op.create_index(op.f("ix_grade_person_id"), "grade", ["person_id"], unique=False)
    op.create_index(op.f("ix_grade_submission_id"), "grade", ["submission_id"], unique=False)
    op.create_table(
        "submission_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_submission_file_file_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name=op.f("fk_submission_file_submission_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_file")),
        sa.UniqueConstraint("submission_id", "file_id", name=op.f("uq_submission_file_submission_id_file_id")),
    )
    op.create_index(op.f("ix_submission_file_file_id"), "submission_file", ["file_id"], unique=False)
    op.create_index(op.f("ix_submission_file_submission_id"), "submission_file", ["submission_id"], unique=False)
    op.create_table(
        "grade_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("grade_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("feedback", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_grade_change_changed_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["grade_id"], ["grade.id"], name=op.f("fk_grade_change_grade_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_change")),
        sa.UniqueConstraint("grade_id", "version", name=op.f("uq_grade_change_grade_id_version")),
    )
    op.create_index(op.f("ix_grade_change_changed_by"), "grade_change", ["changed_by"], unique=False)
    op.create_index(op.f("ix_grade_change_grade_id"), "grade_change", ["grade_id"], unique=False)
    for statement in keep_history(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Go back from it."""
    op.drop_index(op.f("ix_grade_change_grade_id"), table_name="grade_change")
    op.drop_index(op.f("ix_grade_change_changed_by"), table_name="grade_change")
    op.drop_table("grade_change")
    op.drop_index(op.f("ix_submission_file_submission_id"), table_name="submission_file")
    op.drop_index(op.f("ix_submission_file_file_id"), table_name="submission_file")
    op.drop_table("submission_file")
    op.drop_index(op.f("ix_grade_submission_id"), table_name="grade")
    op.drop_index(op.f("ix_grade_person_id"), table_name="grade")
    op.drop_index(op.f("ix_grade_graded_by"), table_name="grade")
    op.drop_index(op.f("ix_grade_grade_item_id"), table_name="grade")
    op.drop_table("grade")
    op.drop_index("ix_submission_queue", table_name="submission")
    op.drop_index(
        "uq_submission_draft",
        table_name="submission",
        sqlite_where=sa.text("status = 'draft'"),
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.drop_index("uq_submission_latest", table_name="submission", sqlite_where=sa.text("latest"), postgresql_where=sa.text("latest"))
    op.drop_index(op.f("ix_submission_person_id"), table_name="submission")
    op.drop_index(op.f("ix_submission_activity_id"), table_name="submission")
    op.drop_table("submission")
    op.drop_index(op.f("ix_grade_item_cohort_id"), table_name="grade_item")
    op.drop_index(op.f("ix_grade_item_activity_id"), table_name="grade_item")
    op.drop_table("grade_item")
    op.drop_table("assignment")
