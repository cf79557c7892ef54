"""The command `lms token`."""

from contextlib import closing
from typing import Annotated

import typer

from lms.accounts import people, tokens
from lms.accounts.models import Person
from lms.kernel.api_tokens import DAYS, MOST_DAYS, SCOPES
from lms.kernel.campus import Campus
from lms.kernel.database import ReadSession
from lms.kernel.errors import NotFound
from lms.kernel.i18n import N_
from lms.kernel.permissions import SYSTEM

commands = typer.Typer(name="token", no_args_is_help=True, help="Bearer tokens of the API.")
Email = Annotated[str, typer.Argument(help="E-mail address of the person for whom the program acts.")]


class NobodyThere(NotFound):
    """No person has this address."""

    message = N_("Nobody has the address {email}.")


@commands.callback()
def token() -> None:
    """Bearer tokens of the API."""


@commands.command()
def create(
    email: Email,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Days until it expires.")] = DAYS,
    scope: Annotated[list[str] | None, typer.Option(help="read or write; may be repeated. Without it: both.")] = None,
    name: Annotated[str, typer.Option(help="What it is called in the person's profile.")] = "",
) -> None:
    """Make a token and print it. It is shown this once."""
    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"{min(unknown)}: one of {', '.join(SCOPES)}", param_hint="--scope")
    with closing(Campus.open()) as campus, campus.database.transaction() as session:
        made, _row = tokens.make(session, SYSTEM, _person_id(session, email), name=name, scopes=scope or SCOPES, days=days)
    typer.echo(made)


@commands.command("list")
def show(email: Email) -> None:
    """List the tokens of a person, a line for each: code, scopes, when it expires, when it was used, name."""
    with closing(Campus.open()) as campus, campus.database.reading() as session:
        for row in tokens.listed(session, _person_id(session, email)):
            state = row.expires_at.isoformat(timespec="minutes") if row.is_good else "ended"
            used = row.last_used_at.isoformat(timespec="minutes") if row.last_used_at else "-"
            typer.echo("\t".join([row.code, ",".join(row.scopes), state, used, row.name]))


@commands.command()
def revoke(email: Email) -> None:
    """Let no token of a person open anything any more."""
    with closing(Campus.open()) as campus, campus.database.transaction() as session:
        count = tokens.revoke_all(session, SYSTEM, _person_id(session, email))
    typer.echo(str(count))


def _person_id(session: ReadSession, email: str) -> int:
    person: Person | None = people.find_by_email(session, email)
    if person is None or person.erased_at:
        raise NobodyThere(email=email)
    return person.id or 0
