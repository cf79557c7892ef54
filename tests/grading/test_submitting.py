"""Handing in: what is taken, what is refused, and that nothing typed is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from lms.courses.models import Module, Progress
from lms.grading import submitting
from lms.grading.events import SubmissionHandedIn
from lms.grading.models import SubmissionFile
from lms.grading.submitting import ChangedElsewhere, NothingToHandIn, NotTaken
from lms.kernel import clock
from lms.kernel.errors import Invalid, NotFound
from lms.kernel.storage import StoredFile, save_file
from tests.factories import actor_of
from tests.grading.stories import Class, browser_of, fields, mails, send, submissions
from tests.watching import counting, words

PDF = ("actors.pdf", b"%PDF-1.7 six actors", "application/pdf")
DUE = datetime(2026, 3, 2, 4, 59, tzinfo=UTC)  # a minute to midnight in Guayaquil


def stored(campus):
    with campus.database.reading() as session:
        return list(session.scalars(select(StoredFile).order_by(col(StoredFile.id))))


def bytes_kept(campus):
    folder = campus.settings.data_dir / "files"
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_trainee_hands_in_text_and_files_and_gets_a_receipt(campus, visit):
    room = Class(campus, dates={"due_at": DUE})
    rosa = room.trainee(timezone="America/Guayaquil")
    browser = browser_of(visit, campus, rosa)
    with clock.frozen(DUE - timedelta(hours=2)):
        answer = send(browser, room.url, f"{room.url}/submission", text="Six actors.\n\nAnd why.", then="hand_in",
                      files=[("files", PDF), ("files", ("notes.txt", b"notes", "text/plain"))])  # fmt: skip
    said = words(answer)
    assert "We received your work." in said
    assert "Mar 1, 2026, 9:59 PM (Guayaquil)" in said
    assert "4 words" in said
    (submission,) = submissions(campus)
    assert (submission.status, submission.attempt, submission.latest, submission.words) == ("submitted", 1, True, 4)
    (mail,) = mails(campus, "Received")
    receipt = browser.get(f"/submissions/{submission.code}")
    for file in stored(campus):
        for text in (words(receipt), mail.body_text):
            assert file.name in text
            assert file.sha256 in text
    assert "actors.pdf, 19 B" in mail.body_text
    assert "Mar 1, 2026, 9:59 PM (Guayaquil)" in " ".join(mail.body_text.split())
    assert f"/submissions/{submission.code}" in mail.body_text


def test_handing_in_completes_the_activity_and_is_told(campus):
    room = Class(campus)
    rosa, told = room.trainee(), []
    campus.hub.subscribe(SubmissionHandedIn, lambda _session, event: told.append(event))
    submission = room.hand_in(rosa)
    ids = (submission.id, room.assignment.id, rosa.id, room.cohort.id)
    assert told == [SubmissionHandedIn(*(number or 0 for number in ids))]
    with campus.database.reading() as session:
        assert session.get(Progress, (rosa.id, room.assignment.id)).completed_at is not None


def test_a_draft_is_kept_and_counts_for_nothing(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    browser = browser_of(visit, campus, rosa)
    answer = send(browser, room.url, f"{room.url}/submission", text="Half a", then="draft", files=[("files", PDF)])
    assert "Draft saved." in words(answer)
    shown = fields(browser.get(room.url), f"{room.url}/submission")
    assert shown["text"] == ["Half a"]
    assert len(shown["keep"]) == 1
    assert mails(campus) == []
    assert not submissions(campus)[0].latest
    with campus.database.reading() as session:
        progress = session.get(Progress, (rosa.id, room.assignment.id))
        assert progress is None or progress.completed_at is None


@pytest.mark.parametrize("text", ["", "  \r\n ", "\x00"])
def test_an_empty_one_cannot_be_handed_in(campus, text):
    room = Class(campus)
    rosa = room.trainee()
    with pytest.raises(NothingToHandIn):
        room.hand_in(rosa, text)
    assert submissions(campus) == []


def test_an_empty_form_says_so_and_an_empty_draft_is_fine(campus, visit):
    room = Class(campus)
    browser = browser_of(visit, campus, room.trainee())
    refused = send(browser, room.url, f"{room.url}/submission", text=" ", then="hand_in")
    assert refused.status_code == 422
    assert "There is nothing to hand in yet" in words(refused)
    assert "Draft saved." in words(send(browser, room.url, f"{room.url}/submission", text="", then="draft"))


def test_handing_in_again_before_the_cut_off_makes_the_next_attempt_and_keeps_the_first(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    browser = browser_of(visit, campus, rosa)
    send(browser, room.url, f"{room.url}/submission", text="First", then="hand_in", files=[("files", PDF)])
    page = browser.get(room.url)
    assert "Change it and hand in again" in words(page)
    send(browser, room.url, f"{room.url}/submission", text="Second", then="hand_in")
    first, second = submissions(campus)
    assert [(s.attempt, s.text, s.latest, s.status) for s in (first, second)] == [
        (1, "First", False, "submitted"), (2, "Second", True, "submitted"),
    ]  # fmt: skip
    with campus.database.reading() as session:  # the file went along, and is one file
        links = list(session.scalars(select(col(SubmissionFile.file_id))))
    assert len(links) == 2
    assert len(set(links)) == 1
    assert len(mails(campus, "Received")) == 2
    assert "Attempt 1" in words(browser.get(f"/submissions/{second.code}"))
    assert "First" in words(browser.get(f"/submissions/{first.code}"))


def test_what_was_handed_in_stays_as_it_was_while_a_draft_of_the_next_attempt_grows(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    room.hand_in(rosa, "Handed in")
    room.save_draft(rosa, "Better")
    first, draft = submissions(campus)
    assert (first.text, first.latest, draft.text, draft.latest) == ("Handed in", True, "Better", False)
    page = browser_of(visit, campus, rosa).get(room.url)
    assert fields(page, f"{room.url}/submission")["text"] == ["Better"]


def test_a_file_of_a_draft_can_be_removed_and_its_bytes_go_too(campus, visit):
    room = Class(campus)
    browser = browser_of(visit, campus, room.trainee())
    send(
        browser,
        room.url,
        f"{room.url}/submission",
        text="Text",
        then="draft",
        files=[("files", PDF), ("files", ("b.txt", b"b", "text/plain"))],
    )
    first, second = stored(campus)
    answer = send(browser, room.url, f"{room.url}/submission", text="Text, and more typed", remove=str(first.id))
    assert "Draft saved." in words(answer)
    assert [file.name for file in stored(campus)] == ["b.txt"]
    assert submissions(campus)[0].text == "Text, and more typed"
    campus.run_jobs()
    assert bytes_kept(campus) == [second.key]


def test_removing_a_file_for_the_next_attempt_leaves_it_in_the_one_handed_in(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    browser = browser_of(visit, campus, rosa)
    send(browser, room.url, f"{room.url}/submission", text="First", then="hand_in", files=[("files", PDF)])
    (file,) = stored(campus)
    send(browser, room.url, f"{room.url}/submission", text="First", remove=str(file.id))
    first, draft = submissions(campus)
    assert draft.status == "draft"
    assert browser.get(f"/submissions/{first.code}/files/{file.id}").content == PDF[1]
    assert browser.get(f"/submissions/{draft.code}/files/{file.id}").status_code == 404


@pytest.mark.parametrize(
    ("after", "tag"), [(timedelta(0), "On time"), (timedelta(seconds=1), "1 second late"), (timedelta(days=2), "2 days late")]
)
def test_late_work_is_taken_until_the_cut_off_and_marked_as_late(campus, visit, after, tag):
    room = Class(campus, dates={"due_at": DUE, "cutoff_at": DUE + timedelta(days=2)})
    rosa, tutor = room.trainee(), room.tutor()
    with clock.frozen(DUE + after):
        submission = room.hand_in(rosa)
    assert tag in words(browser_of(visit, campus, rosa).get(f"/submissions/{submission.code}"))
    assert tag in words(browser_of(visit, campus, tutor).get(f"/marking/{submission.code}"))
    queue = words(browser_of(visit, campus, tutor).get("/marking"))
    assert ("late" in queue) == (tag != "On time")


def test_after_the_cut_off_nothing_is_taken_and_what_was_typed_is_still_shown(campus, visit):
    room = Class(campus, dates={"due_at": DUE, "cutoff_at": DUE})
    rosa = room.trainee(timezone="America/Guayaquil")
    browser = browser_of(visit, campus, rosa)
    with clock.frozen(DUE - timedelta(minutes=1)):
        page = browser.get(room.url)
    with clock.frozen(DUE + timedelta(seconds=1)):
        data = {**fields(page, f"{room.url}/submission"), "text": "An hour of work", "then": "hand_in"}
        refused = browser.post(f"{room.url}/submission", data=data)
        shown = browser.get(room.url)
        with pytest.raises(NotTaken):
            room.save_draft(rosa)
    assert refused.status_code == 403
    assert "The cut-off was on Mar 1, 2026, 11:59 PM (Guayaquil)" in words(refused)
    assert "An hour of work" in refused.text
    assert "nothing more can be handed in" in words(shown)
    assert "/submission" not in shown.text
    assert submissions(campus) == []


def test_before_the_module_opens_nothing_is_taken_and_the_opening_is_told(campus, visit):
    room = Class(campus)
    rosa = room.trainee(timezone="America/Guayaquil")
    with campus.database.transaction() as session:
        session.one(Module, room.assignment.module_id).opens_at = DUE
    with clock.frozen(DUE - timedelta(seconds=1)):
        page = browser_of(visit, campus, rosa).get(room.url)
        with pytest.raises(NotTaken, match="You can hand in from"):
            room.hand_in(rosa)
    assert page.status_code == 403
    assert "Mar 1, 2026, 11:59 PM (Guayaquil)" in words(page)
    with clock.frozen(DUE):
        room.hand_in(rosa)


def test_dates_are_told_on_the_clocks_of_the_reader(campus, visit):
    room = Class(campus, dates={"due_at": DUE, "cutoff_at": DUE + timedelta(days=1)})
    for zone, said in [("America/Guayaquil", "Mar 1, 2026, 11:59 PM (Guayaquil)"), ("Asia/Dhaka", "Mar 2, 2026, 10:59 AM (Dhaka)")]:
        page = browser_of(visit, campus, room.trainee(timezone=zone)).get(room.url)
        assert said in words(page)


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (("virus.exe", b"MZ", "application/pdf"), "“virus.exe” is not taken: only pdf, txt."),
        (("pdf", b"x", "application/pdf"), "“pdf” is not taken"),
        (("essay.pdf.html", b"<script>", "application/pdf"), "“essay.pdf.html” is not taken"),
        (("empty.pdf", b"", "application/pdf"), "“empty.pdf” is empty."),
        (("large.pdf", b"x" * (1024 * 1024 + 1), "application/pdf"), "“large.pdf” is larger than 1 MB."),
        (("page.pdf", b"<script>alert(1)</script>", "application/pdf"), "“page.pdf” is not what its ending says."),
        (("tool.txt", b"MZ\0\0\3", "text/plain"), "“tool.txt” is not what its ending says."),
    ],
)
def test_a_file_that_is_not_taken_is_told_and_the_text_is_still_there(campus, visit, file, sentence):
    room = Class(campus, form={"file_types": "pdf txt", "max_file_mb": "1"})
    browser = browser_of(visit, campus, room.trainee())
    good = ("files", ("good.txt", b"fine", "text/plain"))
    refused = send(browser, room.url, f"{room.url}/submission", text="Typed for an hour", then="hand_in", files=[good, ("files", file)])
    assert refused.status_code == 422
    assert sentence in words(refused)
    assert fields(refused, f"{room.url}/submission")["text"] == ["Typed for an hour"]
    assert submissions(campus) == []
    assert stored(campus) == []
    assert bytes_kept(campus) == []  # the good one is not half kept either


def test_a_file_exactly_as_large_as_allowed_is_taken_whatever_its_ending_looks_like(campus, visit):
    room = Class(campus, form={"file_types": "pdf", "max_file_mb": "1"})
    browser = browser_of(visit, campus, room.trainee())
    send(
        browser,
        room.url,
        f"{room.url}/submission",
        then="hand_in",
        files=[("files", ("Año <1>.PDF", b"%PDF-".ljust(1024 * 1024, b"x"), "text/html"))],
    )
    (file,) = stored(campus)
    assert (file.name, file.size, file.content_type) == ("Año _1_.PDF", 1024 * 1024, "application/pdf")


def test_there_are_never_more_files_than_allowed_however_they_come(campus, visit):
    room = Class(campus, form={"max_files": "2"})
    browser = browser_of(visit, campus, room.trainee())
    three = [("files", (f"{n}.pdf", b"%PDF-", "application/pdf")) for n in range(3)]
    assert "At most 2 files." in words(send(browser, room.url, f"{room.url}/submission", then="draft", files=three))
    send(browser, room.url, f"{room.url}/submission", then="draft", files=three[:2])
    refused = send(browser, room.url, f"{room.url}/submission", text="kept", then="hand_in", files=three[2:])
    assert "At most 2 files." in words(refused)
    assert "kept" in refused.text


def test_text_is_refused_where_only_files_are_taken(campus):
    room = Class(campus, form={"allow_text": "no"})
    with pytest.raises(Invalid, match="takes files only"):
        room.hand_in(room.trainee(), "Text")


def test_a_full_disk_leaves_nothing_half_kept_and_the_text_is_shown_again(campus, visit, monkeypatch):
    room = Class(campus)
    browser = browser_of(visit, campus, room.trainee())
    put, calls = campus.storage.put, []

    def put_once(source, limit=None):
        calls.append(1)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return put(source, limit)

    monkeypatch.setattr(campus.storage, "put", put_once)
    refused = send(browser, room.url, f"{room.url}/submission", text="Typed", then="hand_in", files=[("files", PDF), ("files", PDF)])
    assert refused.status_code == 503
    assert "could not keep your files" in words(refused)
    assert fields(refused, f"{room.url}/submission")["text"] == ["Typed"]
    assert len(calls) == 2
    assert stored(campus) == []
    assert bytes_kept(campus) == []


def test_what_the_other_window_saved_is_not_overwritten_and_both_texts_are_shown(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    laptop, phone = browser_of(visit, campus, rosa), browser_of(visit, campus, rosa)
    on_phone = fields(phone.get(room.url), f"{room.url}/submission")
    send(laptop, room.url, f"{room.url}/submission", text="From the laptop", then="draft")
    refused = phone.post(f"{room.url}/submission", data={**on_phone, "text": "From the phone", "then": "hand_in"})
    assert refused.status_code == 409
    assert "was saved in another window" in words(refused)
    assert "From the laptop" in words(refused)
    again = fields(refused, f"{room.url}/submission")
    assert again["text"] == ["From the phone"]
    assert submissions(campus)[0].text == "From the laptop"
    # Whoever has seen both may replace the other one.
    assert "We received your work." in words(phone.post(f"{room.url}/submission", data={**again, "then": "hand_in"}))
    assert submissions(campus)[0].text == "From the phone"


def test_a_window_from_before_handing_in_does_not_make_another_attempt_unseen(campus):
    room = Class(campus)
    rosa = room.trainee()
    room.hand_in(rosa, "Handed in", version=0)
    with pytest.raises(ChangedElsewhere):
        room.hand_in(rosa, "Something else", version=0)
    with pytest.raises(ChangedElsewhere):
        room.save_draft(rosa, "Something else", version=0)
    assert len(submissions(campus)) == 1


def test_the_same_work_sent_twice_is_one_attempt_with_one_receipt(campus, visit):
    room = Class(campus)
    browser = browser_of(visit, campus, room.trainee())
    data = {**fields(browser.get(room.url), f"{room.url}/submission"), "text": "Six actors", "then": "hand_in"}
    for _press in range(2):
        answer = browser.post(f"{room.url}/submission", data=data, files=[("files", PDF)])
        assert "We received your work." in words(answer)
    assert len(submissions(campus)) == 1
    assert len(stored(campus)) == 1
    assert len(mails(campus)) == 1
    campus.run_jobs()
    assert bytes_kept(campus) == sorted(file.key for file in stored(campus))


def test_a_draft_saved_twice_with_the_same_words_is_saved_once(campus):
    room = Class(campus)
    rosa = room.trainee()
    first, second = (room.save_draft(rosa, "Six", version=0) for _press in range(2))
    assert (first.id, first.version) == (second.id, second.version)


def test_only_own_files_can_be_taken_along(campus):
    room = Class(campus)
    rosa, other = room.trainee(), room.trainee()

    def keep(person):
        with campus.database.transaction() as session:
            file = save_file(session, campus.storage, b"x", "a.pdf", "application/pdf", person.id)
            submitting.save_draft(session, actor_of(campus, person), room.assignment, "", [file])
            return file.id

    theirs, mine = keep(other), keep(rosa)
    with pytest.raises(NotFound):
        room.save_draft(rosa, "Text", keep=[mine, theirs])


def test_text_is_kept_as_it_was_typed_and_never_shown_as_markup(campus, visit):
    room = Class(campus)
    rosa, tutor = room.trainee(), room.tutor()
    submission = room.hand_in(rosa, "One <b>bold</b> claim &amp; **stars**\r\nsecond line\r\n\r\n<script>alert(1)</script>\x00")
    assert submission.text == "One <b>bold</b> claim &amp; **stars**\nsecond line\n\n<script>alert(1)</script>"
    page = browser_of(visit, campus, tutor).get(f"/marking/{submission.code}").text
    assert "<p>One &lt;b&gt;bold&lt;/b&gt; claim &amp;amp; **stars**<br>second line</p>" in page
    assert "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>" in page


def test_a_very_long_text_is_refused_with_a_sentence_and_kept_in_the_form(campus, visit):
    room = Class(campus)
    browser = browser_of(visit, campus, room.trainee())
    refused = send(browser, room.url, f"{room.url}/submission", text="x" * 200_001, then="hand_in")
    assert "At most 200,000 characters." in words(refused)
    assert "x" * 200_001 in refused.text


def test_the_page_asks_the_same_number_of_questions_however_many_attempts_there_are(campus, visit):
    room = Class(campus)
    rosa = room.trainee()
    browser = browser_of(visit, campus, rosa)
    sizes = []
    for number in range(3):
        room.hand_in(rosa, f"Attempt {number}")
        browser.get(room.url)
        with counting(campus) as seen:
            browser.get(room.url)
        sizes.append(len(seen))
    assert len(set(sizes)) == 1
