"""Says who can sign in to the demo."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from lms.accounts.models import full_name
from lms.demo.people import Invented

TITLES = {
    "administrator": "Administrator",
    "staff": "Programme staff",
    "tutor": "Tutor",
    "trainee": "Trainee",
    "reporter": "Reporter (statistics only)",
    "visitor": "Visitor with an account, no course yet",
}
_LANGUAGES = {"en": "English", "es": "Spanish"}


def show(people: Sequence[Invented], password: str) -> None:
    """Print the sign-ins of the demo."""
    table = Table("E-mail", "Name", "Who that is", "Language", title=f"Sign in to the demo; the password of all of them is {password}")
    for person in people:
        name = full_name(person.given_name, person.family_name)
        table.add_row(person.email, name, TITLES[person.role], _LANGUAGES[person.language])
    Console(width=None if sys.stdout.isatty() else 120).print(table)
