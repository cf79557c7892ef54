"""News for people, and summaries by mail with a part in HTML."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("code", name=op.f("uq_notification_code")),
        sa.UniqueConstraint("person_id", "kind", "key", name=op.f("uq_notification_person_id_kind_key")),
    )
    op.create_index(op.f("ix_notification_happened_at"), "notification", ["happened_at"], unique=False)
    op.create_index("ix_notification_person", "notification", ["person_id", "happened_at", "id"], unique=False)
    op.create_table(
        "digest_choice",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("rhythm", sa.String(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rhythm IN ('daily', 'weekly', 'never')", name=op.f("ck_digest_choice_rhythm_known")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_digest_choice_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_digest_choice")),
    )
    op.create_table(
        "digest_turn",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("was_sent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_digest_turn_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "day", name=op.f("pk_digest_turn")),
    )
    op.create_index(op.f("ix_digest_turn_done_at"), "digest_turn", ["done_at"], unique=False)
    # With a default in the database: during an upgrade the version before still writes mails, without these columns.
    op.add_column("outbox_message", sa.Column("body_html", sa.String(), nullable=False, server_default=""))
    op.add_column("outbox_message", sa.Column("unsubscribe_url", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back from it."""
    op.drop_column("outbox_message", "unsubscribe_url")
    op.drop_column("outbox_message", "body_html")
    op.drop_index(op.f("ix_digest_turn_done_at"), table_name="digest_turn")
    op.drop_table("digest_turn")
    op.drop_table("digest_choice")
    op.drop_index("ix_notification_person", table_name="notification")
    op.drop_index(op.f("ix_notification_happened_at"), table_name="notification")
    op.drop_table("notification")
