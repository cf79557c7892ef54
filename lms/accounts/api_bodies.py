"""What the API says and accepts about regions and people."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from lms.accounts.forms import Address, Gender, Name, OrganisationType
from lms.accounts.zones import Zone
from lms.kernel.api import Body, Shown

Country = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1, two letters.", examples=["PE"])]
Code = Annotated[str, Field(max_length=80, examples=["005"])]
Language = Annotated[str, Field(max_length=10, examples=["es"])]


class RegionItem(Shown):
    """A node of the region tree."""

    code: Annotated[str, Field(examples=["005"])]
    name: Annotated[str, Field(description="In the language of Accept-Language where there is a name in it.", examples=["South America"])]
    parent: Annotated[str | None, Field(description="Code of the region that it lies in.", examples=["419"])]
    macroregion: Annotated[str | None, Field(description="Code of the node just below the world.", examples=["019"])]
    level: Annotated[int, Field(description="0 for the world.", examples=[3])]
    countries: Annotated[list[str], Field(description="Those directly in it, ISO 3166-1.", examples=[["AR", "BO", "PE"]])]


class PersonItem(Shown):
    """A person. Region: that of the country, where none was set by hand."""

    code: Annotated[str, Field(examples=["k3n9qx7wma"])]
    email: Annotated[str | None, Field(examples=["rosa.quispe@example.org"])]
    given_name: Annotated[str, Field(examples=["Rosa"])]
    family_name: Annotated[str, Field(examples=["Quispe"])]
    name: Annotated[str, Field(examples=["Rosa Quispe"])]
    certificate_name: Annotated[str, Field(description="As on certificates; empty: the name.", examples=[""])]
    gender: Annotated[Gender, Field(examples=["female"])]
    country: Annotated[str | None, Field(examples=["PE"])]
    region: Annotated[str | None, Field(description="Code of the nearest region.", examples=["005"])]
    organisation: Annotated[str | None, Field(examples=["Grupo de Análisis"])]
    organisation_type: Annotated[OrganisationType | None, Field(examples=["think_tank"])]
    language: Annotated[str, Field(examples=["es"])]
    timezone: Annotated[str, Field(examples=["America/Lima"])]
    created_at: datetime


class PersonChange(Body):
    """What changes; fields that are not sent stay. One's own: everything but address and region. Null empties a field."""

    email: Annotated[Address | None, Field(examples=["rosa.quispe@example.org"])] = None
    given_name: Annotated[Name, Field(examples=["Rosa"])] = ""
    family_name: Annotated[Name, Field(examples=["Quispe"])] = ""
    certificate_name: Annotated[str, Field(max_length=200, examples=["Rosa Quispe Mamani"])] = ""
    gender: Annotated[Gender, Field(examples=["female"])] = "undisclosed"
    country: Country | None = None
    region: Annotated[Code | None, Field(description="Only where the country does not tell it.", examples=[None])] = None
    organisation: Annotated[str | None, Field(max_length=200, examples=["Grupo de Análisis"])] = None
    organisation_type: Annotated[
        OrganisationType, Field(description="Of an organisation that is not known yet; goes with `organisation`.", examples=["think_tank"])
    ] = "other"
    language: Annotated[Language | None, Field(description="One that the installation offers.")] = None
    timezone: Annotated[Zone | None, Field(description="IANA name.", max_length=60, examples=["America/Lima"])] = None

    def sent(self) -> dict[str, Any]:
        """The fields that came along."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class NewPerson(PersonChange):
    """A new person; one name is enough. Nobody gets an account or a mail by this."""


class RoleItem(Shown):
    """A role and where it holds."""

    role: Annotated[Literal["administrator", "staff", "tutor", "trainee", "reporter"], Field(examples=["staff"])]
    scope: Annotated[Literal["site", "programme", "course", "cohort"], Field(examples=["site"])]
    code: Annotated[str, Field(description="Of the programme, course or cohort; empty for the site.", examples=[""])]


class TokenItem(Shown):
    """The token that was sent."""

    scopes: Annotated[list[Literal["read", "write"]], Field(examples=[["read", "write"]])]
    expires_at: datetime


class MeItem(Shown):
    """Who is asking."""

    code: Annotated[str, Field(examples=["k3n9qx7wma"])]
    name: Annotated[str, Field(examples=["Rosa Quispe"])]
    email: Annotated[str, Field(examples=["rosa.quispe@example.org"])]
    language: Annotated[str, Field(examples=["es"])]
    timezone: Annotated[str, Field(examples=["America/Lima"])]
    roles: list[RoleItem]
    permissions: Annotated[list[str], Field(description="Held anywhere.", examples=[["courses.learn"]])]
    token: Annotated[TokenItem | None, Field(description="Null for a browser that has signed in.")]
