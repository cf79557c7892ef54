"""Alembic's environment, for the suite's history and for each plugin's; `lms.kernel.migrations` hands over connection and version table."""

from alembic import context

from lms.kernel.database import Row
from lms.kernel.migrations import ours

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table=attributes["version_table"],
    target_metadata=Row.metadata,
    include_object=ours,
    render_as_batch=False,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
