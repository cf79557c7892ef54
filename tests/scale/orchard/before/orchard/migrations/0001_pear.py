"""Pears."""

import sqlalchemy as sa
from alembic import op

revision = "orchard_0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "orchard_pear",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("orchard_pear")
