"""Enrolments and applications."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "application",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decision_note", sa.String(), nullable=False),
        sa.CheckConstraint(
            "status IN ('submitted', 'shortlisted', 'accepted', 'waitlisted', 'rejected', 'withdrawn')",
            name=op.f("ck_application_status_known"),
        ),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_application_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_application_decided_by"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_application_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("code", name=op.f("uq_application_code")),
        sa.UniqueConstraint("cohort_id", "person_id", name=op.f("uq_application_cohort_id_person_id")),
    )
    op.create_index(op.f("ix_application_cohort_id"), "application", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_application_decided_by"), "application", ["decided_by"], unique=False)
    op.create_index(op.f("ix_application_person_id"), "application", ["person_id"], unique=False)
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'withdrawn') = (place IS NULL)", name=op.f("ck_enrolment_a_place_unless_withdrawn")),
        sa.CheckConstraint("status IN ('active', 'suspended', 'completed', 'failed', 'withdrawn')", name=op.f("ck_enrolment_status_known")),
        sa.CheckConstraint("place IS NULL OR place >= 1", name=op.f("ck_enrolment_place_positive")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_enrolment_cohort_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
        sa.UniqueConstraint("cohort_id", "person_id", name=op.f("uq_enrolment_cohort_id_person_id")),
        sa.UniqueConstraint("cohort_id", "place", name=op.f("uq_enrolment_cohort_id_place")),
    )
    op.create_index(op.f("ix_enrolment_cohort_id"), "enrolment", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_enrolment_enrolled_at"), "enrolment", ["enrolled_at"], unique=False)
    op.create_index(op.f("ix_enrolment_person_id"), "enrolment", ["person_id"], unique=False)


def downgrade() -> None:
    """Go back from it."""
    op.drop_index(op.f("ix_enrolment_person_id"), table_name="enrolment")
    op.drop_index(op.f("ix_enrolment_enrolled_at"), table_name="enrolment")
    op.drop_index(op.f("ix_enrolment_cohort_id"), table_name="enrolment")
    op.drop_table("enrolment")
    op.drop_index(op.f("ix_application_person_id"), table_name="application")
    op.drop_index(op.f("ix_application_decided_by"), table_name="application")
    op.drop_index(op.f("ix_application_cohort_id"), table_name="application")
    op.drop_table("application")
