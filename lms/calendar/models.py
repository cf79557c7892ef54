"""The table of calendar addresses."""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Integer
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime


class CalendarFeed(Row, table=True):
    """The address at which calendars may read a person's dates. Its secret part is derived from `handle` and kept nowhere."""

    __tablename__ = "calendar_feed"
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    handle: str = Field(unique=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
