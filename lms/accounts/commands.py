"""The commands `lms user` and `lms token`."""

import secrets
import sys
from contextlib import closing
from typing import Annotated

import typer

from lms.accounts import passwords, people, roles, token_commands
from lms.accounts.forms import AddressForm
from lms.kernel.campus import Campus
from lms.kernel.errors import Refused
from lms.kernel.i18n import N_
from lms.kernel.permissions import ROLES, SYSTEM

users = typer.Typer(name="user", no_args_is_help=True, help="People who sign in.")
commands = typer.Typer()  # without a name: both groups stand beside `lms serve`
commands.add_typer(users)
commands.add_typer(token_commands.commands)


@users.callback()
def user() -> None:
    """People who sign in."""


@users.command()
def create(
    email: Annotated[str, typer.Argument(help="E-mail address to sign in with.")],
    role: Annotated[str, typer.Option(help=f"One of: {', '.join(ROLES)}.")],
    name: Annotated[str, typer.Option(help="Name; the last word is the family name. Without it: the address.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input; else one is made and printed.")
    ] = False,
) -> None:
    """Create a person who can sign in, or give an existing one the role. Prints the password where it made one."""
    if role not in ROLES:
        raise typer.BadParameter(f"one of: {', '.join(ROLES)}", param_hint="--role")
    try:
        address = AddressForm(email=email).email
    except ValueError:
        raise Refused(N_("This is not an e-mail address.")) from None
    given, _, family = name.strip().rpartition(" ")
    made = "" if password_stdin else secrets.token_urlsafe(12)
    password = made or sys.stdin.readline().rstrip("\r\n")
    passwords.check_strength(password, address)
    with closing(Campus.open()) as campus, campus.database.transaction() as session:
        person = people.find_by_email(session, address)
        is_new = person is None
        if person is None:
            person = people.create(
                session, SYSTEM, email=address, given_name=given or family or address.partition("@")[0],
                family_name=family if given else "", language=campus.settings.default_locale, timezone=campus.settings.timezone,
            )  # fmt: skip
        if is_new or password_stdin or not passwords.stored_for(session, person.id or 0):
            passwords.set_password(session, person.id or 0, password, confirmed=True)
        else:
            made = ""
        roles.give(session, SYSTEM, person.id or 0, role)
    typer.echo(f"{address} {role}" + (f" password: {made}" if made else ""))
