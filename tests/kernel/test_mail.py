"""Mail reaches its reader once, in the reader's language; what cannot be delivered says why."""

import email
import email.policy
import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from lms.accounts import models  # noqa: F401  # jobs belong to people
from lms.kernel import i18n, mail, templates
from lms.kernel.database import Database, Row
from lms.kernel.errors import Invalid
from lms.kernel.events import Hub
from lms.kernel.job_table import job
from lms.kernel.jobs import JobRegistry, run_pending
from lms.kernel.mail import OutboxMessage
from lms.kernel.storage import LocalStorage
from lms.settings import Settings

PAGE = "<title>{{ subject }}</title><p>{{ text }}</p>"
NOTE = "Subject: {{ _('Sign in') }}: {{ course }}\n\n{{ text }}\n"


class Box:
    """A mail server's inbox; answers with `reply`."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.reply = "250 OK"
        self.url = ""

    async def handle_DATA(self, server, session, envelope):
        if self.reply.startswith("250"):
            self.received.append(envelope.content)
        return self.reply


@pytest.fixture
def box():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    box = Box()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    box.url = f"smtp://127.0.0.1:{port}"
    yield box
    server.stop()


@pytest.fixture(autouse=True)
def notes(tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "_plugin_folders", {})
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "note.txt").write_text(NOTE)
    (tmp_path / "pages" / "note.html").write_text(PAGE)
    i18n.register_templates("zoo", tmp_path / "pages")
    yield
    monkeypatch.undo()
    i18n.forget()


class Site:
    """A site that sends mail to `mail_url`."""

    def __init__(self, folder, mail_url: str) -> None:
        self.settings = Settings(data_dir=folder, mail_url=mail_url, mail_from="Aula Sur <hello@aula.example>")
        hub = Hub()
        mail.connect(hub, self.settings)
        self.database = Database(f"sqlite:///{folder / 'test.db'}", hub)
        Row.metadata.create_all(self.database.engine)

    def send(self, **values: Any) -> int:
        values = {"to": "ana@example.org", "locale": "es", "course": "Año 1", "text": "ñandú", **values}
        with self.database.transaction() as session:
            return mail.send(session, values.pop("to"), "zoo/note", **values).id or 0

    def work(self) -> None:
        registry = JobRegistry({mail.DELIVERY: mail.deliver})
        run_pending(self.database, registry, self.settings, LocalStorage(self.settings.data_dir / "files"))

    def row(self, message_id) -> OutboxMessage:
        with self.database.reading() as session:
            return session.one(OutboxMessage, message_id)

    def jobs(self) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(job))


@pytest.fixture
def site(tmp_path, box):
    site = Site(tmp_path, box.url)
    yield site
    site.database.dispose()


def test_a_mail_is_delivered_as_it_was_written(site, box):
    sent = site.send()
    site.work()
    message = email.message_from_bytes(box.received[0], policy=email.policy.default)
    assert (message["to"], message["from"], message["subject"]) == (
        "ana@example.org", "Aula Sur <hello@aula.example>", site.row(sent).subject,
    )  # fmt: skip
    assert message["subject"].endswith(": Año 1")
    assert message.get_content().strip() == "ñandú"
    assert message["message-id"] == f"<{site.row(sent).reference}@aula.example>"
    assert (site.row(sent).state, site.row(sent).attempts, site.row(sent).sent_at is None) == ("sent", 1, False)


def test_a_job_that_runs_twice_sends_once(site, box):
    sent = site.send()
    site.work()
    with site.database.transaction() as session:
        mail._enqueue(session, mail.MailWritten(sent))
    site.work()
    assert len(box.received) == 1


def test_a_mail_that_was_rolled_back_is_never_sent(site, box):
    def write_and_fail() -> None:
        with site.database.transaction() as session:
            mail.send(session, "ana@example.org", "zoo/note", "en", course="x", text="y")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    site.work()
    assert box.received == []


def test_a_busy_server_is_asked_again_with_the_same_message_id(site, box):
    sent = site.send()
    box.reply = "451 come back later"
    site.work()
    assert (site.row(sent).state, site.row(sent).attempts) == ("queued", 1)
    assert "451" in site.row(sent).error
    before = mail.compose("a@b.example", site.row(sent))["message-id"]
    assert mail.compose("a@b.example", site.row(sent))["message-id"] == before


def test_what_the_server_refuses_for_good_has_failed_and_can_be_sent_again(site, box):
    sent = site.send()
    box.reply = "550 no such person"
    site.work()
    assert (site.row(sent).state, "550" in site.row(sent).error) == ("failed", True)
    box.reply = "250 OK"
    with site.database.transaction() as session:
        mail.send_again(session, sent)
    site.work()
    assert (site.row(sent).state, site.row(sent).error, len(box.received)) == ("sent", "", 1)


def test_without_a_mail_server_the_message_waits_in_the_outbox(tmp_path):
    site = Site(tmp_path, "outbox:")
    sent = site.send()
    assert (site.row(sent).state, site.jobs()) == ("queued", 0)
    site.database.dispose()


@pytest.mark.parametrize(
    "to", ["", "ana", "ana@example.org\nBcc: all@example.org", "a@b.org, c@d.org", "Ana <ana@example.org>", "a b@c.org"]
)
def test_an_address_that_is_none_or_several_is_refused(site, to):
    with pytest.raises(Invalid):
        site.send(to=to)


@pytest.mark.parametrize("course", ["x\nBcc: all@example.org", "x\r\nBcc: a@b.org", "x\n\nAnother text", "x\u2028y", "x\x00y"])
def test_a_value_cannot_break_out_of_the_subject(site, course):
    with pytest.raises(ValueError, match="Subject|subject"):
        site.send(course=course)


def test_a_text_of_several_lines_is_welcome_in_the_body(site):
    assert site.row(site.send(text="one\ntwo\r\nthree")).body_text.startswith("one\ntwo")


def test_a_part_in_html_goes_beside_the_text_and_holds_no_markup_of_others(site, box):
    site.send(text="<b>ñandú</b>", course="A & B", has_html=True)
    site.work()
    message = email.message_from_bytes(box.received[0], policy=email.policy.default)
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().strip() == "<b>ñandú</b>"
    assert html.get_content().strip().endswith("A &amp; B</title><p>&lt;b&gt;ñandú&lt;/b&gt;</p>")


def test_the_way_to_end_mails_is_one_line_however_long_it_is(site, box):
    url = f"https://{'a' * 60}.example.org/{'b' * 60}"
    site.send(unsubscribe_url=url)
    site.send()
    site.work()
    assert f"\r\nList-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() in box.received[0]
    assert b"List-Unsubscribe" not in box.received[1]
