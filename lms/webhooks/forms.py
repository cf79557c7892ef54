"""What the form of an endpoint accepts."""

from typing import Annotated

from pydantic import BaseModel, Field


class EndpointForm(BaseModel):
    """Where to tell what."""

    name: Annotated[str, Field(max_length=120)] = ""
    url: Annotated[str, Field(min_length=1, max_length=500)]
    events: list[Annotated[str, Field(max_length=80)]] = []
