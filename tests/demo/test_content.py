"""Stories about the courses of the demo: complete, in both languages, of the lengths that were promised."""

import re
import string
import tomllib
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from lms.courses.models import Activity, Cohort, ContentText, Module
from lms.demo.library import LANGUAGES, Content, Part, library, read_page
from lms.demo.people import sign_ins, trainees
from lms.demo.writing import THEMES, Author
from lms.kernel import richtext
from lms.kernel.campus import Campus
from lms.kernel.storage import StoredFile

# SQLModel types a column as its value; in a statement it is a column.
_Activity: Any = Activity
_Module: Any = Module
_Text: Any = ContentText

LONG = "POLI"


def parts_of(*types: str) -> list[Any]:
    """The activities of these types, each with its course."""
    return [
        pytest.param(course, part, id=f"{course.code}-{part.name}") for course in library() for part in course.parts if part.type in types
    ]


PARTS, PAGES, EXERCISES = parts_of("page", "link", "file", "assignment"), parts_of("page"), parts_of("assignment")


def count(text: str) -> int:
    return len(re.sub(r"[|#*>_-]", " ", text).split())


@pytest.mark.parametrize("course", library(), ids=lambda course: course.code)
def test_a_course_has_six_modules_each_with_a_page_and_an_exercise(course: Content) -> None:
    assert len(course.modules) == course.weeks == 6
    for week in range(1, 7):
        types = [part.type for part in course.parts if part.week == week]
        assert types[0] == "page"
        assert types[-1] == "assignment"
        assert types.count("page") == (2 if course.code == LONG else 1)


@pytest.mark.parametrize(("course", "part"), PARTS)
def test_an_activity_has_words_in_every_language(course: Content, part: Part) -> None:
    titles = [part.words[language].title for language in LANGUAGES]
    assert all(titles)
    assert len(set(titles)) == len(LANGUAGES)
    sizes = [count(part.words[language].body) for language in LANGUAGES]
    assert min(sizes) > 0.75 * max(sizes)
    assert part.facts["minutes"] > 0


@pytest.mark.parametrize(("course", "part"), PAGES)
def test_a_page_is_as_long_as_promised(course: Content, part: Part) -> None:
    is_first = part.name.split("-")[1] == "1"
    low, high = (200, 310) if course.code != LONG else (600, 900) if is_first else (400, 600)
    for language in LANGUAGES:
        assert low <= count(part.words[language].body) <= high, language


@pytest.mark.parametrize(("course", "part"), PAGES)
def test_a_page_ends_with_something_to_do(course: Content, part: Part) -> None:
    ends = {"en": ("**Try it.**", "**To think about:**"), "es": ("**Manos a la obra.**", "**Para pensar:**")}
    for language, marks in ends.items():
        last = part.words[language].body.split("\n\n")[-1]
        assert any(mark in last for mark in marks)


@pytest.mark.parametrize(("course", "part"), EXERCISES)
def test_an_exercise_says_its_length_and_its_criteria_make_a_hundred(course: Content, part: Part) -> None:
    assert (part.facts["points"], part.facts["pass_points"]) == (100, 60)
    low, high = part.facts["words"]
    for language in LANGUAGES:
        body = part.words[language].body
        for bound in (low, high):
            written = f"{bound:,}" if language == "en" or bound < 1000 else f"{bound:,}".replace(",", ".")
            assert written in body
        assert sum(int(points) for points in re.findall(r"\| (\d+) \|$", body, re.M)) == 100
        assert "60" in body


def test_the_exercises_of_a_course_weigh_a_hundred_and_the_last_one_must_be_passed() -> None:
    for course in library():
        exercises = [part for part in course.parts if part.type == "assignment"]
        assert sum(part.facts["weight"] for part in exercises) == 100
        assert [part.facts["due_day"] for part in exercises] == [7, 14, 21, 28, 35, 42]
        assert [part.facts.get("completion", "submitted") for part in exercises] == ["submitted"] * 5 + ["passed"]


@pytest.mark.parametrize(("course", "part"), PARTS)
def test_texts_are_plain_markdown(course: Content, part: Part) -> None:
    for language in LANGUAGES:
        body = part.words[language].body
        assert not re.search(r"<[a-z/!]", body)
        html = richtext.render(body)
        assert "**" not in html
        assert html.count("<table>") == len(re.findall(r"^\|(?: ?-+:? ?\|)+$", body, re.M))
        for link in re.findall(r"\]\(([^)]+)\)", body):
            assert urlsplit(link).scheme == "https"


def test_links_and_files_are_where_they_belong() -> None:
    for course in library():
        for part in course.parts:
            assert ("url" in part.facts) == (part.type == "link")
            assert bool(part.attachments) == (part.type == "file")
            if part.type == "link":
                address = urlsplit(part.facts["url"])
                assert address.scheme == "https"
                assert address.netloc
            for language, attachment in part.attachments.items():
                assert language in LANGUAGES
                assert attachment.content.decode("utf-8").strip()


def test_every_column_of_a_worksheet_is_filled_or_empty_in_each_row() -> None:
    for course in library():
        for part in course.parts:
            for attachment in part.attachments.values():
                if attachment.name.endswith(".csv"):
                    lines = attachment.content.decode("utf-8").splitlines()
                    assert len({line.count(",") for line in lines}) == 1, attachment.name


def test_a_content_file_without_front_matter_is_refused() -> None:
    with pytest.raises(ValueError, match="front matter"):
        read_page("# Just a title\n\nText.")


def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads((files("lms.demo") / "texts" / f"{language}.toml").read_text(encoding="utf-8"))


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(part) for key, part in value.items()}
    return [_shape(part) for part in value] if isinstance(value, list) else ""


def test_people_write_as_much_in_each_language() -> None:
    english, spanish = _texts("en"), _texts("es")
    assert _shape(english) == _shape(spanish)
    assert sum(len(variants) for theme in english["themes"].values() for variants in theme) >= 30
    assert sum(len(sentences) for sentences in english["feedback"].values()) >= 25


def test_texts_name_only_what_is_known_of_their_author() -> None:
    def names(value: Any) -> set[str]:
        if isinstance(value, str):
            return {name for _text, name, _spec, _conversion in string.Formatter().parse(value) if name}
        return set().union(*map(names, value.values() if isinstance(value, dict) else value))

    for language in LANGUAGES:
        assert names(_texts(language)) == {"organisation", "country", "issue"}


def test_what_people_hand_in_is_within_the_length() -> None:
    author = Author(trainees()[0], "es")
    for course in library():
        for part in course.parts:
            if part.type == "assignment":
                low, high = part.facts["words"]
                assert low <= count(author.exercise(course.code, part.week, part.least)) <= high + 50, (course.code, part.name)
    assert set(THEMES) == {course.code for course in library()}


def test_the_people_who_sign_in_are_one_for_each_role_and_two_where_languages_matter() -> None:
    roles = [person.role for person in sign_ins()]
    assert roles == ["administrator", "staff", "tutor", "tutor", "trainee", "trainee", "reporter", "visitor"]
    assert {person.language for person in sign_ins() if person.role == "trainee"} == set(LANGUAGES)


def test_the_catalogue_holds_every_word_in_both_languages(campus: Campus) -> None:
    with campus.database.reading() as session:
        for table, column in ((_Module, _Text.module_id), (_Activity, _Text.activity_id)):
            own = session.scalars(select(table.id).where(table.cohort_id.is_(None)))
            translated = session.scalars(select(column).where(_Text.language == "es", column.is_not(None)))
            assert sorted(own) == sorted(translated)


def test_a_cohort_in_spanish_has_spanish_words_and_worksheets(campus: Campus) -> None:
    spanish = {part.words["es"].title for course in library() for part in course.parts}
    worksheets = {a.name for course in library() for part in course.parts for language, a in part.attachments.items() if language == "es"}
    with campus.database.reading() as session:
        cohorts = {cohort.id: cohort for cohort in session.scalars(select(Cohort))}
        for activity in session.scalars(select(Activity).where(_Activity.cohort_id.is_not(None))):
            assert (activity.title in spanish) == (cohorts[activity.cohort_id].language == "es")
            if activity.type == "file" and cohorts[activity.cohort_id].language == "es":
                assert session.one(StoredFile, activity.file_id).name in worksheets
