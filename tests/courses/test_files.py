"""Files of activities: a film loads when it is started, every file says before what it is and weighs, a link stays a link."""

import re

import pytest

from tests.accounts.stories import submit, words
from tests.courses.stories import activities_of, learner, modules_of, staff
from tests.factories import make_cohort, make_course, sign_in

FILM = b"\0\0\0\x18ftypmp42" + bytes(1_400_000)
SONG = b"ID3" + bytes(90_000)


@pytest.fixture
def shown(client, campus, visit):
    """Gives an activity a file as staff would; answers a trainee's browser and the activity's address."""

    def give(name, content, body=""):
        staff(client, campus)
        course = make_course(campus, "POLI", modules=1)
        path = f"/staff/modules/{modules_of(campus, course)[0].id}/activities/new"
        given = {"type": "file", "title": "File", "body": body, "completion": "viewed", "published": "on", "required": "on"}
        submit(client, f"{path}?type=file", path, files={"file": (name, content, "")}, **given)
        cohort = make_cohort(campus, course, code="C")
        return sign_in(visit(), campus, learner(campus, cohort)), f"/learn/C/{activities_of(campus, cohort)[1].id}"

    return give


@pytest.mark.parametrize(
    ("name", "content", "tag", "facts"),
    [("talk.mp4", FILM, "video", "MP4, 1.4 MB"), ("talk.mp3", SONG, "audio", "MP3, 90 kB")],
)
def test_a_film_or_a_recording_loads_only_when_it_is_started_and_says_what_it_weighs(shown, name, content, tag, facts):
    browser, url = shown(name, content)
    page = browser.get(url)
    (player,) = re.findall(rf"<{tag} [^>]*>", page.text)
    assert 'preload="none"' in player
    assert "controls" in player
    assert "autoplay" not in page.text
    assert f"It loads only when you start it: {facts}." in words(page)
    assert f"Download {name} ({facts})" in words(page)
    part = browser.get(f"{url}/file", headers={"range": "bytes=4-7", "accept-encoding": "br"})
    assert (part.status_code, part.content, part.headers.get("content-encoding")) == (206, content[4:8], None)
    assert part.headers["content-type"] == {"video": "video/mp4", "audio": "audio/mpeg"}[tag]


def test_the_light_version_has_no_player(shown):
    browser, url = shown("talk.mp4", FILM)
    page = browser.get(url, headers={"save-data": "on"})
    assert "<video" not in page.text
    assert "Download talk.mp4 (MP4, 1.4 MB)" in words(page)


def test_a_link_to_a_film_elsewhere_stays_a_link(shown):
    browser, url = shown("notes.txt", b"Notes", body="[A talk](https://www.youtube.com/watch?v=x)")
    page = browser.get(url).text
    assert '<a href="https://www.youtube.com/watch?v=x"' in page
    assert not re.search(r"<(iframe|embed|object|video)\b", page)
    assert "TXT, 5 B" in page


def test_sizes_are_written_as_the_reader_writes_numbers(shown):
    browser, url = shown("talk.mp4", FILM)
    assert "MP4, 1,4 MB" in browser.get(url, headers={"accept-language": "es"}).text
