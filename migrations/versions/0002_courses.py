"""The catalogue, cohorts and what people have done in them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "topic",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
        sa.UniqueConstraint("code", name=op.f("uq_topic_code")),
    )
    op.create_table(
        "course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("description_html", sa.String(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('draft', 'published', 'archived')", name=op.f("ck_course_status_known")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_course_programme_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_course_topic_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("code", name=op.f("uq_course_code")),
    )
    op.create_index(op.f("ix_course_programme_id"), "course", ["programme_id"], unique=False)
    op.create_index(op.f("ix_course_topic_id"), "course", ["topic_id"], unique=False)
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("enrolment_method", sa.String(), nullable=False),
        sa.Column("enrol_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrol_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("weekly", sa.Boolean(), nullable=False),
        sa.Column("search_text", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("enrolment_method IN ('staff', 'self', 'application')", name=op.f("ck_cohort_method_known")),
        sa.CheckConstraint("status IN ('draft', 'published', 'closed')", name=op.f("ck_cohort_status_known")),
        sa.CheckConstraint("ends_on IS NULL OR starts_on IS NULL OR ends_on >= starts_on", name=op.f("ck_cohort_ends_after_start")),
        sa.CheckConstraint("seats IS NULL OR seats >= 0", name=op.f("ck_cohort_seats_not_negative")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_cohort_course_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_cohort_programme_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint("code", name=op.f("uq_cohort_code")),
    )
    op.create_index(op.f("ix_cohort_course_id"), "cohort", ["course_id"], unique=False)
    op.create_index(op.f("ix_cohort_programme_id"), "cohort", ["programme_id"], unique=False)
    op.create_table(
        "course_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("description_html", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_text_course_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_text")),
        sa.UniqueConstraint("course_id", "language", name=op.f("uq_course_text_course_id_language")),
    )
    op.create_index(op.f("ix_course_text_course_id"), "course_text", ["course_id"], unique=False)
    op.create_table(
        "cohort_region",
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_cohort_region_cohort_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["region_id"], ["region.id"], name=op.f("fk_cohort_region_region_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("cohort_id", "region_id", name=op.f("pk_cohort_region")),
    )
    op.create_table(
        "module",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_module_cohort_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_module_course_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["origin_id"], ["module.id"], name=op.f("fk_module_origin_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_module")),
    )
    op.create_index(op.f("ix_module_cohort_id"), "module", ["cohort_id"], unique=False)
    op.create_index("ix_module_course_cohort", "module", ["course_id", "cohort_id"], unique=False)
    op.create_index(op.f("ix_module_origin_id"), "module", ["origin_id"], unique=False)
    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("module_id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("origin_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("body_html", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("completion", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("due_day", sa.Integer(), nullable=True),
        sa.Column("cutoff_day", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cutoff_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("completion IN ('none', 'viewed', 'marked', 'submitted', 'passed')", name=op.f("ck_activity_completion_known")),
        sa.CheckConstraint("due_at IS NULL OR cutoff_at IS NULL OR cutoff_at >= due_at", name=op.f("ck_activity_cutoff_after_due")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_activity_cohort_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_activity_course_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_activity_file_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_activity_module_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["origin_id"], ["activity.id"], name=op.f("fk_activity_origin_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index(op.f("ix_activity_cohort_id"), "activity", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_activity_course_id"), "activity", ["course_id"], unique=False)
    op.create_index(op.f("ix_activity_file_id"), "activity", ["file_id"], unique=False)
    op.create_index(op.f("ix_activity_module_id"), "activity", ["module_id"], unique=False)
    op.create_index(op.f("ix_activity_origin_id"), "activity", ["origin_id"], unique=False)
    op.create_table(
        "content_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("module_id", sa.Integer(), nullable=True),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("body_html", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(module_id IS NULL) <> (activity_id IS NULL)", name=op.f("ck_content_text_one_owner")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_content_text_activity_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["module_id"], ["module.id"], name=op.f("fk_content_text_module_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_text")),
        sa.UniqueConstraint("activity_id", "language", name=op.f("uq_content_text_activity_id_language")),
        sa.UniqueConstraint("module_id", "language", name=op.f("uq_content_text_module_id_language")),
    )
    op.create_table(
        "progress",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_progress_activity_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_progress_cohort_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_progress_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "activity_id", name=op.f("pk_progress")),
    )
    op.create_index(op.f("ix_progress_cohort_id"), "progress", ["cohort_id"], unique=False)


def downgrade() -> None:
    """Go back from it."""
    op.drop_index(op.f("ix_progress_cohort_id"), table_name="progress")
    op.drop_table("progress")
    op.drop_table("content_text")
    op.drop_index(op.f("ix_activity_origin_id"), table_name="activity")
    op.drop_index(op.f("ix_activity_module_id"), table_name="activity")
    op.drop_index(op.f("ix_activity_file_id"), table_name="activity")
    op.drop_index(op.f("ix_activity_course_id"), table_name="activity")
    op.drop_index(op.f("ix_activity_cohort_id"), table_name="activity")
    op.drop_table("activity")
    op.drop_index(op.f("ix_module_origin_id"), table_name="module")
    op.drop_index("ix_module_course_cohort", table_name="module")
    op.drop_index(op.f("ix_module_cohort_id"), table_name="module")
    op.drop_table("module")
    op.drop_table("cohort_region")
    op.drop_index(op.f("ix_course_text_course_id"), table_name="course_text")
    op.drop_table("course_text")
    op.drop_index(op.f("ix_cohort_programme_id"), table_name="cohort")
    op.drop_index(op.f("ix_cohort_course_id"), table_name="cohort")
    op.drop_table("cohort")
    op.drop_index(op.f("ix_course_topic_id"), table_name="course")
    op.drop_index(op.f("ix_course_programme_id"), table_name="course")
    op.drop_table("course")
    op.drop_table("topic")
