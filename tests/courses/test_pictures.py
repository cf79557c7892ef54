"""Pictures in readings: given with words, drawn small by a job, shown in the text, copied with the course, left out of light pages."""

import io
import re
import struct
import zlib
from html import unescape
from typing import Any

import pytest
from PIL import Image, ImageFile
from sqlalchemy import func, select
from sqlmodel import col

from lms.courses import content, picturing
from lms.courses.illustrating import Picture
from lms.courses.models import Activity, ActivityPicture
from lms.kernel import richtext
from lms.kernel.campus import Campus
from lms.kernel.errors import Invalid
from lms.kernel.jobs import JobRegistry, run_pending
from lms.kernel.permissions import SYSTEM
from lms.kernel.storage import StoredFile
from tests.accounts.stories import submit, words
from tests.courses.stories import activities_of, learner, staff
from tests.factories import make_cohort, make_course, sign_in
from tests.watching import counting

TEXT = "Who knows whom?\n\n![](picture:1)\n\nNow draw your own."


def photo(size: tuple[int, int] = (1700, 1275), kind: str = "JPEG", **options: Any) -> io.BytesIO:
    """A picture with soft shapes, as a camera would make it."""
    shapes = [Image.effect_noise((40, 30), 90).resize(size, Image.Resampling.BICUBIC) for _colour in range(3)]
    stream = io.BytesIO()
    Image.merge("RGB", shapes).save(stream, kind, **options)
    stream.seek(0)
    return stream


def work(campus: Campus) -> None:
    """Do what waits."""
    run_pending(campus.database, JobRegistry.of(campus.plugins), campus.settings, campus.storage)


def illustrate(campus: Campus, activity: Activity, stream: io.BytesIO | None = None, alt: str = "A map of actors") -> None:
    """Give an activity a picture, and draw it."""
    with campus.database.transaction() as session:
        picturing.add(session, campus.storage, SYSTEM, activity.id or 0, stream or photo(), "map.jpg", alt, not alt)
    work(campus)


def images(html: str) -> list[str]:
    return re.findall(r"<img [^>]*>", html)


def test_staff_put_a_picture_into_a_reading_and_trainees_see_it(client, campus, visit):
    course = make_course(campus, "POLI", modules=1, activities=({"body": TEXT},))
    cohort = make_cohort(campus, course, code="C", status="published")
    (reading,) = activities_of(campus, cohort)
    staff(client, campus)
    url = f"/staff/activities/{reading.id}/pictures"
    assert "No pictures yet" in words(client.get(url))
    sent = {"picture": ("where I live.jpg", photo().getvalue(), "image/jpeg")}
    assert "what the picture shows" in words(submit(client, url, files=sent))
    assert "Being drawn" in words(submit(client, url, files=sent, alt="A map of actors"))
    work(campus)
    assert "![A map of actors](picture:1)" in client.get(url).text
    rosa = sign_in(visit(), campus, learner(campus, cohort))
    page = rosa.get(f"/learn/C/{reading.id}").text
    (image,) = images(page)
    assert 'alt="A map of actors"' in image
    assert all(word in image for word in ('width="1600"', 'height="1200"', 'loading="lazy"', 'decoding="async"', "480w", "960w", "1600w"))
    weights = []
    for address in sorted(set(re.findall(r"/learn/[^ \"]+\?\d+", image)), key=len):
        shown = rosa.get(address)
        weights.append(len(shown.content))
        assert shown.headers["content-type"] == "image/webp"
        assert "immutable" in shown.headers["cache-control"]
        assert "content-disposition" not in shown.headers
    whole = rosa.get(f"/learn/C/{reading.id}/pictures/1")
    assert "attachment" in whole.headers["content-disposition"]
    assert Image.open(io.BytesIO(whole.content)).size == (1700, 1275)
    assert weights[0] < len(whole.content) / 2


def test_a_picture_says_nothing_about_where_and_with_what_it_was_taken(client, campus):
    course = make_course(campus, "POLI", modules=1, activities=({"body": TEXT},))
    (reading,) = activities_of(campus, course)
    exif = Image.Exif()
    exif[0x0110] = "Camera of Rosa"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "S"
    illustrate(campus, reading, photo((900, 600), exif=exif, comment=b"my home"))
    with campus.database.reading() as session:
        kept = list(session.scalars(select(StoredFile)))
        assert len(kept) == 3, "the file that was sent is gone"
    for file in kept:
        with campus.storage.open(file.key) as opened:
            raw = opened.read()
        picture = Image.open(io.BytesIO(raw))
        assert (b"Camera" in raw, b"my home" in raw, dict(picture.getexif())) == (False, False, {})
        assert picture.width < picture.height, "it stands upright"


@pytest.mark.parametrize(
    ("name", "said"),
    [("film", "stands still"), ("bomb", "too many pixels"), ("text", "not a picture"), ("large", "too large")],
)
def test_what_cannot_be_shown_is_refused_with_the_reason(campus, name, said):
    (reading,) = activities_of(campus, make_course(campus, "POLI", modules=1))
    with pytest.raises(Invalid) as refusal, campus.database.transaction() as session:
        picturing.add(session, campus.storage, SYSTEM, reading.id or 0, io.BytesIO(BAD[name]()), "x.png", "Something", False)
    assert said in str(refusal.value.errors["picture"])
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def film() -> bytes:
    out = io.BytesIO()
    first, *others = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "teal")]
    first.save(out, "GIF", save_all=True, append_images=others)
    return out.getvalue()


def bomb() -> bytes:
    """Some hundred bytes that say they are 100,000 pixels wide and high."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


BAD = {"film": film, "bomb": bomb, "text": lambda: b"<svg onload=alert(1)>", "large": lambda: photo((8, 8)).getvalue() + bytes(17 * 2**20)}


def test_a_picture_that_ends_too_early_is_called_broken(client, campus, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint leaves it behind
    (reading,) = activities_of(campus, make_course(campus, "POLI", modules=1, activities=({"body": TEXT},)))
    whole = photo().getvalue()
    illustrate(campus, reading, io.BytesIO(whole[: len(whole) // 2]))
    staff(client, campus)
    assert "ends too early" in words(client.get(f"/staff/activities/{reading.id}/pictures"))
    page = client.get(f"/staff/courses/POLI/preview/{reading.id}")
    assert (images(page.text), "A map of actors" in words(page)) == ([], True)


def test_the_words_in_the_text_count_more_and_decoration_is_silent(client, campus):
    (reading,) = activities_of(
        campus, make_course(campus, "POLI", modules=1, activities=({"body": "![Otro <b>](picture:1) ![](picture:2)"},))
    )
    illustrate(campus, reading, photo((300, 200)))
    illustrate(campus, reading, photo((300, 200)), alt="")
    staff(client, campus)
    first, second = images(client.get(f"/staff/courses/POLI/preview/{reading.id}").text)
    assert 'alt="Otro &lt;b&gt;"' in first
    assert 'alt=""' in second


@pytest.mark.parametrize("alt", ["A map [of Lima]", "*Who* knows_whom <b> & `why` \\", "Mapa"])
def test_the_line_for_the_text_says_what_was_typed(alt):
    picture = Picture(1, alt, "ready", "map.jpg", 1, 1, 1, ())
    (image,) = re.findall(r'alt="([^"]*)"', richtext.render(picture.mark))
    assert unescape(image) == alt


def test_a_cohort_gets_the_pictures_of_its_course_and_keeps_them(client, campus, visit):
    course = make_course(campus, "POLI", modules=1, activities=({"body": TEXT},))
    (original,) = activities_of(campus, course)
    illustrate(campus, original)
    cohort = make_cohort(campus, course, code="C", status="published")
    (copied,) = activities_of(campus, cohort)
    staff(client, campus)
    submit(client, f"/staff/activities/{original.id}/pictures", f"/staff/activities/{original.id}/pictures/1/delete")
    work(campus)
    assert images(client.get(f"/staff/courses/POLI/preview/{original.id}").text) == []
    assert client.get(f"/learn/C/{copied.id}/pictures/1/480").status_code == 200
    submit(client, f"/staff/activities/{copied.id}/pictures", f"/staff/activities/{copied.id}/pictures/1/delete")
    work(campus)
    with campus.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
    assert [path for path in (campus.settings.data_dir / "files").rglob("*") if path.is_file()] == []


def test_a_cohort_made_while_a_picture_waits_gets_it_too(campus):
    course = make_course(campus, "POLI", modules=1, activities=({"body": TEXT},))
    with campus.database.transaction() as session:
        picturing.add(session, campus.storage, SYSTEM, activities_of(campus, course)[0].id or 0, photo(), "a.jpg", "A map", False)
    make_cohort(campus, course, code="C")
    work(campus)
    with campus.database.reading() as session:
        states = list(session.scalars(select(col(ActivityPicture.state))))
    assert states == ["ready", "ready"]


def test_the_light_version_names_the_picture_and_what_it_weighs(client, campus):
    (reading,) = activities_of(campus, make_course(campus, "POLI", modules=1, activities=({"body": TEXT},)))
    illustrate(campus, reading)
    staff(client, campus)
    url = f"/staff/courses/POLI/preview/{reading.id}"
    assert len(images(client.get(url).text)) == 1
    saving = client.get(url, headers={"save-data": "on"})
    assert (images(saving.text), "Save-Data" in saving.headers["vary"]) == ([], True)
    switched = client.get(f"/light/on?next={url}")
    assert switched.url.path == url
    assert images(switched.text) == []
    assert re.search(r"A map of actors Show image \(\d+ kB\)", words(switched))
    (link,) = re.findall(r'<a href="([^"]+/pictures/[^"]+)">', switched.text)
    assert client.get(link).headers["content-type"] == "image/webp"
    client.get("/light/off")
    assert len(images(client.get(url, headers={"save-data": "on"}).text)) == 1, "what somebody chose counts more"
    assert client.get("/light/maybe").status_code == 404
    assert client.get("/light/on?next=//elsewhere.org", follow_redirects=False).headers["location"] == "/"


def test_pictures_cost_a_page_two_questions_however_many_there_are(client, campus):
    text = "\n\n".join(f"![](picture:{number})" for number in range(1, 5))
    (reading,) = activities_of(campus, make_course(campus, "POLI", modules=1, activities=({"body": text},)))
    staff(client, campus)
    url = f"/staff/courses/POLI/preview/{reading.id}"
    costs = []
    for _picture in range(3):
        illustrate(campus, reading, photo((300, 200)))
        client.get(url)
        with counting(campus) as asked:
            client.get(url)
        costs.append(len(asked))
    assert costs[0] == costs[-1]


def test_only_who_may_open_the_activity_sees_its_pictures(client, campus, visit):
    course = make_course(campus, "POLI", modules=1, activities=({"body": TEXT},))
    cohort = make_cohort(campus, course, code="C", status="published")
    (reading,) = activities_of(campus, cohort)
    illustrate(campus, reading)
    stranger = sign_in(visit(), campus, learner(campus, make_cohort(campus, course, code="D", status="published")))
    assert stranger.get(f"/learn/C/{reading.id}/pictures/1/480").status_code == 404
    rosa = sign_in(visit(), campus, learner(campus, cohort))
    assert rosa.get(f"/learn/C/{reading.id}/pictures/1/480").status_code == 200
    assert rosa.get(f"/staff/activities/{reading.id}/pictures").status_code == 403
    with campus.database.transaction() as session:
        content.set_published(session, SYSTEM, session.one(Activity, reading.id), False)
    assert rosa.get(f"/learn/C/{reading.id}/pictures/1/480").status_code == 404
    assert visit().get(f"/learn/C/{reading.id}/pictures/1/480", follow_redirects=False).status_code == 303
