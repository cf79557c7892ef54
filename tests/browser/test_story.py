"""The main job from end to end in a real browser: from a course in the catalogue to a certificate and a count by region."""

import csv
import io
import re
import subprocess
import time
import zipfile

import pytest

from tests.browser.story import EXERCISE, PASSWORD, TITLES, Reader, prepare

pytestmark = pytest.mark.browser
ROSA = "rosa@example.org"


@pytest.mark.parametrize(
    ("language", "scripts"), [("en", True), ("es", True), ("en", False)], ids=["english", "spanish", "without scripts"]
)
def test_from_the_catalogue_to_a_certificate_and_a_count_by_region(serve, postbox, open_browser, tmp_path, language, scripts):
    campus = serve(lambda made: prepare(made, language), LMS_MAIL_URL=f"smtp://127.0.0.1:{postbox.port}")

    def somebody() -> Reader:
        return Reader(open_browser(locale=language, java_script_enabled=scripts), campus.address, language)

    rosa = somebody()
    a_visitor_finds_a_course_and_gets_a_place(rosa, postbox)
    the_trainee_works_through_the_modules(rosa, postbox, tmp_path)
    a_tutor_marks_the_work(somebody(), postbox)
    the_trainee_reads_the_feedback(rosa)
    staff = somebody()
    staff_certify(staff)
    code = the_trainee_downloads_the_certificate(rosa, postbox, tmp_path)
    anyone_verifies_it(somebody(), code)
    staff_export_all_certificates(staff, tmp_path)
    staff_read_how_many_came_from_where(staff)


def a_visitor_finds_a_course_and_gets_a_place(rosa, postbox):
    rosa.open("/")
    rosa.fill("Search", TITLES[rosa.language].split()[1].lower())
    rosa.press("Show")
    rosa.page.get_by_role("link", name=TITLES[rosa.language]).first.click()
    rosa.open("/cohorts/ACTORS-1")
    rosa.sees("Take a place")
    rosa.link("Create an account").click()
    rosa.fill("Given name", "Rosa María")
    rosa.fill("Family name", "Quispe Ñahui")
    rosa.fill("E-mail", ROSA)
    rosa.page.locator("select[name=country_code]").select_option("PE")
    rosa.press("Create an account")
    mail = postbox.wait_for(ROSA, "/confirm/")
    rosa.page.goto(first(r"(http\S+/confirm/\S+)", mail))
    rosa.fill("Password", PASSWORD)
    rosa.press("Save and sign in")
    rosa.open("/cohorts/ACTORS-1")
    rosa.press("Enrol")
    rosa.open("/cohorts/ACTORS-1")
    rosa.sees("You have a place")
    postbox.wait_for(ROSA, TITLES[rosa.language])


def first(pattern, mail):
    """What the pattern's group finds in a mail."""
    found = re.search(pattern, mail.get_content())
    assert found, mail.get_content()
    return found[1]


def the_trainee_works_through_the_modules(rosa, postbox, folder):
    rosa.open("/today")
    rosa.sees("%(done)s of %(total)s done", done=0, total=3)
    rosa.open("/learn/ACTORS-1")
    rosa.page.get_by_role("link", name=TITLES[rosa.language]).last.click()
    rosa.link("Next: %(title)s", title=EXERCISE[rosa.language]).click()
    (folder / "mapa ñ.txt").write_text("ministry, union, press", encoding="utf-8")
    rosa.fill("Text", "Six actors decide.\n\nThe budget office first.")
    rosa.page.locator("input[type=file]").set_input_files(folder / "mapa ñ.txt")
    rosa.press("Hand in")
    rosa.sees("We received your work. The receipt is below and in your mail.")
    rosa.sees("On time")
    assert "mapa ñ.txt" in rosa.page.locator("main").inner_text()
    receipt = postbox.wait_for(ROSA, "SHA-256")
    assert "mapa ñ.txt" in receipt.get_content()


def a_tutor_marks_the_work(tutor, postbox):
    tutor.sign_in("tutor@example.org")
    tutor.open("/marking")
    tutor.page.get_by_role("link", name="Rosa María Quispe Ñahui").first.click()
    assert "The budget office first." in tutor.page.locator("main").inner_text()
    with tutor.page.expect_download() as download:
        tutor.page.get_by_role("link", name=re.compile(r"mapa ñ\.txt")).first.click()
    assert download.value.path().read_text(encoding="utf-8") == "ministry, union, press"
    tutor.page.locator("input[name=points]").fill("50,,6")
    tutor.press("Save")
    assert tutor.page.locator("input[name=points]").input_value() == "50,,6"
    tutor.page.locator("input[name=points]").fill("85,5")
    tutor.fill("Feedback", "Strong on the **budget calendar**.")
    tutor.press("Save")
    tutor.sees("Marked, not released")
    tutor.press("Release this grade")
    tutor.sees("Released")
    postbox.wait_for(ROSA, "budget calendar")


def the_trainee_reads_the_feedback(rosa):
    rosa.open("/grades")
    text = rosa.page.locator("main").inner_text()
    assert "budget calendar" in text
    assert ("85,5" if rosa.language == "es" else "85.5") in text


def staff_certify(staff):
    staff.sign_in("staff@example.org")
    staff.open("/staff/cohorts/ACTORS-1/trainees")
    staff.page.get_by_role("checkbox").first.check()
    staff.page.locator("select[name=status]").last.select_option("completed")
    staff.press("Change")
    staff.open("/staff/cohorts/ACTORS-1/certificates")
    assert "Rosa María Quispe Ñahui" in staff.page.locator("main").inner_text()


def the_trainee_downloads_the_certificate(rosa, postbox, folder):
    mail = postbox.wait_for(ROSA, "/verify/")
    code = first(r"/verify/(\S+)", mail)
    end = time.monotonic() + 30
    while True:  # drawn by the job worker
        rosa.open("/certificates")
        if rosa.link("Download").count() or time.monotonic() > end:
            break
        time.sleep(0.3)
    with rosa.page.expect_download() as download:
        rosa.link("Download").click()
    file = folder / "certificate.pdf"
    download.value.save_as(file)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True).stdout
    assert "Rosa María Quispe Ñahui" in text
    assert TITLES[rosa.language] in text
    assert code in text
    return code


def anyone_verifies_it(visitor, code):
    visitor.open("/verify")
    visitor.fill("Code", code.lower().replace("-", ""))
    visitor.press("Check the code")
    visitor.sees("This certificate is genuine")
    assert "Rosa María Quispe Ñahui" in visitor.page.locator("main").inner_text()
    visitor.page.goto(f"{visitor.address}/verify/{'2' if code[0] != '2' else '3'}{code[1:]}")
    assert visitor.says("This certificate is genuine") not in visitor.page.locator("main").inner_text()


def staff_export_all_certificates(staff, folder):
    staff.open("/staff/cohorts/ACTORS-1/certificates")
    staff.press("Export all as a ZIP")
    staff.page.wait_for_url(re.compile("/jobs/"))
    end = time.monotonic() + 30
    while not staff.page.locator("main a[href*=exports]").count() and time.monotonic() < end:
        time.sleep(0.3)
        staff.page.reload()
    with staff.page.expect_download() as download:
        staff.page.locator("main a[href*=exports]").first.click()
    download.value.save_as(folder / "all.zip")
    names = zipfile.ZipFile(folder / "all.zip").namelist()
    assert [name for name in names if name.endswith(".pdf") and "Quispe" in name]


def staff_read_how_many_came_from_where(staff):
    staff.open("/reports")
    staff.open("/reports/trainees?by=region")
    region = "Sudamérica" if staff.language == "es" else "South America"
    assert region in staff.page.locator("main").inner_text()
    answer = staff.page.request.get(f"{staff.address}/reports/trainees/export.csv?by=region")
    rows = list(csv.DictReader(io.StringIO(answer.text().removeprefix("\ufeff"))))
    assert [(row["region"], row["trainees"], row["completed"], row["certificates"]) for row in rows] == [
        ("005", "1", "1", "1"),
        ("TOTAL", "1", "1", "1"),
    ]
