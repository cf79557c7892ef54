"""Mail: a message is a row of the outbox, written in the transaction of what it tells about, and delivered by a job afterwards."""

import re
import secrets
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from lms.kernel import clock, i18n, jobs
from lms.kernel.database import Row, Session, UtcDateTime
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.events import Hub
from lms.kernel.i18n import N_
from lms.kernel.job_table import ATTEMPTS

if TYPE_CHECKING:
    from lms.settings import Settings

DELIVERY = "kernel.deliver_mail"
TIMEOUT = 20
"""Seconds to wait for the mail server at each step."""
STATES = ("queued", "sent", "failed")
_ADDRESS = re.compile(r"""[^\s@,;:<>"()\[\]\\]+@[^\s@,;:<>"()\[\]\\]+""")


class _OnOneLine(UnstructuredHeader):
    """A header that is an address: broken into encoded words, as the library would, no mail program could follow it."""

    def fold(self, *, policy: EmailPolicy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]  # of the base that the registry mixes in


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OnOneLine)  # type: ignore[arg-type]  # the registry mixes the base in
_POLICY = SMTP.clone(header_factory=_HEADERS)


class OutboxMessage(Row, table=True):
    """A mail, kept after it was sent."""

    __tablename__ = "outbox_message"
    __table_args__ = (CheckConstraint(f"state IN {STATES}", name="state_known"),)
    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    """First part of the Message-ID: the same at every attempt, so that a mail server recognises a second delivery."""
    to: str = Field(index=True)
    subject: str
    body_text: str
    body_html: str = ""
    """The same for programs that show more than plain text; empty: there is no such part."""
    unsubscribe_url: str = ""
    """Where one POST ends mails of this kind (RFC 8058); empty for mails that nobody can do without."""
    locale: str
    state: str = Field(default="queued", index=True)
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = ""


@dataclass(frozen=True, slots=True)
class MailWritten:
    """A message waits in the outbox."""

    message_id: int


def connect(hub: Hub, settings: "Settings") -> None:
    """Have every message delivered, where the settings name a mail server; else they stay in the outbox for staff to see."""
    hub.base_url = settings.base_url.rstrip("/")
    if settings.mail_url.startswith(("smtp:", "smtps:")):
        hub.subscribe(MailWritten, _enqueue)


def _enqueue(session: Session, written: MailWritten) -> None:
    jobs.enqueue(session, DELIVERY, {"message_id": written.message_id}, dedupe=f"{DELIVERY}:{written.message_id}")


def send(
    session: Session, to: str, template: str, locale: str, *, has_html: bool = False, unsubscribe_url: str = "", **context: Any
) -> OutboxMessage:
    """Write a mail in the receiver's language: it is delivered if and only if the caller's transaction commits.

    `template` names `mail/<template>.txt`; with a slash in it, `<template>.txt` (a plugin's own). Its first line is `Subject: ...`.
    Besides the context it gets `base_url`, the address that links begin with. `has_html`: the template of the same name with the ending
    `.html` makes a second part, in which whatever comes from the context is escaped.
    Raises Invalid for an address that is none, ValueError for a subject that is not one line.
    """
    if not _ADDRESS.fullmatch(to):
        raise Invalid({"email": N_("This is not an e-mail address.")})
    path = f"{template}.txt" if "/" in template else f"mail/{template}.txt"
    context = {"base_url": session.hub.base_url, **context}
    subject, body = _split(_render(path, locale, context))
    if any(isinstance(value, str) and len(value.splitlines()) > 1 for value in context.values()):
        joined = {name: " ".join(value.split()) if isinstance(value, str) else value for name, value in context.items()}
        if _split(_render(path, locale, joined))[0] != subject:
            raise ValueError("a line break in the subject of a mail")  # it would let a value write into the mail's head or over its text
    html = _render(f"{path.removesuffix('.txt')}.html", locale, {**context, "subject": subject}) if has_html else ""
    message = OutboxMessage(
        reference=secrets.token_hex(16), to=to, subject=subject, body_text=body, body_html=html, unsubscribe_url=unsubscribe_url,
        locale=locale, created_at=clock.now(),
    )  # fmt: skip
    session.add(message)
    session.emit(MailWritten(message.id or 0))
    return message


def _render(path: str, locale: str, context: Mapping[str, Any]) -> str:
    with i18n.using(locale):
        text: str = i18n.environment(locale).get_template(path).render({"name": "", **context})
    return text.strip("\n")


def _split(text: str) -> tuple[str, str]:
    """Subject and body."""
    first, _sep, body = text.partition("\n")
    subject = first.removeprefix("Subject:").strip()
    if not first.startswith("Subject:") or not subject.isprintable() or not subject:
        raise ValueError("a mail starts with one line `Subject: ...`")
    return subject, body.strip("\n") + "\n"


def send_again(session: Session, message_id: int) -> None:
    """Put a mail that failed back in line. Raises NotFound."""
    message = session.lock(OutboxMessage, message_id)
    if message.state == "failed":
        message.state, message.error = "queued", ""
        session.flush()
        session.emit(MailWritten(message_id))


def deliver(run: jobs.JobRun, *, message_id: int) -> dict[str, Any]:
    """The job: hand one mail to the mail server. What the server refuses for good is marked as failed; other failures are tried again."""
    try:
        with run.database.transaction() as session:
            message = session.lock(OutboxMessage, message_id)
            if message.state != "queued":
                return {"state": message.state}
            message.attempts += 1
            session.flush()
    except NotFound:  # erased in the meantime
        return {"state": "gone"}
    try:
        transmit(run.settings, message)
    except (smtplib.SMTPException, OSError) as error:
        is_last = is_permanent(error) or run.attempt >= ATTEMPTS
        _note(run, message_id, state="failed" if is_last else "queued", error=_reason(error))
        if is_permanent(error):
            return {"state": "failed"}
        raise
    _note(run, message_id, state="sent", error="", sent_at=clock.now())
    return {"state": "sent"}


def _note(run: jobs.JobRun, message_id: int, **values: Any) -> None:
    with run.database.transaction() as session:
        if message := session.get(OutboxMessage, message_id):
            for name, value in values.items():
                setattr(message, name, value)


def is_permanent(error: Exception) -> bool:
    """Whether the server said that trying again is of no use (RFC 5321 §4.2.1: replies 5yz)."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False  # the settings are wrong, not the mail
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def transmit(settings: "Settings", message: OutboxMessage) -> None:
    """Hand the message to the server of `settings.mail_url`. Raises smtplib.SMTPException or OSError."""
    with connected(settings) as client:
        client.send_message(compose(settings.mail_from, message))


@contextmanager
def connected(settings: "Settings") -> Iterator[smtplib.SMTP]:
    """The server of `settings.mail_url`, greeted, and signed in to where it wants that. Raises smtplib.SMTPException or OSError."""
    server = urlsplit(settings.mail_url)
    host = server.hostname or "localhost"
    with _connection(server.scheme, host, server.port) as client:
        if server.scheme == "smtp" and client.has_extn("starttls"):
            # Without a password to protect, encryption to whoever answers is still better than none.
            client.starttls(context=ssl.create_default_context() if server.username else _any_certificate())
            client.ehlo()
        if server.username:
            client.login(unquote(server.username), unquote(server.password or ""))
        yield client


def _connection(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    client = smtplib.SMTP(host, port or 25, timeout=TIMEOUT)
    client.ehlo_or_helo_if_needed()
    return client


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def compose(sender: str, message: OutboxMessage) -> EmailMessage:
    """The message as it goes over the wire (RFC 5322; RFC 3834 keeps auto-responders quiet; RFC 8058 ends it with one click)."""
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"], mail["Subject"] = sender, message.to, message.subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.reference}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.locale.replace("_", "-")
    if message.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(message.body_text)
    if message.body_html:
        mail.add_alternative(message.body_html, subtype="html")
    return mail
