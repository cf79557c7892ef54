"""What the forms about people accept."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from lms.accounts.addresses import is_plausible
from lms.accounts.zones import Zone
from lms.kernel.i18n import N_
from lms.kernel.web import AsTyped

Name = Annotated[str, Field(max_length=120)]


def _plausible(address: str) -> str:
    if not is_plausible(address.strip()):
        raise ValueError(str(N_("Please write an e-mail address, for example name@example.org.")))
    return address.strip().lower()


Password = Annotated[str, Field(min_length=1, max_length=1000), AsTyped()]
Address = Annotated[str, Field(max_length=254), AfterValidator(_plausible)]


Gender = Literal["female", "male", "other", "undisclosed"]
OrganisationType = Literal["think_tank", "civil_society", "government", "university", "international", "private", "media", "other"]


class SignInForm(BaseModel):
    """Address and password."""

    email: str = Field(min_length=1, max_length=254)
    password: Password


class AddressForm(BaseModel):
    """An address to send a link to."""

    email: Address


class JoinForm(BaseModel):
    """A new account."""

    email: Address
    given_name: Name = ""
    family_name: Name = ""
    country_code: Annotated[str, Field(max_length=2)] = ""


class PasswordForm(BaseModel):
    """A new password."""

    password: Password


class ChangePasswordForm(PasswordForm):
    """A new password, with the present one."""

    current: Password


class DevicesForm(BaseModel):
    """Browsers to sign out of."""

    device: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = []
    current: Password


class ProfileForm(BaseModel):
    """What people say about themselves."""

    given_name: Name = ""
    family_name: Name = ""
    certificate_name: Annotated[str, Field(max_length=200)] = ""
    gender: Gender = "undisclosed"
    country_code: Annotated[str, Field(max_length=2)] = ""
    organisation: Annotated[str, Field(max_length=200)] = ""
    organisation_type: OrganisationType = "other"
    language: Annotated[str, Field(max_length=10)] = "en"
    timezone: Zone = "UTC"


class PersonForm(ProfileForm):
    """What staff write about a person."""

    email: Address | None = None
    current: Annotated[str, Field(max_length=1000), AsTyped()] = ""
    """The password of the one who writes, asked for where the address of an account changes."""


class ProgrammeForm(BaseModel):
    """What staff say about their programme."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(min_length=1, max_length=12)]
    signatory: Annotated[str, Field(max_length=200)] = ""
    languages: list[Annotated[str, Field(max_length=10)]] = []


class RoleForm(BaseModel):
    """A role and where it holds."""

    role: Literal["administrator", "staff", "tutor", "trainee", "reporter"]
    scope_kind: Literal["site", "programme", "course", "cohort"] = "site"
    scope_code: Annotated[str, Field(max_length=80)] = ""


class TakeRoleForm(BaseModel):
    """A role to take away."""

    role: Literal["administrator", "staff", "tutor", "trainee", "reporter"]
    scope_kind: Literal["site", "programme", "course", "cohort"] = "site"
    scope_id: int = 0
