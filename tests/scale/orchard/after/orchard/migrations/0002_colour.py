"""Colours: expand only. The version before neither reads nor writes them, so they may stay empty."""

import sqlalchemy as sa
from alembic import op

from lms.kernel.migrations import build_index

revision = "orchard_0002"
down_revision = "orchard_0001"


def upgrade() -> None:
    """Add the column, which takes no time however many rows there are, and the index, which keeps nobody waiting."""
    op.add_column("orchard_pear", sa.Column("colour", sa.String, nullable=True))
    build_index("ix_orchard_pear_colour", "orchard_pear", ["colour"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_orchard_pear_colour", "orchard_pear")
    op.drop_column("orchard_pear", "colour")
