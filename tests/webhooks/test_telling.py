"""What happens is told to those who listen: once under one id, signed, and only if it really happened."""

import base64
import json
import re
from dataclasses import dataclass

import pytest

from lms.accounts.models import Person
from lms.certificates import issuing
from lms.courses.models import Cohort
from lms.enrollment import enrolling
from lms.kernel import clock
from lms.kernel.campus import Campus
from lms.kernel.events import PublicEvent
from lms.kernel.permissions import SYSTEM
from lms.plugin import Plugin, PluginError, Plugins
from lms.settings import Settings
from lms.webhooks import endpoints, signing
from tests.factories import make_cohort, make_person
from tests.watching import counting
from tests.webhooks.stories import enrol, listen, messages, secret_of


def test_an_enrolment_arrives_signed_with_ids_and_codes_and_no_names(telling, receiver):
    endpoint = listen(telling, receiver.url)
    place = enrol(telling)
    telling.run_jobs()
    (message,) = receiver.messages
    assert message.path == "/hook?from=campus"
    assert message.is_signed_with(secret_of(telling, endpoint))
    assert not message.is_signed_with("whsec_" + "A" * 43 + "=")
    assert abs(int(message.headers["webhook-timestamp"]) - clock.now().timestamp()) < 60
    assert message.headers["content-type"] == "application/json"
    with telling.database.reading() as session:
        cohort, person = session.one(Cohort, place.cohort_id), session.one(Person, place.person_id)
    assert message.content["type"] == "enrolment.created"
    assert message.content["data"] == {
        "enrolment_id": place.id, "person_id": person.id, "cohort_id": cohort.id, "person": person.code, "cohort": cohort.code,
    }  # fmt: skip
    assert person.family_name.encode() not in message.body
    assert (person.email or "").encode() not in message.body
    (kept,) = messages(telling)
    assert (kept.code, kept.state, kept.tries, kept.status_code, kept.answer) == (message.id, "delivered", 1, 200, "thank you")


def test_the_signature_is_that_of_the_published_example():
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    mine = signing.signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert mine == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_undone_is_told_to_nobody(telling, receiver):
    listen(telling, receiver.url)
    cohort, person = make_cohort(telling), make_person(telling)

    def enrol_and_fail() -> None:
        with telling.database.transaction() as session:
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enrol_and_fail()
    telling.run_jobs()
    assert (messages(telling), receiver.messages) == ([], [])


def test_each_endpoint_is_told_of_what_it_chose(telling, receiver):
    listen(telling, receiver.url + "&one", ["enrolment.created", "enrolment.completed", "certificate.issued"])
    listen(telling, receiver.url + "&two", ["certificate.issued"])
    place = enrol(telling)
    with telling.database.transaction() as session:
        enrolling.complete(session, SYSTEM, place.id or 0)
        certificate = issuing.issue(session, SYSTEM, place.id or 0)
    telling.run_jobs()
    told = sorted((message.path[-3:], message.content["type"]) for message in receiver.messages)
    assert told == [
        ("one", "certificate.issued"),
        ("one", "enrolment.completed"),
        ("one", "enrolment.created"),
        ("two", "certificate.issued"),
    ]
    assert len({message.id for message in receiver.messages}) == 4
    (of_certificate, _other) = (m.content["data"] for m in receiver.messages if m.content["type"] == "certificate.issued")
    assert (of_certificate["serial"], of_certificate["certificate"]) == (certificate.serial, certificate.code)


def test_who_listens_is_asked_once_in_a_transaction_however_much_happens(telling):
    cohort, people = make_cohort(telling, seats=20), [make_person(telling) for _ in range(5)]
    with counting(telling) as statements, telling.database.transaction() as session:
        for person in people:
            enrolling.enrol(session, SYSTEM, cohort, person.id or 0)
    assert len([s for s in statements if "webhook" in s]) == 1


@dataclass(frozen=True)
class PearPicked:
    """A third party's event."""

    pear_id: int
    colours: frozenset[str]


ORCHARD = Plugin(
    "orchard", public_events=(PublicEvent("pear.picked", "A pear was picked", PearPicked, lambda session, event: {"ripe": True}),)
)


def test_the_event_of_another_plugin_is_offered_and_told_like_ours(campus, plugins, receiver):
    other = Campus.open(campus.settings, Plugins([*plugins, ORCHARD]))
    other.settings.webhooks_private = True
    listen(other, receiver.url, ["pear.picked"])
    with other.database.transaction() as session:
        session.emit(PearPicked(7, frozenset({"red", "green"})))
    other.run_jobs()
    assert receiver.messages[0].content["data"] == {"pear_id": 7, "colours": ["green", "red"], "ripe": True}
    # Uninstalled, its event stays chosen, and everything else goes on.
    endpoint = listen(other, receiver.url, ["pear.picked", "enrolment.created"])
    other.close()
    with campus.database.transaction() as session:
        offered = plugins.collect("public_events")
        saved = endpoints.save(
            session, SYSTEM, endpoint.code, offered, name="", url=receiver.url, events=["cohort.created"], allows_private=True
        )  # fmt: skip
    assert saved.events == ["cohort.created", "pear.picked"]


def test_two_plugins_cannot_use_one_name_for_their_events(plugins):
    with pytest.raises(PluginError, match=r"public_events 'pear.picked' exists already"):
        Plugins([*plugins, ORCHARD, Plugin("market", public_events=ORCHARD.public_events)])


def test_no_public_event_of_the_suite_tells_names_or_addresses(telling, plugins):
    """Whatever an event's fields are, none is a text that a person typed."""
    for public in plugins.collect("public_events"):
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", public.name)
        typed = {
            name
            for name, kind in public.event.__annotations__.items()
            if kind not in (int, int | None, bool, tuple[int, ...], frozenset[str])
        }
        assert typed <= {"status"}, public.name


def test_the_secret_is_not_in_the_database(telling, receiver):
    endpoint = listen(telling, receiver.url)
    secret = secret_of(telling, endpoint)
    assert secret.removeprefix("whsec_") not in json.dumps(endpoint.model_dump(), default=str)
    other = Settings(data_dir=telling.settings.data_dir / "elsewhere", secret_key="another", _env_file=None)
    assert signing.shown(signing.key_of(other.secret, endpoint.salt)) != secret
