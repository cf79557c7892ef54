"""An importer for a file of another system: it turns each line into rows of ours and hands them to our own importer.

A line is taken as a whole or not at all, though it may speak of several courses: what is rejected can be mended and imported again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from lms.imports import placing
from lms.imports.moodle import Form, Part, Understood, form_of
from lms.kernel.csvio import MissingColumns
from lms.kernel.i18n import N_, _
from lms.kernel.importing import Change, Column, Fault, Importer, Incoming, Mode, Outcome, Result

if TYPE_CHECKING:
    from lms.kernel.database import Session
    from lms.kernel.i18n import LazyText
    from lms.kernel.permissions import Actor

_ORDER: tuple[Result, ...] = ("rejected", "created", "updated", "unchanged")


EMPTY = N_("Please fill this in.")


def adapt(importer: Importer, titles: Sequence[str], fixed: Mapping[str, str] | None = None) -> Importer:
    """An importer that takes a file with these columns: our own, or one made of it where the file is another system's.

    `fixed`: what is put into every row besides. Raises MissingColumns.
    """
    names = [*titles, *(name for name in fixed or () if name not in {title.lower() for title in titles})]
    form = form_of(importer.name, names)
    return importer if form is None else _adapted(importer, form, names)


def _adapted(importer: Importer, form: Form, titles: Sequence[str]) -> Importer:
    names = dict.fromkeys(title.strip().lower() for title in titles)
    if missing := [name for name in form.required if name not in names]:
        raise MissingColumns(columns=", ".join(missing))
    columns = tuple(Column(name, name) for name in names)  # lines differ in what they must say
    return replace(importer, columns=columns, synonyms={}, key=(), take=_Taking(importer, form), title=form.title)


@dataclass(slots=True)
class _Taking:
    """`take` of an adapted importer."""

    importer: Importer
    form: Form
    first_line: int | None = None
    seen: "dict[tuple[str, ...], tuple[tuple[int, int], Part]]" = field(default_factory=dict)
    """What each part was about -> where it stood first."""

    def __call__(self, session: "Session", actor: "Actor", rows: Sequence[Incoming], mode: Mode) -> list[Outcome]:
        understood = [self.form.read(row) for row in rows]
        if understood and self.first_line is None:
            self.first_line = understood[0].line
        for each in understood:
            if each.line == self.first_line:
                each.notes[:0] = self.form.left_out  # said once for the whole file
        if self.form.by_course:
            placing.place(session, understood)
        for each in understood:
            self._refuse_empty(each)
            self._refuse_repeated(each)
        return _whole_lines(session, actor, self.importer, understood, mode)

    def _refuse_empty(self, understood: Understood) -> None:
        for part in understood.parts:
            wanted = ("email", "cohort") if part.is_tutor else self.importer.required
            empty = [part.found.get(name, name) for name in wanted if not part.cells.get(name, "").strip()]
            understood.faults += [Fault(name, "", EMPTY) for name in dict.fromkeys(empty)]

    def _refuse_repeated(self, understood: Understood) -> None:
        """Our importers are told of everything once: what says the same again is passed over, anything else is rejected."""
        kept = []
        for number, part in enumerate(understood.parts):
            key = tuple(part.cells.get(name, "").strip().casefold() for name in self.importer.key)
            place, first = self.seen.setdefault(key, ((understood.line, number), part)) if all(key) else ((understood.line, number), part)
            if place == (understood.line, number):
                kept.append(part)
            elif first.cells != part.cells or first.is_tutor != part.is_tutor:
                column = self.importer.key[0]
                fault = Fault(part.found.get(column, column), part.cells[column], _("Line {line} has it already.").format(line=place[0]))
                understood.faults.append(fault)
        understood.parts = kept


@dataclass(slots=True)
class _Answers:
    """What became of the parts of one line."""

    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def is_half(self) -> bool:
        """Whether some parts were taken and others not."""
        return len({outcome.result == "rejected" for outcome in self.outcomes}) == 2


class _TakenByHalf(Exception):
    """Undoes what was taken so far."""


def _whole_lines(session: "Session", actor: "Actor", importer: Importer, lines: Sequence[Understood], mode: Mode) -> list[Outcome]:
    refused: dict[int, _Answers] = {}
    while True:
        wanted = [line for line in lines if not line.faults and line.line not in refused]
        try:
            with session.attempt():
                answers = _take(session, actor, importer, wanted, mode)
                half = {number: answer for number, answer in answers.items() if answer.is_half}
                if half:
                    raise _TakenByHalf
        except _TakenByHalf:
            refused |= half
            continue
        return [_joined(line, refused.get(line.line) or answers.get(line.line) or _Answers(), line.line in refused) for line in lines]


def _take(session: "Session", actor: "Actor", importer: Importer, lines: Sequence[Understood], mode: Mode) -> dict[int, _Answers]:
    parts = [(line.line, part) for line in lines for part in line.parts]
    ours = [(number, part) for number, part in parts if not part.is_tutor]
    outcomes = importer.take(session, actor, [Incoming(number, part.cells) for number, part in ours], mode) if ours else ()
    answers = {line.line: _Answers() for line in lines}
    for (number, part), outcome in zip(ours, outcomes, strict=True):
        answers[number].outcomes.append(_in_their_words(outcome, part))
    tutors = [(number, part) for number, part in parts if part.is_tutor]
    for (number, part), outcome in zip(tutors, placing.add_tutors(session, actor, tutors), strict=True):
        answers[number].outcomes.append(_in_their_words(outcome, part))
    return answers


def _in_their_words(outcome: Outcome, part: Part) -> Outcome:
    def named(faults: Iterable[Fault]) -> tuple[Fault, ...]:
        return tuple(replace(fault, column=part.found.get(fault.column, fault.column)) for fault in faults)

    return replace(outcome, faults=named(outcome.faults), notes=named(outcome.notes))


def _joined(line: Understood, answers: _Answers, is_refused: bool) -> Outcome:
    """One outcome for a line: the most that happened to it."""
    outcomes = answers.outcomes
    faults = (*line.faults, *(fault for outcome in outcomes for fault in outcome.faults))
    notes = (*line.notes, *(note for outcome in outcomes for note in outcome.notes))
    if faults or is_refused:
        return Outcome(line.line, "rejected", faults, notes)
    results = {outcome.result for outcome in outcomes} or {"unchanged"}
    result = next(name for name in _ORDER if name in results)
    return Outcome(line.line, result, (), notes, tuple(change for outcome in outcomes for change in outcome.changes))


def revert(importer: Importer, session: "Session", actor: "Actor", changes: Sequence[Change]) -> "list[LazyText | str | None]":
    """Take back changes of an import, last first, also those that only a file of another system makes. Answers as `Revert` does."""
    answers: list[LazyText | str | None] = []
    for is_tutor, group in groupby(changes, key=lambda change: change.kind == placing.TUTOR):
        some = list(group)
        answers += placing.remove_tutors(session, actor, some) if is_tutor else importer.revert(session, actor, some)
    return answers
