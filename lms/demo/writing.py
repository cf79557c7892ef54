"""What the invented people write: put together from paragraphs in `texts/`, about the issue of each person's organisation."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from lms.accounts.places import country_names
from lms.demo.invention import dice
from lms.demo.people import Invented

THEMES: dict[str, tuple[str, ...]] = {
    "POLI": ("goal", "context", "actors", "strategy", "communication", "monitoring"),
    "MOEV": ("monitoring", "actors", "monitoring", "listening", "listening", "strategy"),
    "COMM": ("communication", "goal", "communication", "communication", "communication", "strategy"),
}
"""What the exercise of each week is mostly about."""
STRONG, FAIR = 85, 60
"""From how many points of a hundred feedback is of one kind or the other."""


@cache
def _texts(language: str) -> Mapping[str, Any]:
    return tomllib.loads((files("lms.demo") / "texts" / f"{language}.toml").read_text(encoding="utf-8"))


def question(language: str) -> str:
    """What applicants are asked."""
    return str(_texts(language)["applications"]["question"])


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who writes in a language; always about the same issue."""

    person: Invented
    language: str

    @property
    def number(self) -> int:
        """What tells this author's choices from those of others."""
        return dice("author", self.person.email).randrange(1 << 16)

    def exercise(self, course: str, week: int, least: int, attempt: int = 1) -> str:
        """The work of a week: what its theme asks for, and as much from other themes as the length asks for."""
        texts = _texts(self.language)
        number = self.number + week + attempt
        theme = THEMES[course][week - 1]
        shown = [self._fill(_choose(texts["openings"], number))]
        enough = least + 10 * (number % 5)
        for name in (theme, *(other for other in texts["themes"] if other != theme)):
            for place, variants in enumerate(texts["themes"][name]):
                if name == theme or len(" ".join(shown).split()) < enough:
                    shown.append(self._fill(variants[(number + place) % len(variants)]))
        return "\n\n".join([*shown, _choose(texts["closings"], number // 3)])

    def draft(self) -> str:
        """A beginning."""
        return self._fill(_choose(_texts(self.language)["drafts"]["texts"], self.number))

    def application(self, number: int) -> str:
        """An answer to the question of a call."""
        return self._fill(_choose(_texts(self.language)["applications"]["answers"], number))

    def feedback(self, points: int, week: int) -> str:
        """What a tutor answers; another sentence each week."""
        kind = "strong" if points >= STRONG else "fair" if points >= FAIR else "weak"
        return _choose(_texts(self.language)["feedback"][kind], self.number + 2 * week)

    def note(self, is_accepted: bool) -> str:
        """What staff answer to an application."""
        notes = _texts(self.language)["applications"]["notes"]
        return _choose(notes[:-1], self.number) if is_accepted else str(notes[-1])

    def _fill(self, text: str) -> str:
        person = self.person
        home = person.workplace.name if person.workplace else ""
        country = country_names([person.country], self.language)[person.country]
        return text.format(organisation=home, country=country, issue=_choose(_texts(self.language)["issues"], self.number))


def _choose(among: Sequence[str], number: int) -> str:
    return among[number % len(among)]
