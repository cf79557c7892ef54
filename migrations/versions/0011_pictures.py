"""Pictures in the texts of activities."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "activity_picture",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("alt", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_activity_picture_counted_from_one")),
        sa.CheckConstraint("state <> 'ready' OR (width > 0 AND height > 0)", name=op.f("ck_activity_picture_ready_has_a_size")),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'broken')", name=op.f("ck_activity_picture_state_known")),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_activity_picture_activity_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_activity_picture_file_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_picture")),
        sa.UniqueConstraint("activity_id", "number", name=op.f("uq_activity_picture_activity_id_number")),
    )
    op.create_index(op.f("ix_activity_picture_file_id"), "activity_picture", ["file_id"], unique=False)
    op.create_table(
        "picture_size",
        sa.Column("picture_id", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_picture_size_has_a_size")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_picture_size_file_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["picture_id"], ["activity_picture.id"], name=op.f("fk_picture_size_picture_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("picture_id", "width", name=op.f("pk_picture_size")),
    )
    op.create_index(op.f("ix_picture_size_file_id"), "picture_size", ["file_id"], unique=False)


def downgrade() -> None:
    """Go back from it."""
    op.drop_index(op.f("ix_picture_size_file_id"), table_name="picture_size")
    op.drop_table("picture_size")
    op.drop_index(op.f("ix_activity_picture_file_id"), table_name="activity_picture")
    op.drop_table("activity_picture")
