"""A file with a hundred broken rows of every kind: the good ones go in, each bad one is named by line, column and value."""

import csv

from tests.imports.shell import table
from tests.imports.stories import people
from tests.imports.test_people import BAD

HEADER = "email,given_name,family_name,country,region,gender,organisation,organisation_type,language"
NAMES = HEADER.split(",")
LONG = "x" * 1_000_000


def row(number, **cells):
    """A row that is in order, but for these cells."""
    fine = {"email": f"p{number}@x.org", "given_name": f"P{number}", "country": "PE", "gender": "F", "language": "es"}
    return {**fine, **cells}


BROKEN = [
    *(("email", {"email": address}) for address in BAD if address.strip()),
    *(
        ("country", {"country": text})
        for text in ("XX", "Perú", "PER", "P", "12", "=PE", "Atlantis", "ZZ", "P E", "pe-LIM", "-1", "🇵🇪", "null")
    ),
    *(("region", {"region": text}) for text in ("NONE", "Andes", "019 005", "=1+1", "19", "<script>")),
    *(("language", {"language": text}) for text in ("Spanish", "xx", "e", "es-es-es-es", "12", "../../etc")),
    *(
        ("organisation_type", {"organisation": "CIES", "organisation_type": text})
        for text in ("circus", "1", "=SUM(A1)", "null", "ngo, media")
    ),
    *(("given_name", {"given_name": text}) for text in (LONG, "x" * 121, "a\x00b", "a\x07b", "a\x9bb", "")),
    *(("family_name", {"family_name": text}) for text in (LONG, "x" * 121, "\x1b[31m")),
    *(("organisation", {"organisation": text}) for text in (LONG, "x" * 201, "a\x00b", "\x7f")),
    *(("email", {"email": text}) for text in ("p1@x.org", "P1@X.org", "p2@x.org")),  # they are in the file already, with another name
    ("email", {"email": ""}),
]


def test_a_hundred_broken_rows_of_every_kind(campus, shell):
    good = [row(number) for number in range(1, 41)]
    rows: list[dict[str, str]] = []
    faults: dict[int, tuple[str, str]] = {}
    for number, (column, cells) in enumerate(BROKEN):
        rows += [good[number]] if number < len(good) else []
        rows.append(row(1000 + number, **cells))
        faults[len(rows) + 1] = (column, cells[column])
    raw = table(HEADER, *rows).decode()
    lines = raw.count("\n")  # no cell has more than one line, so that lines can be counted
    raw += 'lost@x.org,"Lost,,PE\nfine@x.org,Fine,,PE,,,,,\nmany@x.org,Many,,,,,,,,,more,cells\nquote@x.org,"a"b,,,,,,,\n'
    content = raw.encode() + b"bytes@x.org,\xff\xfe,,PE,,,,,\nlast@x.org,Zo\xc3\xa9,,PE,,,,,\n"
    answer = shell.bring("people", content)
    assert answer.counts == {"created": len(good) + 2, "updated": 0, "unchanged": 0, "rejected": len(BROKEN) + 4}
    assert len(BROKEN) >= 96
    known = people(campus)
    assert {"fine@x.org", "last@x.org", "p40@x.org"} <= set(known)
    assert len(known) == len(good) + 2
    for rejected, (line, (column, value)) in zip(answer.rejected, faults.items(), strict=False):
        shown = "".join(value.split("\n")[0])[:80]
        assert f"line {line}, column {column}" in rejected["reason"], rejected["reason"]
        assert not shown.strip() or shown.strip() in rejected["reason"]
    others = [other["reason"] for other in answer.rejected[len(BROKEN) :]]
    assert [reason.split()[1].strip(",:") for reason in others] == [str(lines + number) for number in (1, 3, 4, 5)]
    assert tuple(shell.bring("people", content)) == (0, 0, len(good) + 2, len(BROKEN) + 4)


def test_the_rejected_rows_can_be_read_by_whoever_reads_csv(campus, shell):
    shell.bring("people", table(HEADER, row(1, given_name="=1+1", email="a b"), row(2, organisation='say "hi"; now', country="XX")))
    with (shell.folder / "people.rejected.csv").open(newline="", encoding="utf-8") as file:
        header, *rows = list(csv.reader(file))
    assert header == [*NAMES, "reason"]
    assert [cells[6] for cells in rows] == ["", 'say "hi"; now']
    assert rows[0][1] == "'=1+1"
