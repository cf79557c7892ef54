"""Prompts and entries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "journal_prompt",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("remind_after", sa.Integer(), nullable=False),
        sa.CheckConstraint("remind_after BETWEEN 0 AND 365", name=op.f("ck_journal_prompt_days_of_a_year")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_journal_prompt_activity_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_journal_prompt")),
    )
    op.create_table(
        "journal_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("intention", sa.String(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("intention IN ('yes', 'perhaps', 'no')", name=op.f("ck_journal_entry_intention_known")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_journal_entry_activity_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_journal_entry_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_journal_entry_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("activity_id", "person_id", name=op.f("uq_journal_entry_activity_id_person_id")),
    )
    for column in ("activity_id", "cohort_id", "person_id"):
        op.create_index(op.f(f"ix_journal_entry_{column}"), "journal_entry", [column])


def downgrade() -> None:
    """Go back from it."""
    op.drop_table("journal_entry")
    op.drop_table("journal_prompt")
