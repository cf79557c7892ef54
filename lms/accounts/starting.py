"""What an installation begins with: the regions and countries of the world, and one programme."""

from lms.accounts import places, queries
from lms.kernel.database import Session


def set_up(session: Session) -> None:
    """Put in what is missing; what a programme changed stays."""
    places.load_default_regions(session)
    queries.programme_default(session)
