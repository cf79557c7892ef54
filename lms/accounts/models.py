"""Tables of people and places."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime, reference

GENDERS = ("female", "male", "other", "undisclosed")
ORGANISATION_TYPES = ("think_tank", "civil_society", "government", "university", "international", "private", "media", "other")


class Programme(Row, table=True):
    """Who runs courses and signs certificates."""

    __tablename__ = "programme"
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    signatory: str = ""
    logo_file_id: int | None = Field(default=None, sa_column=reference("stored_file.id", ondelete="SET NULL", nullable=True))
    languages: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Region(Row, table=True):
    """A node of the region tree: world > macro-region > region. `macro_id` is the node just below the world."""

    __tablename__ = "region"
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    parent_id: int | None = Field(default=None, sa_column=reference("region.id", nullable=True))
    macro_id: int | None = Field(default=None, sa_column=reference("region.id", nullable=True))
    level: int = 0


class Country(Row, table=True):
    """An ISO 3166-1 country and the region that holds it; its names come from CLDR."""

    __tablename__ = "country"
    code: str = Field(primary_key=True, max_length=2)
    region_id: int = Field(sa_column=reference("region.id"))


class Organisation(Row, table=True):
    """Where a person works."""

    __tablename__ = "organisation"
    __table_args__ = (
        UniqueConstraint("name", "country_code"),
        CheckConstraint(f"type IN {ORGANISATION_TYPES}", name="type_known"),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str
    type: str = "other"
    country_code: str | None = Field(
        default=None, sa_column=Column(String(2), ForeignKey("country.code", ondelete="RESTRICT"), nullable=True)
    )


def full_name(given_name: str | None, family_name: str | None) -> str:
    """Given and family name, as far as there are two; nothing for nobody."""
    return f"{given_name or ''} {family_name or ''}".strip()


class Person(Row, table=True):
    """A person, who may be in the statistics without ever signing in."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("given_name <> '' OR family_name <> ''", name="has_a_name"),
        CheckConstraint(f"gender IN {GENDERS}", name="gender_known"),
    )
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    email: str | None = Field(default=None, unique=True)
    """Lower case; unique."""
    given_name: str = ""
    family_name: str = ""
    certificate_name: str = ""
    """How the person wants to be named on certificates; empty: given and family name."""
    gender: str = "undisclosed"
    country_code: str | None = Field(
        default=None, sa_column=Column(String(2), ForeignKey("country.code", ondelete="RESTRICT"), nullable=True, index=True)
    )
    region_id: int | None = Field(default=None, sa_column=reference("region.id", nullable=True))
    """Set by hand only where it differs from the country's."""
    organisation_id: int | None = Field(default=None, sa_column=reference("organisation.id", ondelete="SET NULL", nullable=True))
    language: str = "en"
    timezone: str = "UTC"
    photo_file_id: int | None = Field(default=None, sa_column=reference("stored_file.id", ondelete="SET NULL", nullable=True))
    search_text: str = ""
    """Names and e-mail folded for search: lower case, no accents."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def name(self) -> str:
        """Given and family name, as far as there are two."""
        return full_name(self.given_name, self.family_name)


class Account(Row, table=True):
    """The means by which a person signs in."""

    __tablename__ = "account"
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), primary_key=True))
    password_hash: str | None = None
    email_confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class OneTimeToken(Row, table=True):
    """A link sent by mail that works once: to confirm an address or to set a new password."""

    __tablename__ = "one_time_token"
    __table_args__ = (CheckConstraint("purpose IN ('confirm', 'reset')", name="purpose_known"),)
    id: int | None = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True)
    person_id: int = Field(sa_column=reference("person.id", ondelete="CASCADE"))
    purpose: str
    email: str
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ErasureRequest(Row, table=True):
    """A person's wish to be forgotten; staff carry it out, and the person's rows are anonymised."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        Index(
            "uq_erasure_request_open",
            "person_id",
            unique=True,
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(sa_column=reference("person.id", ondelete="CASCADE", index=False))
    requested_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
