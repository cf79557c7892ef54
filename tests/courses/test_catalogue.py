"""The public catalogue: what visitors find, and what they do not."""

from datetime import timedelta

import pytest

from lms.courses import editing
from lms.kernel import clock
from lms.kernel.permissions import SYSTEM
from tests.accounts.stories import words
from tests.courses.stories import add_words, modules_of, region, staff, topic
from tests.factories import make_cohort, make_course
from tests.watching import counting

SPANISH = {"accept-language": "es"}


def test_the_catalogue_shows_what_a_course_is_when_it_runs_and_for_whom(client, campus):
    course = make_course(campus, "POLI", title="Influencing policy with evidence", summary="Build a real influence plan.", modules=6)
    make_cohort(campus, course, code="POLI-LA", starts_in=30, seats=25, regions=[region(campus, "419")], language="es",
                enrolment_method="application", enrol_until=clock.now() + timedelta(days=9))  # fmt: skip
    page = words(client.get("/"))
    for shown in ["Influencing policy with evidence", "Build a real influence plan.", "6 weeks", "Latin America", "Spanish", "25 places",
                  "Call open until", "(UTC)", "Apply"]:  # fmt: skip
        assert shown in page


def test_drafts_and_archived_courses_are_not_in_the_catalogue(client, campus):
    draft, archived = make_course(campus, title="Half-baked"), make_course(campus, title="Long ago")
    with campus.database.transaction() as session:
        editing.unpublish(session, SYSTEM, draft)
        editing.set_status(session, SYSTEM, archived.id or 0, "archived")
    page = words(client.get("/"))
    assert "Half-baked" not in page
    assert "Long ago" not in page
    assert client.get(f"/courses/{draft.code}").status_code == 404
    assert "no longer offered" in words(client.get(f"/courses/{archived.code}"))  # its cohorts' pages lead here
    staff(client, campus)
    assert "This is a draft" in words(client.get(f"/courses/{draft.code}"))


def test_a_draft_cohort_is_shown_to_nobody_outside(client, campus):
    course = make_course(campus, title="Evaluation")
    cohort = make_cohort(campus, course, code="SECRET", status="draft", enrolment_method="self")
    assert client.get("/cohorts/SECRET").status_code == 404
    assert "SECRET" not in client.get(f"/courses/{course.code}").text
    assert words(client.get("/?open=1")).count("No course fits that") == 1
    staff(client, campus)
    assert "This is a draft" in words(client.get(f"/cohorts/{cohort.code}"))


@pytest.mark.parametrize("typed", ["politica", "POLÍTICA", "política influir", "influir  policy", "evidence", "incidencia", "POLI-7"])
def test_search_finds_a_course_in_every_language_however_accents_are_typed(client, campus, typed):
    subject = topic(campus, "Policy influence")
    course = make_course(campus, "POLI-7", title="Influencing policy", summary="With evidence.", topic_id=subject)
    make_course(campus, title="Budget transparency")
    with campus.database.transaction() as session:
        editing.save_course_text(session, SYSTEM, course, "es", title="Influir en la política", summary="Incidencia con datos.")
    page = words(client.get("/", params={"q": typed}))
    assert "Influencing policy" in page
    assert "Budget transparency" not in page


def test_a_topic_is_found_by_its_name_in_the_languages_of_the_course(client, campus):
    make_course(campus, title="Curso", language="es", topic_id=topic(campus, "Monitoring and evaluation"))
    assert "Curso" in words(client.get("/", params={"q": "monitoring"}))
    assert "Curso" in words(client.get("/", params={"topic": "monitoring-and-evaluation"}))
    assert "Curso" not in words(client.get("/", params={"topic": "leadership"}))


def test_signs_that_databases_read_as_patterns_are_just_signs(client, campus):
    make_course(campus, title="100% of the budget")
    make_course(campus, title="Other")
    assert "100% of" in words(client.get("/", params={"q": "100%"}))
    assert "No course fits that" in words(client.get("/", params={"q": "_"}))


def test_a_wider_region_finds_the_cohorts_of_the_regions_inside(client, campus):
    in_peru, in_africa = make_course(campus, title="Andes"), make_course(campus, title="Savanna")
    make_cohort(campus, in_peru, regions=[region(campus, "005")])
    make_cohort(campus, in_africa, regions=[region(campus, "002")])
    for code, found in [("005", "Andes"), ("419", "Andes"), ("019", "Andes"), ("002", "Savanna")]:
        page = words(client.get("/", params={"region": code}))
        assert [title for title in ("Andes", "Savanna") if title in page] == [found]
    assert "No course fits that" in words(client.get("/", params={"region": "142"}))


def test_only_regions_and_languages_that_lead_somewhere_are_offered(client, campus):
    make_cohort(campus, make_course(campus, title="Andes"), regions=[region(campus, "005")], language="es")
    page = client.get("/").text
    assert "South America" in page
    assert "Spanish" in page
    assert "Polynesia" not in page
    assert "French" not in page


def test_one_cohort_must_meet_all_that_is_wanted(client, campus):
    course = make_course(campus, title="Both")
    make_cohort(campus, course, language="es", enrolment_method="staff")
    make_cohort(campus, course, language="en", enrolment_method="self")
    assert "No course fits that" in words(client.get("/?language=es&open=1"))
    assert "Both" in words(client.get("/?language=en&open=1"))
    assert "Both" in words(client.get("/?language=es"))


def test_a_course_without_cohorts_is_found_by_its_own_language(client, campus):
    make_course(campus, title="Solo", language="es")
    assert "Solo" in words(client.get("/?language=es"))
    assert "Solo" not in words(client.get("/?language=en"))


def test_what_one_can_get_into_comes_first_and_a_call_opens_and_ends_by_the_clock(client, campus):
    now = clock.now()
    make_course(campus, title="Aaa without dates")
    called = make_course(campus, title="Zzz with a call")
    make_cohort(campus, called, starts_in=40, enrolment_method="application", enrol_from=now + timedelta(days=2),
                enrol_until=now + timedelta(days=5))  # fmt: skip
    assert words(client.get("/")).index("Aaa") < words(client.get("/")).index("Zzz")
    assert "Opens" in words(client.get("/"))
    with clock.frozen(now + timedelta(days=3)):
        page = words(client.get("/"))
        assert page.index("Zzz") < page.index("Aaa")
        assert "Zzz" in words(client.get("/?open=1"))
    with clock.frozen(now + timedelta(days=6)):
        assert "Zzz" not in words(client.get("/?open=1"))
        assert "Call closed" in words(client.get("/"))


def test_pages_of_the_catalogue_show_every_course_once(client, campus):
    titles = [f"Course {number:02}" for number in range(30)]
    for number, title in enumerate(titles):
        course = make_course(campus, title=title, modules=1, activities=())
        if number % 4 == 0:
            make_cohort(campus, course, enrolment_method="self")
    seen: list[str] = []
    url = "/?q=course"
    while url:
        page = client.get(url)
        seen += [title for title in titles if title in words(page)]
        following = page.text.partition('rel="next" href="')[2].partition('"')[0]
        url = following.replace("&amp;", "&")
    assert sorted(seen) == titles
    assert all("q=course" in link for link in [client.get("/?q=course").text.partition('rel="next" href="')[2].partition('"')[0]])


def test_the_catalogue_asks_the_same_number_of_questions_however_much_it_shows(client, campus):
    def cost() -> int:
        with counting(campus) as statements:
            assert client.get("/").status_code == 200
        return len(statements)

    make_cohort(campus, make_course(campus), enrolment_method="self", regions=[region(campus, "002")])
    one = cost()
    for _number in range(8):
        course = make_course(campus, modules=1)
        for code in ("005", "002"):
            make_cohort(campus, course, enrolment_method="self", regions=[region(campus, code)])
    assert cost() == one
    assert one <= 12


def test_a_course_page_speaks_the_readers_language_as_far_as_it_has_words(client, campus):
    course = make_course(
        campus, title="Mapping actors", summary="Who decides?", description="# Goals\n\nA map.", activities=({"minutes": 8},)
    )
    with campus.database.transaction() as session:
        editing.save_course_text(session, SYSTEM, course, "es", title="Mapeo de actores", summary="¿Quién decide?", description="Un mapa.")
    add_words(campus, modules_of(campus, course)[0], "es", "Semana 1")
    english, spanish = client.get(f"/courses/{course.code}"), client.get(f"/courses/{course.code}", headers=SPANISH)
    assert "Who decides?" in words(english)
    assert "<h2>Goals</h2>" in english.text
    assert "Week 1" in words(english)
    assert "¿Quién decide?" in words(spanish)
    assert "Un mapa." in words(spanish)
    assert "Semana 1" in words(spanish)
    assert "Week 2" in words(spanish)  # nobody translated it yet
    assert "Mapeo de actores" in words(client.get("/", headers=SPANISH))


def test_running_cohorts_are_told_from_those_of_the_past(client, campus):
    course = make_course(campus)
    make_cohort(campus, course, code="NOW", starts_in=-7, enrolment_method="application", enrol_until=clock.now() - timedelta(days=9))
    make_cohort(campus, course, code="THEN", starts_in=-300)
    page = client.get(f"/courses/{course.code}").text
    assert page.index("/cohorts/NOW") < page.index("Earlier dates") < page.index("/cohorts/THEN")


def test_addresses_with_odd_signs_lead_nowhere_and_break_nothing(client, campus):
    make_course(campus)
    for path in [
        "/?after=9-x",
        "/?after=0-nothing",
        "/?q=" + "a" * 5000,
        "/?region=x&topic=%27&language=zz",
        "/?q=%ed%a0%80",
        "/?q=%25%5c",
    ]:
        assert client.get(path).status_code == 200, path
    for path in ["/?q=%00", "/?after=%00", "/courses/%00", "/cohorts/%00", "/courses/a%2Fb"]:
        assert client.get(path).status_code == 404, path
