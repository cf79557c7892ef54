"""The search of the site: everybody finds what they may see, by parts of words and without accents, and nothing else."""

import pytest

from lms.accounts import erasing
from lms.courses.models import Cohort
from lms.kernel.permissions import SYSTEM
from tests.courses.stories import activities_of, learner, tutor_of
from tests.enrollment.stories import enrolled
from tests.factories import make_cohort, make_course, make_person, sign_in
from tests.watching import counting, words


def found(browser, query):
    """What the page of results says."""
    answer = browser.get("/search", params={"q": query})
    assert answer.status_code == 200
    return words(answer)


def mapping(campus, code="MAP", **values) -> Cohort:
    """A cohort whose readings are about maps."""
    course = make_course(campus, code=code, activities=({"title": "El mapa de actores"},), title=f"Políticas públicas {code}")
    return make_cohort(campus, course, title=f"Mapas {code} 2026", **values)


def test_a_visitor_finds_courses_and_nothing_of_what_is_inside(client, campus):
    mapping(campus)
    page = found(client, "politicas PUBLICAS")
    assert "Políticas públicas MAP" in page
    assert "mapa de actores" not in found(client, "mapa")


def test_a_trainee_finds_open_readings_of_own_courses_alone(client, campus):
    mine, other = mapping(campus, "MINE"), mapping(campus, "OTHER")
    later = mapping(campus, "LATER", weekly=True, starts_in=20)
    sign_in(client, campus, learner(campus, mine, later))
    page = client.get("/search?q=mapa+actores")
    links = {f"/learn/{cohort.code}/{activities_of(campus, cohort)[0].id}": cohort for cohort in (mine, other, later)}
    shown = {cohort.code for url, cohort in links.items() if f'"{url}"' in page.text}
    assert shown == {mine.code}


def test_tutors_find_their_cohorts_and_trainees_and_staff_find_everybody(client, visit, campus):
    cohort, other = mapping(campus, "ONE"), mapping(campus, "TWO")
    for owner, name in ((cohort, "Tendai"), (other, "Rutendo")):
        enrolled(campus, owner, make_person(campus, given_name=name, family_name="Mukwashi"))
    tutor = sign_in(visit(), campus, tutor_of(campus, cohort))
    page = found(tutor, "mukwashi")
    assert "Tendai Mukwashi" in page
    assert "Rutendo" not in page
    assert "Mapas ONE 2026" in found(tutor, "mapas")
    assert "Mapas TWO 2026" not in found(tutor, "mapas")
    staff = sign_in(visit(), campus, make_person(campus, "staff"))
    page = found(staff, "mukwashi")
    assert "Tendai Mukwashi" in page
    assert "Rutendo Mukwashi" in page
    trainee = sign_in(client, campus, learner(campus, cohort))
    assert "Mukwashi" not in found(trainee, "mukwashi").replace("Search: mukwashi", "")


@pytest.mark.parametrize("query", ["", "   ", "%", "_", "\\", "' or 1=1 --", "x" * 5000, "<script>alert(1)</script>", "\u0928\u092e"])
def test_whatever_is_typed_is_only_looked_for(client, campus, query):
    mapping(campus)
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "Políticas" not in words(answer)


def test_the_cost_does_not_grow_with_what_there_is(client, campus):
    sign_in(client, campus, make_person(campus, "staff"))
    mapping(campus, "FIRST")
    client.get("/search?q=mapas")
    with counting(campus) as few:
        client.get("/search?q=mapas")
    for number in range(8):
        mapping(campus, f"MORE{number}")
    with counting(campus) as many:
        page = client.get("/search?q=mapas")
    assert len(few) == len(many)
    assert "/staff/cohorts?q=mapas" in page.text  # there are more than are shown


def test_somebody_who_was_erased_is_not_found(client, campus):
    person = make_person(campus, given_name="Tendai", family_name="Mukwashi")
    with campus.database.transaction() as session:
        erasing.erase(session, SYSTEM, person.id or 0)
    sign_in(client, campus, make_person(campus, "administrator"))
    assert "Tendai" not in found(client, "tendai").replace("Search: tendai", "")
