"""What happens to people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonErased:
    """A person was made anonymous; what else is known of the person must go too."""

    person_id: int
