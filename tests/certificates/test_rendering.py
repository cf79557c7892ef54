"""The document itself: one page, readable by people and by tools, and nothing but what was handed over."""

import io
import logging
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from lms.certificates import rendering
from lms.certificates.checking import check_drawing
from lms.certificates.snapshots import Snapshot, from_json
from lms.kernel import i18n
from tests.certificates.stories import facts, read

PLAIN = Snapshot(
    serial="SFE-2013-000123", code="K7QW-93FM-TB2X", language="en", name="María José Fernández-Núñez", programme="Spaces for Engagement",
    course="Influencing policy with evidence", cohort="Latin America 2013", cohort_code="POLI-2013-LA", issued_on=date(2013, 5, 12),
    verify_url="https://campus.example.org/verify/K7QW-93FM-TB2X", signatory="V. Rossi, Director", starts_on=date(2013, 4, 1),
    ends_on=date(2013, 5, 12), hours=40, regions=("Latin America and the Caribbean",), tutors=("Clara Flores", "Tariq Rahman"),
)  # fmt: skip


def logo(colour: str = "navy") -> bytes:
    picture = io.BytesIO()
    Image.new("RGBA", (300, 100), colour).save(picture, "PNG")
    return picture.getvalue()


def test_everything_that_was_issued_is_read_back_from_the_document(tmp_path):
    text = read(rendering.draw(PLAIN), tmp_path)
    printed = (PLAIN.name, PLAIN.course, PLAIN.programme, PLAIN.serial, PLAIN.code, *PLAIN.regions, PLAIN.signatory)
    told = ("40 hours", "Clara Flores and Tariq Rahman", "May 12, 2013", "Apr 1 – May 12, 2013", "campus.example.org/verify")
    assert [words for words in (*printed, *told) if words not in text] == []


def test_the_document_says_what_it_is_to_tools_and_screen_readers(tmp_path):
    pdf = rendering.draw(replace(PLAIN, language="es"))
    known = facts(pdf, tmp_path)
    assert PLAIN.name in known["Title"]
    assert known["Author"] == "Spaces for Engagement"
    assert PLAIN.serial in known["Subject"]
    assert known["Tagged"] == "yes"
    assert known["Pages"] == "1"
    assert "841.89 x 595.2" in known["Page size"]
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.Root.Lang) == "es"
        assert (
            'pdfuaid:part="1"' in opened.Root.Metadata.read_bytes().decode()
            or "<pdfuaid:part>1<" in opened.Root.Metadata.read_bytes().decode()
        )
    assert subprocess.run(["qpdf", "--check", str(tmp_path / "read.pdf")], capture_output=True).returncode == 0


def test_dates_and_lists_follow_the_language(tmp_path):
    text = read(rendering.draw(replace(PLAIN, language="es")), tmp_path)
    assert "1 de abril – 12 de mayo de 2013" in text
    assert "Clara Flores y Tariq Rahman" in text


IN_ENGLISH = ("Certificate of", "certify", "successfully", "hours", "Tutors", "Issued on", "Serial number", "Check at", "May", " and ")
SAID = {
    "es": ("Certificado de finalización", "Certificamos que", "40 horas", "Tutoría: Clara Flores y Tariq Rahman", "12 de mayo de 2013"),
    "fr": ("Certificat de fin de formation", "40 heures", "Clara Flores et Tariq Rahman", "12 mai 2013"),
    "pt": ("Certificado de conclusão", "40 horas", "Clara Flores e Tariq Rahman", "12 de maio de 2013"),
}


@pytest.mark.parametrize("language", SAID)
def test_nothing_on_a_certificate_stays_english(tmp_path, language):
    text = read(rendering.draw(replace(PLAIN, language=language, regions=("Sudamérica",))), tmp_path)
    assert [words for words in SAID[language] if words not in text] == []
    assert [words for words in IN_ENGLISH if words in text] == []


def test_texts_follow_the_language_of_the_certificate_not_of_the_worker():
    with i18n.using("es"):
        assert "Certificate of completion" in rendering._html(PLAIN, has_logo=False, scale=100)


def test_the_same_values_make_the_same_bytes_in_every_process(tmp_path):
    source = tmp_path / "again.py"
    source.write_text(
        "import sys; from tests.certificates.test_rendering import PLAIN, logo; from lms.certificates import rendering; "
        "sys.stdout.buffer.write(rendering.draw(PLAIN, logo()))"
    )
    here = Path(__file__).parents[2]
    elsewhere = subprocess.run(
        [sys.executable, str(source)], capture_output=True, check=True, cwd=here, env={"PYTHONPATH": str(here)}
    ).stdout
    assert rendering.draw(PLAIN, logo()) == rendering.draw(from_json(PLAIN.as_json()), logo()) == elsewhere


@pytest.mark.parametrize("name", ["فاطمة بنت عبد الرحمن", "ফাতেমা রহমান", "ታደሰ ማርያም", "Ngũgĩ wa Thiong'o", "Nguyễn Thị Hương", "Suharti"])
def test_names_of_many_scripts_fit_on_one_page(name, tmp_path):
    pdf = rendering.draw(replace(PLAIN, name=name))
    assert facts(pdf, tmp_path)["Pages"] == "1"
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert str(opened.docinfo.Title).startswith(f"Certificate: {name}")


@pytest.mark.parametrize("character", ["ف", "র", "ማ", "ễ", "ĩ"])
def test_the_fonts_of_this_machine_have_the_letters(character):
    found = subprocess.run(["fc-list", f":charset={ord(character):x}"], capture_output=True, text=True)
    if found.returncode == 0:
        assert found.stdout.strip(), f"no font for {character}"


def test_texts_of_any_length_stay_on_one_page(tmp_path):
    endless = replace(
        PLAIN, name="Wolfeschlegelsteinhausenbergerdorff " * 6, course="Monitoring and evaluation of policy influence " * 5,
        tutors=PLAIN.tutors * 15, regions=PLAIN.regions * 10, signatory="Director " * 30, programme="A programme with a long name " * 8,
    )  # fmt: skip
    pdf = rendering.draw(endless)
    assert facts(pdf, tmp_path)["Pages"] == "1"
    text = read(pdf, tmp_path)
    assert PLAIN.serial in text
    assert PLAIN.code in text
    with pytest.raises(rendering.DoesNotFit):
        rendering.draw(replace(PLAIN, name="no end " * 3000))


def test_a_long_name_is_written_smaller():
    sizes = [
        rendering.fitting(name, (26, 34, 44))
        for name in ("Ana", "María José Fernández-Núñez", "María José Fernández-Núñez de la Cruz", "a" * 60)
    ]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (1, 4)
    assert rendering.fitting("ফাতেমা রহমান চৌধুরী", (26,)) == 1  # marks take no width


def test_a_document_without_the_optional_facts_is_still_whole(tmp_path):
    bare = replace(PLAIN, signatory="", starts_on=None, ends_on=None, hours=0, regions=(), tutors=())
    text = read(rendering.draw(bare), tmp_path)
    assert "hour" not in text
    assert "Tutor" not in text
    assert PLAIN.name in text


@pytest.mark.parametrize("field", ["name", "course", "programme", "signatory"])
def test_values_that_look_like_markup_are_only_text(field, tmp_path):
    hostile = '<img src="file:///etc/passwd"><style>@import url(http://127.0.0.1:9/x)</style>{{ 7 * 7 }}'
    pdf = rendering.draw(from_json(PLAIN.as_json() | {field: hostile}))
    text = "".join(read(pdf, tmp_path).split())  # a long word may be broken
    assert "file:///etc/passwd" in text
    assert "{{7*7}}" in text
    assert "root:" not in text


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "data:text/plain,hello", "memory:other", "//host/x", "x.png"]
)
def test_nothing_is_fetched_but_the_pictures_handed_over(address):
    fetch = rendering._closed_fetcher({"memory:qr": (b"picture", "image/png")})
    assert fetch("memory:qr").read() == b"picture"
    with pytest.raises(ValueError, match="nothing else"):
        fetch(address)


def test_a_template_that_names_other_files_gets_none_of_them(monkeypatch, caplog, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the house")
    hostile = (
        f'<html lang="en"><title>x</title><link rel="stylesheet" href="file://{secret}"><link rel="attachment" href="file://{secret}">'
        f'<img src="file://{secret}" alt="x"><object data="file://{secret}">x</object>'
        '<img src="http://127.0.0.1:9/x.png" alt="y"><p>A line.'
    )
    monkeypatch.setattr(rendering, "_html", lambda *_given, **_named: hostile)
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        pdf = rendering.draw(PLAIN)
    assert "A line." in read(pdf, tmp_path)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert len(opened.attachments) == 0
        assert b"the secret" not in b"".join(bytes(o.read_bytes()) for o in opened.objects if isinstance(o, pikepdf.Stream))


def test_the_logo_is_in_the_document():
    def pictures(pdf: bytes) -> int:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return sum(drawing.Subtype == "/Image" for drawing in opened.pages[0].Resources.XObject.values())

    assert (pictures(rendering.draw(PLAIN)), pictures(rendering.draw(PLAIN, logo()))) == (1, 2)


def test_the_code_picture_leads_to_the_page_that_checks():
    picture = Image.open(io.BytesIO(rendering.qr_code(PLAIN.verify_url)))
    assert picture.mode == "1"
    assert picture.width == picture.height


def test_a_web_process_starts_without_the_libraries_for_drawing():
    code = "import sys, lms.app, lms.certificates.plugin; print([m for m in sys.modules if m.startswith('weasyprint')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_machine_can_draw():
    check_drawing(None)  # type: ignore[arg-type]  # asks no database
