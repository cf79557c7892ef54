"""Lighthouse on four pages of the demo campus, as on a middling phone over a slow line: begun by `script/lighthouse`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from lms.courses.models import Activity, Cohort
from lms.demo.campus import fill
from lms.kernel import sessions
from lms.kernel.campus import Campus
from lms.plugin import discover
from tests.browser.conftest import CHROMIUM, serving
from tests.views.screens import cookie_of

FOLDER = Path("var/lighthouse").resolve()
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100}


def pages(campus: Campus) -> dict[str, tuple[str, str]]:
    """Title -> (role, address) of what is measured."""
    with campus.database.reading() as session:
        running = session.scalar(select(func.max(Cohort.code)).where(col(Cohort.code).like("POLI-%-AA1")))
        of_it = select(func.min(Activity.id)).join(Cohort, col(Cohort.id) == Activity.cohort_id).where(col(Cohort.code) == running)
        activity = session.scalar(of_it)
    return {
        "catalogue": ("visitor", "/"),
        "course": ("visitor", "/courses/POLI"),
        "module": ("trainee", f"/learn/{running}/{activity}"),
        "today": ("trainee", "/today"),
        "staff desk": ("staff", "/staff"),
    }


def measure(address: str, cookie: str) -> dict[str, Any]:
    """What Lighthouse says of a page."""
    report = FOLDER / "report.json"
    command = [
        "node", str(FOLDER / "node_modules/lighthouse/cli/index.js"), address, "--quiet", "--output=json", f"--output-path={report}",
        f"--only-categories={','.join(LEAST)}", "--chrome-flags=--headless=new --no-sandbox",
    ]  # fmt: skip
    if cookie:
        command.append(f"--extra-headers={json.dumps({'Cookie': f'{sessions.COOKIE}={cookie}'})}")
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": CHROMIUM}, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


def faults(report: dict[str, Any]) -> list[str]:
    """The audits that did not pass in full, of those that count."""
    audits: dict[str, Any] = report["audits"]
    weighty = {ref["id"] for category in report["categories"].values() for ref in category["auditRefs"] if ref["weight"]}
    return [
        f"{audits[key]['title']} ({audits[key].get('displayValue', '')})" for key in sorted(weighty) if (audits[key].get("score") or 0) != 1
    ]


def main() -> int:
    """Measure each page and print the figures; 1 where one is below what we promise."""
    is_low = False
    environment = {"LMS_DEMO": "1", "LMS_LOCALES": "en,es"}
    (FOLDER / "campus").mkdir(parents=True, exist_ok=True)
    with serving(FOLDER / "campus", discover(None), fill, **environment) as served:
        for title, (role, path) in pages(served.campus).items():
            report = measure(served.address + path, "" if role == "visitor" else cookie_of(served.campus, role))
            categories: dict[str, Any] = report["categories"]
            scores = {name: round(categories[name]["score"] * 100) for name in LEAST}
            is_low |= any(scores[name] < least for name, least in LEAST.items())
            sys.stdout.write(f"{title:12} {'  '.join(f'{name} {score}' for name, score in scores.items())}  {'; '.join(faults(report))}\n")
    return int(is_low)


if __name__ == "__main__":
    sys.exit(main())
