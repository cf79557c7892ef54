"""Files of another system: what Moodle calls its columns, and what a line of its users, courses, cohorts or grades says in our words.

Only words are changed here: nothing is looked up. `foreign` makes an importer of it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from lms.kernel.i18n import N_, LazyText
from lms.kernel.importing import Fault, Incoming

_NUMBERED = re.compile(r"(course|role|group|enrolstatus|enroltimestart|enrolperiod|type|cohort|sysrole)(\d+)")
_TRAINEE = {"", "student", "5", "trainee", "learner"}
_TUTOR = {"teacher", "editingteacher", "noneditingteacher", "non-editing teacher", "3", "4", "tutor"}
_EMAIL = ("email", "email address", "e-mail")
_KIND_OF_FIGURE = re.compile(r"\s*\((real|percentage|letter|feedback)\)$", re.IGNORECASE)
_KIND_OF_ITEM = re.compile(r"^(assignment|quiz|manual item|forum|lesson|workshop|scorm package)\s*:\s*", re.IGNORECASE)

PEOPLE = {
    "email": "email", "email address": "email", "firstname": "given_name", "first name": "given_name", "lastname": "family_name",
    "last name": "family_name", "surname": "family_name", "country": "country", "institution": "organisation", "lang": "language",
    "profile_field_gender": "gender", "profile_field_sex": "gender", "region": "region", "gender": "gender",
}  # fmt: skip
COURSES = {"shortname": "code", "fullname": "title", "summary": "summary", "lang": "language", "programme": "programme", "topic": "topic"}
DELIVERIES = {"shortname": "code", "fullname": "title", "lang": "language", "startdate": "starts", "enddate": "ends"}
"""A course of theirs is given once: it is a course of ours, and also a cohort."""
COHORTS = {"idnumber": "code", "name": "title", "course": "course"}
_BESIDE_GRADES = {
    *PEOPLE, "id number", "idnumber", "username", "department", "city", "last downloaded from this course", "course total", "cohort",
    "country", "alternate name", "middle name",
}  # fmt: skip

REASONS: dict[str, LazyText] = {
    "password": N_("Left out: passwords are never taken; people set their own."),
    "category": N_("Left out: there are no categories here; courses have topics and programmes."),
    "description": N_("Left out: a cohort has no description of its own here."),
    "username": N_("Left out: people sign in with their e-mail address."),
}
ELSEWHERE = N_("Left out: there is no place for it here.")
WITH_PEOPLE = N_("Left out here: it is imported with the people.")
NO_GROUPS = N_("Left out: there are no groups here.")
NO_SITE_COHORTS = N_("Left out: a cohort of the other system is a group of the whole site, and there are none here.")
NO_SITE_ROLES = N_("Left out: roles for the whole site are given by hand.")
UNKNOWN_ROLE = N_("This role is not known here: student and teacher are.")
GONE = N_("The other system has deleted this.")


@dataclass(frozen=True, slots=True)
class Part:
    """What a line says about one thing: our cells, and the columns of theirs that they were found in."""

    cells: Mapping[str, str]
    found: Mapping[str, str] = field(default_factory=dict)
    is_tutor: bool = False


@dataclass(slots=True)
class Understood:
    """A line in our words: any number of things, what is wrong with it, and what is left out."""

    line: int
    parts: list[Part] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


Reader = Callable[[Incoming], Understood]


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file of theirs, for one of our importers: how its lines are read, what it must have, and what is left out."""

    title: LazyText
    read: Reader
    required: tuple[str, ...]
    left_out: tuple[Fault, ...] = ()
    by_course: bool = False
    """Whether `cohort` names a course of theirs, to be looked up."""


def form_of(importer: str, titles: Sequence[str]) -> Form | None:
    """How a file with these columns, as they are written, is read for our importer of this name, where it is one of the other system."""
    header = [title.strip().lower() for title in titles]
    if "groupname" in header:
        return _groups()
    for recognises, make in _FORMS.get(importer, ()):
        if recognises(set(header)):
            form = make(dict(zip(header, titles, strict=True)))
            return replace(form, left_out=tuple(_left_out(header, form.left_out)))
    return None


def _left_out(columns: Sequence[str], named: Sequence[Fault]) -> list[Fault]:
    wanted = {fault.column: fault for fault in named}
    return [wanted[column] for column in columns if column in wanted]


def _is_users(header: set[str]) -> bool:
    names = {"firstname", "lastname"} <= header or {"first name"} <= header
    return "given_name" not in header and (names or "username" in header or any(re.fullmatch(r"course\d+", name) for name in header))


def _is_grades(header: set[str]) -> bool:
    return not header & {"item", "score"} and ("email address" in header or any(_figure(name) == "real" for name in header))


# --- files of one thing a line ----------------------------------------------------------------------------------------


def _plain(
    title: LazyText, names: Mapping[str, str], required: Sequence[str], also: Mapping[str, str] | None = None
) -> Callable[..., Form]:
    """A form whose columns each are one of ours. `also`: another column of ours -> the one of theirs that fills it too."""

    def make(header: Mapping[str, str]) -> Form:
        known = {theirs: ours for theirs, ours in names.items() if theirs in header}
        found = {ours: theirs for theirs, ours in reversed(known.items())}
        others = [name for name in header if name not in known and name not in ("delete", "deleted")]
        left_out = [Fault(name, "", _reason(name)) for name in others]
        if "username" in header and "email" not in found and "email" in names.values():
            known, found = {**known, "username": "email"}, {**found, "email": "username"}

        def read(row: Incoming) -> Understood:
            understood = Understood(row.line)
            if gone := next((name for name in ("delete", "deleted") if row.cells.get(name) == "1"), None):
                understood.faults.append(Fault(gone, "1", GONE))
                return understood
            cells = {ours: _value(ours, row.cells.get(theirs, "")) for ours, theirs in found.items()}
            if not cells.get("email", "-") and "@" in row.cells.get("username", ""):
                cells["email"] = row.cells["username"]
            for ours, theirs in (also or {}).items():
                if ours not in cells:
                    cells[ours] = row.cells.get(theirs, "")
            understood.parts.append(Part(cells, found))
            return understood

        return Form(title, read, tuple(required), tuple(left_out))

    return make


def _reason(name: str) -> LazyText:
    if numbered := _NUMBERED.fullmatch(name):
        kind = numbered[1]
        return {"cohort": NO_SITE_COHORTS, "sysrole": NO_SITE_ROLES, "group": NO_GROUPS}.get(kind, _FOR_ENROLMENTS)
    return REASONS.get(name, ELSEWHERE)


_FOR_ENROLMENTS = N_("Left out for now: import the same file once more, as enrolments.")


def _value(ours: str, text: str) -> str:
    if ours == "language":
        return re.split(r"[_-]", text.strip().lower())[0]
    if ours in ("starts", "ends", "enrolled_on"):
        return day(text)
    return text


def day(text: str) -> str:
    """A date of theirs as ours: seconds since 1970 and the time of day go; what is neither stays as it is, to be refused by name."""
    text = text.strip()
    if re.fullmatch(r"\d{8,11}", text) and not re.fullmatch(r"(19|20)\d{6}", text):
        return datetime.fromtimestamp(int(text), UTC).date().isoformat()
    if text in ("0", "-"):
        return ""
    return text[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d[ T].*", text) else text


# --- enrolments: several courses a line -------------------------------------------------------------------------------


def _enrolments(header: Mapping[str, str]) -> Form:
    numbers = sorted({int(found[2]) for name in header if (found := _NUMBERED.fullmatch(name)) and found[1] == "course"})
    email = next((name for name in _EMAIL if name in header), "username" if "username" in header else "email")
    has_status = any(name.startswith("enrolstatus") for name in header)
    has_start = any(name.startswith("enroltimestart") for name in header)

    def read(row: Incoming) -> Understood:
        understood = Understood(row.line)
        for number in numbers:
            if row.cells.get(f"course{number}"):
                _read_course(understood, row, number, email, has_status, has_start)
        for name, reason in (("cohort", NO_SITE_COHORTS), ("sysrole", NO_SITE_ROLES), ("group", NO_GROUPS)):
            told = [Fault(column, row.cells[column], reason) for column in header if _is(name, column) and row.cells.get(column)]
            understood.notes += told
        return understood

    taken = {email, "username"} | {f"{kind}{number}" for number in numbers for kind in ("course", "role", "enrolstatus", "enroltimestart")}
    left_out = tuple(Fault(name, "", _reason_for_enrolments(name)) for name in header if name not in taken)
    return Form(N_("Users of Moodle with their courses"), read, (email, f"course{numbers[0] if numbers else 1}"), left_out, True)


def _reason_for_enrolments(name: str) -> LazyText:
    return WITH_PEOPLE if name in PEOPLE else ELSEWHERE if (reason := _reason(name)) is _FOR_ENROLMENTS else reason


def _is(kind: str, column: str) -> bool:
    numbered = _NUMBERED.fullmatch(column)
    return bool(numbered and numbered[1] == kind)


def _read_course(understood: Understood, row: Incoming, number: int, email: str, has_status: bool, has_start: bool) -> None:
    role = row.cells.get(f"role{number}", "").strip()
    if role.lower() not in _TRAINEE | _TUTOR:
        understood.faults.append(Fault(f"role{number}", role, UNKNOWN_ROLE))
        return
    cells = {"email": row.cells.get(email, "") or row.cells.get("username", ""), "cohort": row.cells[f"course{number}"]}
    found = {"email": email, "cohort": f"course{number}", "status": f"enrolstatus{number}", "enrolled_on": f"enroltimestart{number}"}
    if has_status:
        cells["status"] = "suspended" if row.cells.get(f"enrolstatus{number}") == "1" else ""
    if has_start:
        cells["enrolled_on"] = day(row.cells.get(f"enroltimestart{number}", ""))
    understood.parts.append(Part(cells, found, role.lower() in _TUTOR))


# --- grades: a column for every item ----------------------------------------------------------------------------------


def _grades(titles: Mapping[str, str]) -> Form:
    email = next((name for name in _EMAIL if name in titles), "email")
    others = [name for name in titles if _bare(name) not in _BESIDE_GRADES and not _NUMBERED.fullmatch(name)]
    items = [name for name in others if _figure(name) in ("", "real")]
    remarks = {_bare(name): name for name in others if _figure(name) == "feedback"}

    def read(row: Incoming) -> Understood:
        understood = Understood(row.line)
        for name in items:
            score = row.cells.get(name, "").strip()
            if score not in ("", "-"):
                cells = {
                    "email": row.cells.get(email, ""),
                    "cohort": row.cells.get("cohort", ""),
                    "item": _item(titles[name]),
                    "score": score,
                }
                if remarks:
                    cells["feedback"] = row.cells.get(remarks.get(_bare(name), ""), "").strip()
                understood.parts.append(Part(cells, {"email": email, "item": name, "score": name}))
        return understood

    left_out = [Fault(name, "", ELSEWHERE) for name in titles if name not in (email, "cohort", *items, *remarks.values())]
    return Form(N_("Grades of Moodle, a column for each item"), read, (email, "cohort"), tuple(left_out))


def _bare(name: str) -> str:
    return _KIND_OF_FIGURE.sub("", name)


def _figure(name: str) -> str:
    found = _KIND_OF_FIGURE.search(name)
    return found[1].lower() if found else ""


def _item(name: str) -> str:
    return _KIND_OF_ITEM.sub("", _bare(name)).strip()


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups() -> Form:
    def read(row: Incoming) -> Understood:
        return Understood(row.line, notes=[Fault("groupname", row.cells.get("groupname", ""), NO_GROUPS)])

    return Form(N_("Groups of Moodle"), read, ("groupname",))


_FORMS: dict[str, tuple[tuple[Callable[[set[str]], bool], Callable[[Mapping[str, str]], Form]], ...]] = {
    "people": ((_is_users, _plain(N_("Users of Moodle"), PEOPLE, ())),),
    "courses": ((lambda header: "shortname" in header, _plain(N_("Courses of Moodle"), COURSES, ("shortname", "fullname"))),),
    "cohorts": (
        (lambda header: "shortname" in header, _plain(N_("Courses of Moodle"), DELIVERIES, ("shortname",), {"course": "shortname"})),
        (lambda header: {"name", "idnumber"} <= header, _plain(N_("Cohorts of Moodle"), COHORTS, ("idnumber", "name", "course"))),
    ),
    "enrolments": ((_is_users, _enrolments),),
    "grades": ((_is_grades, _grades),),
}
