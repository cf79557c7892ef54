"""A trainee at a browser with a service worker: what she does, and what her device keeps."""

import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from lms.courses.models import Activity, Cohort, Progress
from lms.enrollment import enrolling
from lms.grading.models import Submission
from lms.kernel import sessions
from lms.kernel.mail import OutboxMessage
from lms.kernel.permissions import SYSTEM
from tests.factories import make_person


class Trainee:
    """Somebody enrolled, at a browser."""

    def __init__(self, campus: Any, context: BrowserContext, address: str) -> None:
        self.campus = campus
        self.context = context
        self.address = address
        self.person = make_person(campus)
        with campus.database.transaction() as session:
            cohort = session.scalars(select(Cohort).where(Cohort.code == "ROAD")).one()  # type: ignore[arg-type]
            enrolling.enrol(session, SYSTEM, cohort, self.person.id or 0)
            of_cohort = select(Activity.id).where(Activity.cohort_id == cohort.id).order_by(Activity.position)  # type: ignore[call-overload]  # a column
            self.activities: list[int] = list(session.scalars(of_cohort))
        self.sign_in()
        self.page = context.new_page()

    def sign_in(self) -> None:
        """As by the form: a session and its cookie."""
        with self.campus.database.transaction() as session:
            token = sessions.open_session(session, self.person.id or 0, days=1)
        self.context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": self.address}])

    @property
    def reading(self) -> str:
        """The first page."""
        return f"/learn/ROAD/{self.activities[0]}"

    @property
    def marked(self) -> str:
        """The page that is done when she says so."""
        return f"/learn/ROAD/{self.activities[1]}"

    @property
    def work(self) -> str:
        """The page of the assignment."""
        return f"/learn/ROAD/{self.activities[2]}"

    def open(self, path: str, page: Page | None = None) -> None:
        """Go to an address of the campus."""
        (page or self.page).goto(self.address + path)

    def settle(self) -> None:
        """Open the course, and wait for the worker that keeps pages."""
        self.open("/learn/ROAD")
        expect(self.page.locator("[data-keep-module]")).to_be_visible()

    def keep_module(self) -> None:
        """Press the button on the page of the course."""
        self.settle()
        self.page.get_by_role("button", name=re.compile("^Keep offline")).click()
        expect(self.page.get_by_text("Kept on this device.")).to_be_visible()

    def says(self, text: str, page: Page | None = None) -> None:
        """What the line in the head says."""
        expect((page or self.page).locator("#line")).to_contain_text(text, timeout=20_000)

    def write(self, text: str, button: str, page: Page | None = None) -> None:
        """Write into the form of the assignment and press a button."""
        on = page or self.page
        on.locator("#f-text").fill(text)
        on.get_by_role("button", name=button, exact=True).click()

    def submissions(self) -> list[Submission]:
        """Her attempts, as the database has them."""
        with self.campus.database.reading() as session:
            mine = select(Submission).where(Submission.person_id == self.person.id)  # type: ignore[arg-type]
            return list(session.scalars(mine.order_by(Submission.id)))  # type: ignore[arg-type]

    def receipts(self) -> int:
        """How often she was told that her work has arrived."""
        with self.campus.database.reading() as session:
            mails = session.scalars(select(OutboxMessage).where(OutboxMessage.to == self.person.email))  # type: ignore[arg-type]
            return sum(mail.subject.startswith("Received") for mail in mails)

    def done(self) -> set[int]:
        """The activities that she has completed."""
        with self.campus.database.reading() as session:
            mine = session.scalars(select(Progress).where(Progress.person_id == self.person.id))  # type: ignore[arg-type]
            return {progress.activity_id for progress in mine if progress.completed_at}

    def on_device(self) -> dict[str, Any]:
        """Everything private that the browser keeps."""
        found: dict[str, Any] = self.page.evaluate(
            """async () => {
              const copies = (await caches.keys()).filter((name) => name.startsWith("kept-"));
              const bases = (await indexedDB.databases()).map(({ name }) => name), rows = [];
              for (const name of bases) {
                const base = await new Promise((resolve) => {
                  const asked = indexedDB.open(name);
                  asked.onsuccess = () => resolve(asked.result);
                });
                for (const store of base.objectStoreNames) {
                  rows.push(...await new Promise((resolve) => {
                    const asked = base.transaction(store).objectStore(store).getAllKeys();
                    asked.onsuccess = () => resolve(asked.result);
                  }));
                }
                base.close();
              }
              return { copies, rows, typed: [...Object.keys(localStorage), ...Object.keys(sessionStorage)] };
            }"""
        )
        return found


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that no element of the page shows."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
