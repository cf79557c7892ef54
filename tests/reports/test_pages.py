"""The pages of statistics: the figures of the report, with ways down to its parts, up again, and out as files."""

import csv
import io
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from sqlalchemy import event

from lms.accounts.models import Organisation, Person
from lms.courses.models import Cohort
from lms.enrollment.models import Enrolment
from lms.reports import presenting
from tests.factories import make_person, sign_in
from tests.reports.seeding import above, count, count_by, seed


@pytest.fixture
def staff(client, campus):
    """A browser of programme staff."""
    return sign_in(client, campus, make_person(campus, "staff"))


def rows_of(page):
    """Of each row: its cells as text, and where it leads."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", page.text.partition("<tbody>")[2], re.S):
        cells = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        link = re.search(r'href="([^"]+)"', row)
        found.append((cells, unescape(link[1]) if link else None))
    return found


def figures_of(facts):
    """The measures as the page writes them, without the rate."""
    return [str(figure) for figure in (*count(facts)[:6], count(facts)[7])]


def written(cells, names=1):
    return [*cells[names:-2], cells[-1]]


def test_the_page_shows_the_figures_of_the_report(staff, campus):
    seeded = seed(campus)
    page = staff.get("/reports/trainees?by=country")
    rows = rows_of(page)
    assert written(rows[-1][0]) == figures_of(seeded.facts)
    by_hand = count_by(seeded.facts, ["country"])
    assert len(rows) == len(by_hand) + 1
    trainees = sorted((figures[0] for figures in by_hand.values()), reverse=True)
    assert [int(cells[1]) for cells, _link in rows[:-1]] == trainees
    shown = re.findall(r'<b class="num">(\d+)</b>', page.text)
    countries = {fact.codes["country"] for fact in seeded.facts} - {"unknown"}
    cohorts = {fact.codes["cohort"] for fact in seeded.facts}
    assert [int(number) for number in shown] == [*count(seeded.facts)[:2], len(cohorts), len(countries)]


def test_every_row_leads_to_a_page_that_counts_the_same(staff, campus):
    seed(campus)
    level, seen = ["/reports/trainees?by=macroregion&from=2011-06-01&where=gender=female&where=gender=male"], 0
    while level:
        following = []
        for address in level[:4]:
            for cells, link in rows_of(staff.get(address))[:-1]:
                if link:
                    assert rows_of(staff.get(link))[-1][0][1:] == cells[1:], (address, cells)
                    following.append(link)
                    seen += 1
        level = following
    assert seen > 20


def test_from_a_macro_region_down_to_cohorts_and_back_up(staff, campus):
    seeded = seed(campus)
    page = staff.get("/reports/trainees")
    for name in ("Americas", "South America", "Peru"):
        link = next(link for cells, link in rows_of(page)[:-1] if cells[0] == name)
        assert f'<a href="{link}">'.replace("&", "&amp;") in page.text.partition("<table")[0]  # the bar leads there too
        page = staff.get(link)
    cohorts = seeded.where(lambda f: f.codes["country"] == "PE" and f.codes["region"] == "005")
    assert written(rows_of(page)[-1][0]) == figures_of(cohorts)
    crumbs = re.search(r'<nav class="crumb".*?</nav>', page.text, re.S)
    assert crumbs
    steps = re.findall(r"<li>(?:<a href=\"([^\"]+)\">)?(?:<span[^>]*>)?([^<]+)", crumbs[0])
    assert [name for _url, name in steps] == ["Statistics", "Trainees by macro-region", "Americas", "South America", "Peru"]
    americas = staff.get(unescape(steps[2][0]))
    wanted = seeded.where(lambda f: f.codes["macroregion"] == "019")
    assert written(rows_of(americas)[-1][0]) == figures_of(wanted)
    assert rows_of(americas)[0][0][0] in ("South America", "Latin America")


def test_the_form_asks_what_the_address_asks(staff, campus):
    seeded = seed(campus)
    page = staff.get(
        "/reports/trainees", params={"by": ["course", "gender"], "where": ["year=2012", "", "region=019"], "from": "2012-02-01"}
    )
    selected = re.findall(r'<option value="([^"]*)" selected', page.text)
    assert selected == ["course", "gender", "year=2012"]
    assert '<input type="hidden" name="where" value="region=019">' in page.text
    assert 'value="2012-02-01"' in page.text
    wanted = seeded.where(
        lambda f: (
            f.codes["year"] == "2012" and "019" in above(f.codes["region"]) and f.day.isoformat() >= "2012-02-01"
            if f.codes["region"] != "unknown"
            else False
        )
    )
    assert written(rows_of(page)[-1][0]) == figures_of(wanted)


def test_a_filter_without_a_field_can_be_taken_away(staff, campus):
    seeded = seed(campus)
    page = staff.get("/reports/trainees?by=gender&where=country=PE&where=year=2012")
    chip = re.search(r'<a class="tag place" href="([^"]+)">Country: Peru', page.text)
    assert chip
    wanted = seeded.where(lambda f: f.codes["year"] == "2012")
    assert written(rows_of(staff.get(unescape(chip[1])))[-1][0]) == figures_of(wanted)


def test_files_answer_the_question_of_the_page(staff, campus):
    seeded = seed(campus)
    page = staff.get("/reports/trainees?by=country,year&where=region=419&where=gender=female&from=2011-03-01&to=2012-12-31")
    links = {kind: unescape(url) for url, kind in re.findall(r'href="(/reports/trainees/export\.(\w+)[^"]*)"', page.text)}
    assert set(links) == {"csv", "xlsx", "json"}
    answers = {kind: staff.get(link) for kind, link in links.items()}
    assert all("attachment" in answer.headers["content-disposition"] for answer in answers.values())
    assert answers["csv"].headers["content-type"] == "text/csv; charset=utf-8"
    assert "trainees-by-country-year.xlsx" in answers["xlsx"].headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answers["csv"].text)))
    wanted = seeded.where(
        lambda f: f.codes["gender"] == "female" and "2011-03-01" <= f.day.isoformat() <= "2012-12-31" and f.codes["region"] != "unknown"
        and "419" in above(f.codes["region"])
    )  # fmt: skip
    assert rows[-1][4:6] == [str(figure) for figure in count(wanted)[:2]]
    assert answers["json"].json()["rows"][-1]["participations"] == len(wanted)
    assert staff.get("/reports/trainees/export.exe").status_code == 404


def test_a_long_table_is_cut_and_says_so_while_its_file_is_whole(staff, campus, monkeypatch):
    seeded = seed(campus)
    monkeypatch.setattr(presenting, "ROWS", 30)
    page = staff.get("/reports/trainees?by=country,cohort")
    all_rows = len(count_by(seeded.facts, ("country", "cohort")))
    assert len(rows_of(page)) == 31
    assert f"The first 30 of {all_rows} rows" in page.text
    assert f"The first 20 of {all_rows}" in page.text
    assert len(staff.get("/reports/trainees/export.csv?by=country,cohort").text.splitlines()) == all_rows + 2


def test_the_number_of_queries_does_not_grow_with_the_rows(staff, campus):
    seed(campus, people=10, enrolments=10)
    statements: list[str] = []
    event.listen(campus.database.engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: statements.append(statement))

    def asked():
        statements.clear()
        assert staff.get("/reports/trainees?by=region,course&where=region=001").status_code == 200
        return len(statements)

    few = asked()
    with campus.database.transaction() as session:
        cohorts = [cohort.id or 0 for cohort in (session.get(Cohort, number) for number in range(1, 13)) if cohort]
        organisation = session.add(Organisation(name="Yayasan Bukti", type="media", country_code="ID"))
        for number in range(80):
            at = datetime(2014, 1, 1, tzinfo=UTC)
            person = session.add(
                Person(code=f"q{number}", given_name="Siti", country_code="ID", organisation_id=organisation.id, created_at=at)
            )
            cohort = cohorts[number % len(cohorts)]
            session.add(Enrolment(cohort_id=cohort, person_id=person.id or 0, place=1000 + number, enrolled_at=at))
    assert asked() == few <= 9


def test_nothing_to_count_is_said_in_words(staff, campus):
    assert "Nothing to count yet" in staff.get("/reports/trainees").text
    seed(campus, people=5, enrolments=5)
    page = staff.get("/reports/trainees?by=region&where=country=NZ")
    assert "Nothing fits these filters" in page.text
    assert "<tbody>" not in page.text


def test_the_total_alone_can_be_asked_for(staff, campus):
    seeded = seed(campus)
    rows = rows_of(staff.get("/reports/trainees?by="))
    assert [written(cells) for cells, _link in rows] == [figures_of(seeded.facts)]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("by=colour", 422, "macroregion"),
        ("where=country=XX", 422, "“XX” (country) does not occur"),
        ("where=<script>", 422, "&lt;script&gt;"),
        ("from=yesterday", 422, "year-month-day"),
        ("from=2012-02-01&to=2012-01-01", 422, "earlier"),
    ],
)
def test_a_question_that_makes_no_sense_is_told_so(staff, campus, query, status, says):
    seed(campus, people=5, enrolments=5)
    page = staff.get(f"/reports/trainees?{query}")
    assert page.status_code == status
    assert says in page.text


def test_names_are_escaped_and_in_the_language_of_the_reader(client, campus):
    seed(campus)
    sign_in(client, campus, make_person(campus, "reporter", language="es"))
    client.cookies.set("lang", "es")
    page = client.get("/reports/trainees?by=country,course")
    assert "Perú" in page.text
    assert "Curso BETA 2" in page.text
    client.cookies.set("lang", "en")
    assert "=HYPERLINK(&#34;http" in client.get("/reports/trainees?by=course").text


def test_who_may_see_statistics(visit, campus):
    seeded = seed(campus)
    pages = ["/reports", "/reports/trainees", "/reports/trainees/definitions", "/reports/trainees/export.csv"]
    for role, status in (("administrator", 200), ("staff", 200), ("reporter", 200), ("tutor", 403), ("trainee", 403)):
        browser = sign_in(visit(), campus, make_person(campus, role))
        assert {browser.get(path).status_code for path in pages} == {status}, role
        assert ('href="/reports"' in browser.get("/accessibility").text) == (status == 200)
    stranger = visit()
    assert {stranger.get(path).url.path for path in pages} == {"/sign-in"}
    hers = sign_in(visit(), campus, make_person(campus, "reporter", scope=("course", seeded.courses["ALFA-1"])))
    page = hers.get("/reports/trainees?by=cohort")
    assert written(rows_of(page)[-1][0]) == figures_of(seeded.where(lambda f: f.codes["course"] == "ALFA-1"))
    assert "BETA" not in page.text
    assert hers.get("/reports/nothing").status_code == 404


def test_the_list_leads_to_questions_that_are_asked_often(staff, campus):
    seed(campus)
    page = staff.get("/reports")
    links = [unescape(link) for link in re.findall(r'<a class="card" href="([^"]+)">', page.text)]
    assert {"by=region", "by=country", "by=organisation_type", "by=gender", "by=course,year"} <= {link.partition("?")[2] for link in links}
    assert {staff.get(link).status_code for link in links} == {200}


def test_every_figure_and_every_dimension_has_its_definition(staff, campus):
    page = staff.get("/reports/trainees/definitions").text
    assert page.count("<dt>") == page.count("<dd>") == 8 + 12
    assert "<dd></dd>" not in page
