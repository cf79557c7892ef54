"""What a file says of people, and how it is understood."""

import json
from pathlib import Path

import pytest

from lms.accounts import importing_people, languages, organisations
from lms.accounts.addresses import is_plausible
from lms.accounts.genders import understood
from lms.accounts.models import Account, Person
from lms.kernel.importing import Incoming
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.factories import actor_of, make_person
from tests.imports.shell import table
from tests.imports.stories import people
from tests.kernel.probe import count
from tests.watching import counting

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "names" / "blns" / "blns.json"

# In the sense of the cases of isemail: what it calls valid, or valid but for the DNS, and what it calls an error or deprecated; what only
# RFC 5321 and 5322 in their full width allow (quoted local parts, comments, literals) is not for us.
GOOD = [
    "test@io", "test@iana.org", "test@nominet.org.uk", "test@about.museum", "a@iana.org", "test@e.com", "test@iana.a", "123@iana.org",
    "test.test@iana.org", "!#$%&`*+/=?^`{|}~@iana.org", "test@123.com", f"{'a' * 64}@iana.org", f"test@{'a' * 63}.com", "test@c--n.com",
    "test@mason-dixon.com", "test@iana.co-uk", "test@xn--hxajbheg2az3al.xn--jxalpdlp", "xn--test@iana.org", "test@nic.no", "o'hara@x.org",
    "a+b@x.org", "josé@ejemplo.es", "用户@例子.广告",
]  # fmt: skip
BAD = [
    "", "test", "@", "test@", "@io", "@iana.org", ".test@iana.org", "test.@iana.org", "test..iana.org", "te..st@iana.org",
    "test_exa-mple.com", "test\\@test@iana.org", "test@255.255.255.255", "test@iana.123", f"{'a' * 65}@iana.org", f"test@{'a' * 64}.com",
    "test@-iana.org", "test@iana-.com", "test@.iana.org", "test@iana.org.", "test@iana..com", f"a@{'b.' * 130}org", '"test"@iana.org',
    '""@iana.org', 'test"@iana.org', '"test"test@iana.org', '"te st"@iana.org', "test@[255.255.255.255]", "test@a[255.255.255.255]",
    "test@[IPv6:::]", " test @iana.org", "test@ iana .com", "test . test@iana.org", "(comment)test@iana.org", "test@(comment)iana.org",
    "test(comment)test@iana.org", "test@iana.org(comment)", "test@iana.org-", "(test@iana.org", "test@[1.2.3.4", "\x7f@iana.org",
    "test@\x7f.org", "test@iana/icann.org", "test@x_y.org", "a@b@c.org", "Ana <ana@x.org>", "ana@x.org, b@x.org", "ana@x.org;b@x.org",
    "=cmd|' /C calc'!A0", "mailto:a@b.c?x", "a\tb@x.org",
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD)
def test_addresses_that_mail_programs_use(address):
    assert is_plausible(address)


@pytest.mark.parametrize("address", BAD)
def test_what_is_no_address(address):
    assert not is_plausible(address)


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("F", "female"), ("M", "male"), ("female", "female"), ("Male", "male"), ("mujer", "female"), ("HOMBRE", "male"),
        ("Femme", "female"),
        ("homme", "male"), ("mulher", "female"), ("жен", None), ("женский", "female"), ("女", "female"), ("أنثى", "female"), ("x", "other"),
        ("Non-binary", "other"), ("no binario", "other"), ("Prefer not to say", "undisclosed"), ("prefiero_no_decirlo", "undisclosed"),
        ("", "undisclosed"), ("  ", "undisclosed"), ("Señora", "female"), ("yes", None), ("fm", None), ("1", None),
    ],
)  # fmt: skip
def test_how_people_write_a_gender(text, gender):
    assert understood(text) == gender


@pytest.mark.parametrize(
    ("text", "code"), [("es", "es"), ("PT-br", "pt_BR"), ("pt_BR", "pt_BR"), ("qu", "qu"), ("xx", None), ("Spanish", None), ("es_", None)]
)
def test_languages(text, code):
    assert languages.code_of(text) == code


@pytest.mark.parametrize(
    ("text", "kind"),
    [("think_tank", "think_tank"), ("Think tank", "think_tank"), ("NGO", "civil_society"), ("Universidad", "university"), ("circus", None)],
)
def test_kinds_of_organisations(text, kind):
    assert organisations.type_of(text) == kind


def test_what_is_not_understood_of_a_gender_is_listed(campus, shell):
    rows = [("a@x.org", "A", "robot"), ("b@x.org", "B", "robot"), ("c@x.org", "C", "F")]
    answer = shell.bring("people", table("email,given_name,gender", *rows))
    assert tuple(answer) == (3, 0, 0, 0)
    assert "line 2, column gender “robot”: Not understood: kept as undisclosed. (2 rows)" in answer.told
    assert {email: person.gender for email, person in people(campus).items()} == {
        "a@x.org": "undisclosed", "b@x.org": "undisclosed", "c@x.org": "female",
    }  # fmt: skip


def test_nobody_gets_an_account_or_a_mail(campus, shell):
    shell.bring("people", table("email,given_name", ("a@x.org", "A")))
    assert (count(campus, Person), count(campus, Account), count(campus, OutboxMessage)) == (1, 0, 0)


def test_an_organisation_is_known_by_name_and_country_and_keeps_its_kind(campus, shell):
    columns = "email,given_name,country,organisation,organisation_type"
    first = [("a@x.org", "A", "PE", "CIES", "university"), ("b@x.org", "B", "EC", "CIES", "ngo"), ("c@x.org", "C", "PE", "CIES ", "media")]
    answer = shell.bring("people", table(columns, *first))
    assert "line 4, column organisation_type “media”: The organisation is known as another kind, which stays: university." in answer.told
    known = people(campus)
    assert known["a@x.org"].organisation_id == known["c@x.org"].organisation_id != known["b@x.org"].organisation_id
    assert tuple(shell.bring("people", table(columns, *first))) == (0, 0, 3, 0)


def test_a_region_is_kept_only_where_the_country_does_not_tell_it(campus, shell):
    columns = "email,given_name,country,region"
    shell.bring("regions", table("code,name,parent", ("LIM", "Lima", "005"), ("AND", "Andes", "005")))
    rows = [("a@x.org", "A", "PE", "005"), ("b@x.org", "B", "PE", "LIM"), ("c@x.org", "C", "", "AND"), ("d@x.org", "D", "PE", "NONE")]
    answer = shell.bring("people", table(columns, *rows))
    assert tuple(answer) == (3, 0, 0, 1)
    assert "line 5, column region “NONE”" in answer.rejected[0]["reason"]
    known = people(campus)
    assert known["a@x.org"].region_id is None
    assert known["b@x.org"].region_id != known["c@x.org"].region_id
    assert tuple(shell.bring("people", table(columns, *rows))) == (0, 0, 3, 1)


def test_people_come_out_as_they_went_in(campus, shell):
    columns = "email,given_name,family_name,country,region,gender,organisation,organisation_type,language"
    shell.bring("regions", table("code,name,parent", ("LIM", "Lima", "005")))
    rows = [
        ("a@x.org", "Ana", "Núñez; “Ñ”, Díaz", "PE", "LIM", "female", '=HYPERLINK("x")', "think_tank", "es"),
        ("b@x.org", "", "-1+1", "", "", "undisclosed", "", "", "pt_BR"),
    ]
    shell.bring("people", table(columns, *rows))
    out = shell.export("people")
    assert out == table(columns, *rows)
    assert tuple(shell.bring("people", out)) == (0, 0, 2, 0)


def test_who_may_not_edit_people_imports_none(campus):
    staff = actor_of(campus, make_person(campus, "staff", scope=("programme", 1)))
    with campus.database.transaction() as session, pytest.raises(Exception, match="role does not allow"):
        importing_people.take(session, staff, [Incoming(2, {"email": "a@x.org", "given_name": "A"})], "upsert")


def test_the_number_of_questions_does_not_grow_with_the_rows(campus):
    def taking(start: int, rows: int) -> int:
        cells = [
            {
                "email": f"p{n}@x.org",
                "given_name": "P",
                "country": "PE",
                "region": "019",
                "organisation": f"O{n}",
                "organisation_type": "ngo",
            }
            for n in range(start, start + rows)
        ]
        with campus.database.transaction() as session, counting(campus) as statements:
            importing_people.take(session, SYSTEM, [Incoming(n, one) for n, one in enumerate(cells)], "upsert")
            return len(statements)

    assert taking(0, 3) == taking(100, 400)


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="the list of naughty strings is not here")
def test_naughty_strings_are_names_like_others_or_named(campus, shell):
    naughty = [text for text in json.loads(NAUGHTY.read_text(encoding="utf-8")) if text.strip()]
    rows = [(f"n{number}@x.org", "N", text, "PE") for number, text in enumerate(naughty)]
    answer = shell.bring("people", table("email,given_name,organisation,country", *rows))
    created, _updated, _unchanged, rejected = answer
    assert created + rejected == len(naughty)
    assert rejected == len(answer.rejected) < 15
    assert all("organisation" in row["reason"] for row in answer.rejected)
    again = shell.bring("people", table("email,given_name,organisation,country", *rows))
    assert tuple(again) == (0, 0, created, rejected)
    out = shell.bring("people", shell.export("people"))
    assert tuple(out) == (0, 0, created, 0)
