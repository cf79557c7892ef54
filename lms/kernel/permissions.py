"""Who may do what, and where.

A plugin registers its permissions; a role holds the permissions that name it among their default roles. A person is given a role for
a scope: the site, a programme, a course or a cohort. What is given for a wider scope holds in every narrower one. Whatever is not
given is denied.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, UniqueConstraint
from sqlmodel import Field

from lms.kernel.database import Row, UtcDateTime
from lms.kernel.errors import Forbidden
from lms.kernel.i18n import N_, LazyText

ROLES = ("administrator", "staff", "tutor", "trainee", "reporter")
ROLE_TITLES: dict[str, LazyText] = {
    "administrator": N_("Administrator"),
    "staff": N_("Programme staff"),
    "tutor": N_("Tutor"),
    "trainee": N_("Trainee"),
    "reporter": N_("Reporter (statistics only)"),
}
SCOPE_KINDS = ("site", "programme", "course", "cohort")
PUBLIC = "public"
SIGNED_IN = "signed-in"


@dataclass(frozen=True, slots=True)
class Permission:
    """One right, named `plugin.verb`, with the roles that hold it.

    `site_only`: what it opens belongs to no programme, course or cohort (people, mails), so only a role given for the site holds it.
    """

    name: str
    title: LazyText | str
    default_roles: tuple[str, ...] = ()
    site_only: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an object lives: the ids of its cohort, course and programme, as far as it has them."""

    programme: int | None = None
    course: int | None = None
    cohort: int | None = None

    def holds(self, kind: str, identifier: int) -> bool:
        """Whether a role given for (kind, identifier) reaches this place."""
        return kind == "site" or getattr(self, kind) == identifier


SITE = Scope()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person holds for a scope; `scope_id` is 0 for the site."""

    role: str
    scope_kind: str
    scope_id: int


class PermissionRegistry:
    """All permissions of the loaded plugins, and which role holds which."""

    def __init__(self, permissions: Iterable[Permission] = ()) -> None:
        self.permissions: dict[str, Permission] = {}
        self.by_role: dict[str, set[str]] = {role: set() for role in ROLES}
        self.site_only: set[str] = set()
        for permission in permissions:
            self.add(permission)

    def add(self, permission: Permission) -> None:
        """Register a permission. Its name is unique and its roles exist."""
        if permission.name in self.permissions:
            raise ValueError(f"permission {permission.name} is declared twice")
        self.permissions[permission.name] = permission
        for role in permission.default_roles:
            self.by_role[role].add(permission.name)
        if permission.site_only:
            self.site_only.add(permission.name)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts, with what that person was given. Built once per request; holds no database objects."""

    id: int | None
    name: str
    email: str = ""
    locale: str = "en"
    timezone: str = "UTC"
    grants: tuple[Grant, ...] = ()
    registry: PermissionRegistry = field(default_factory=PermissionRegistry, repr=False, compare=False)
    unlimited: bool = False

    def can(self, permission: str, scope: Scope = SITE) -> bool:
        """Whether a role of this person that reaches `scope` holds the permission."""
        if self.unlimited:
            return True
        return any(permission in self.registry.by_role[g.role] and scope.holds(g.scope_kind, g.scope_id) for g in self.grants)

    def can_anywhere(self, permission: str) -> bool:
        """Whether this person holds the permission for any scope at all; one for the whole site counts there alone."""
        if permission in self.registry.site_only:
            return self.can(permission)
        return self.unlimited or any(permission in self.registry.by_role[g.role] for g in self.grants)

    def reach(self, permission: str) -> "Reach":
        """Where this person holds the permission, for use in queries."""
        held = [g for g in self.grants if permission in self.registry.by_role[g.role]]
        if self.unlimited or any(g.scope_kind == "site" for g in held):
            return Reach(everywhere=True)
        ids = {kind: frozenset(g.scope_id for g in held if g.scope_kind == kind) for kind in SCOPE_KINDS[1:]}
        return Reach(False, ids["programme"], ids["course"], ids["cohort"])

    def has_role(self, role: str) -> bool:
        """Whether this person holds the role for any scope."""
        return any(g.role == role for g in self.grants)


@dataclass(frozen=True, slots=True)
class Reach:
    """The part of the campus in which a permission holds: everywhere, or these programmes, courses and cohorts."""

    everywhere: bool
    programmes: frozenset[int] = frozenset()
    courses: frozenset[int] = frozenset()
    cohorts: frozenset[int] = frozenset()


SYSTEM = Actor(id=None, name="system", unlimited=True)


def require(actor: Actor, permission: str, scope: Scope = SITE) -> None:
    """Raise Forbidden unless the actor holds the permission in this scope."""
    if not actor.can(permission, scope):
        raise Forbidden()


class RoleGrant(Row, table=True):
    """A role given to a person for a scope."""

    __tablename__ = "role_grant"
    __table_args__ = (
        UniqueConstraint("person_id", "role", "scope_kind", "scope_id"),
        CheckConstraint(f"role IN {ROLES}", name="role_known"),
        CheckConstraint(f"scope_kind IN {SCOPE_KINDS}", name="scope_known"),
        CheckConstraint("(scope_kind = 'site') = (scope_id = 0)", name="site_has_no_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(sa_column=Column(Integer, ForeignKey("person.id", ondelete="CASCADE"), nullable=False))
    role: str
    scope_kind: str = "site"
    scope_id: int = Field(default=0, index=True)
    given_at: datetime = Field(sa_type=UtcDateTime)
    given_by: int | None = Field(default=None, sa_column=Column(Integer, ForeignKey("person.id", ondelete="SET NULL"), nullable=True))
