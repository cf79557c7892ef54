"""Words that the stories of this folder share: somebody who exists, and a form sent as a browser sends it."""

import re
from html import unescape
from typing import Any

from sqlalchemy import select

from lms.accounts import passwords, people, roles
from lms.accounts.models import Person
from lms.kernel.campus import Campus
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM

PASSWORD = "a long walk by the river"


def somebody(
    campus: Campus, email: str | None = "ana@example.org", *given: str, password: str = "", confirmed: bool = True, **values: Any
) -> Person:
    """A person, with these roles for the site, who can sign in where a password is given."""
    with campus.database.transaction() as session:
        person = people.create(session, SYSTEM, **{"given_name": "Ana", "family_name": "Rojas", "email": email, **values})
        if password:
            passwords.set_password(session, person.id or 0, password, confirmed=confirmed)
        for role in given:
            roles.give(session, SYSTEM, person.id or 0, role)
    return person


def submit(client: Any, path: str, action: str | None = None, files: Any = None, **fields: Any) -> Any:
    """Open the page at `path` and send one of its forms to `action` (the page itself where it is not named)."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    return client.post(action or path, data={"csrf_token": token[1] if token else "", **fields}, files=files)


def sign_in(client: Any, email: str, password: str = PASSWORD, **fields: Any) -> Any:
    """Sign in by the form."""
    return submit(client, "/sign-in", email=email, password=password, **fields)


def enter(client: Any, campus: Campus, *given: str, email: str = "me@example.org") -> Person:
    """A person with these roles who has signed in by the form."""
    person = somebody(campus, email, *given, password=PASSWORD, given_name="Vera", family_name="Ochieng")
    assert sign_in(client, email, next="/privacy").url.path == "/privacy"
    return person


def mails(campus: Campus) -> list[OutboxMessage]:
    """What was written to whom, oldest first."""
    with campus.database.reading() as session:
        return list(session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))  # type: ignore[arg-type]


def link(message: OutboxMessage) -> str:
    """The path of the link in a mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", message.body_text)
    assert found, message.body_text
    return found[1]


def words(response: Any) -> str:
    """What a reader sees of a page."""
    return unescape(re.sub(r"<[^>]+>", "", response.text))
