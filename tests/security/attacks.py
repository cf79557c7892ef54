"""Files made to do harm, small enough to make anew in every test: active content, files that are two things at once, and bombs."""

import bz2
import gzip
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1024 * 1024
SCRIPT = b"<script>alert(document.domain)</script>"
FOLDERS = (os.environ.get("LMS_TEST_ATTACK_FILES", ""), str(Path(__file__).parents[2].parent / "shared/data/security"))
"""Folders of further attack files: of a longer run than the gate's, and where it lies beside the checkout."""
NAMES = (
    "../../../../etc/passwd.pdf", "..\\..\\windows\\win.ini.pdf", "/etc/shadow.pdf", "CON.pdf", "aux.pdf", "nul", "essay.pdf.html",
    "essay.html.pdf", "<img src=x onerror=alert(1)>.pdf", "a\r\nSet-Cookie: stolen=1.pdf", 'a"; filename="b.html.pdf', " .pdf",
    "\u202efdp.exe.pdf", "a" * 400 + ".pdf", ".htaccess", ".user.ini", "essay.pdf\u0000.php", "essay.php%00.pdf", "essay.pdf.",
    "=cmd|' /C calc'!A0.pdf", "%2e%2e%2fessay.pdf", "....pdf", "año 1 — ensayo/ñandú.pdf", "💣.pdf", "essay.pdf::$DATA",
)  # fmt: skip


def named() -> Iterator[tuple[str, bytes]]:
    """A harmless document under every harmful name."""
    for name in NAMES:
        yield name, b"%PDF-1.7 essay"


def harmful() -> Iterator[tuple[str, bytes]]:
    """Harmful files under their own names; small ones also under endings that are often taken."""
    endings = ("pdf", "png", "csv", "txt", "xlsx", "zip") if os.environ.get("LMS_TEST_FULL") else ("pdf",)
    for name, make in MAKERS.items():
        content = make()
        yield name, content
        if len(content) < 4096:
            yield from ((f"{name.rpartition('.')[0]}.{ending}", content) for ending in endings if not name.endswith(ending))


def given() -> Iterator[tuple[str, bytes]]:
    """The files of the folders, but for what only describes them."""
    for folder in filter(None, FOLDERS):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.stat().st_size < 8 * MB and path.name not in ("SOURCE.txt", "LICENSE", "README.md"):
                yield path.name, path.read_bytes()


def _zip(parts: dict[str, bytes], link: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        if link:
            entry = zipfile.ZipInfo("link")
            entry.create_system, entry.external_attr = 3, 0o120777 << 16
            archive.writestr(entry, link)
    return out.getvalue()


def _sheet(cells: bytes, **parts: bytes) -> bytes:
    """A workbook with this sheet."""
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = b'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    office = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return _zip(
        {
            "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            b'<Default Extension="xml" ContentType="application/xml"/></Types>',
            "_rels/.rels": b"<Relationships " + relations + b'><Relationship Id="a" Type="' + office
            + b'/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": b"<Relationships " + relations + b'><Relationship Id="b" Type="' + office
            + b'/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": b"<workbook " + space + b' xmlns:r="' + office + b'"><sheets><sheet name="a" sheetId="1" r:id="b"/></sheets>'
            b"</workbook>",
            "xl/worksheets/sheet1.xml": cells.replace(b"<worksheet", b"<worksheet " + space),
            **parts,
        }
    )  # fmt: skip


def _laughs() -> bytes:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">' + entities + b"]><worksheet><sheetData>&l9;</sheetData></worksheet>"


def _outside() -> bytes:
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><worksheet><sheetData>&x;</sheetData></worksheet>'


def _png(width: int, height: int, row: bytes) -> bytes:
    """A picture of one colour, whatever its size says."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packed = zlib.compressobj(9)
    body = b"".join(packed.compress(b"\0" + row) for _ in range(min(height, 4000))) + packed.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def _text_in_png() -> bytes:
    """A small picture that unpacks to a text of 200 MB."""
    content = b"k\0\0" + zlib.compress(b"A" * (200 * MB), 9)
    chunk = struct.pack(">I", len(content)) + b"zTXt" + content + struct.pack(">I", zlib.crc32(b"zTXt" + content))
    plain = _png(1, 1, b"\0")
    return plain[:33] + chunk + plain[33:]


def _nested(depth: int = 6) -> bytes:
    content = _zip({"zeros": bytes(10 * MB)})
    for level in range(depth):
        content = _zip({f"{level}-{n}.zip": content for n in range(4)})
    return content


MAKERS: dict[str, Callable[[], bytes]] = {
    "page.html": lambda: b"<!doctype html>" + SCRIPT,
    "drawing.svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script><foreignObject/></svg>',
    "page.xhtml": lambda: b'<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "style.xsl": lambda: b'<?xml version="1.0"?><xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
    "script.js": lambda: b"alert(1)",
    "shell.php": lambda: b"<?php system($_GET['c']); ?>",
    "shell.phtml": lambda: b"<?= `id` ?>",
    "macro.hta": lambda: b"<hta:application>" + SCRIPT,
    "document.mht": lambda: b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "scripted.pdf": lambda: b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "page-and.pdf": lambda: SCRIPT + b"\n%PDF-1.7\n",
    "both.gif": lambda: b"GIF89a/*" + SCRIPT + b"*/=1;alert(1)",
    "both.jpg": lambda: b"\xff\xd8\xff\xfe\x00\x30<?php phpinfo(); ?>" + SCRIPT,
    "both.zip": lambda: b"%PDF-1.7\n" + SCRIPT + _zip({"index.html": SCRIPT}),
    "formulas.csv": lambda: b"email,given_name\n=cmd|' /C calc'!A0,@SUM(1)\n+1+1,-2\n\t=1,\r=2\n",
    "outside.xml": _outside,
    "laughs.xml": _laughs,
    "outside.xlsx": lambda: _sheet(_outside()),
    "laughs.xlsx": lambda: _sheet(_laughs()),
    "empty.xlsx": lambda: _sheet(b"<worksheet><sheetData/></worksheet>"),
    "far.xlsx": lambda: _sheet(b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'),
    "large.xlsx": lambda: _sheet(b"<worksheet><sheetData>" + bytes(300 * MB) + b"</sheetData></worksheet>"),
    "parts.xlsx": lambda: _sheet(b"<worksheet/>", **{f"xl/part{n}.xml": b"" for n in range(3000)}),
    "slip.zip": lambda: _zip({"../../../../tmp/evil": b"x", "/etc/evil": b"x", "..\\evil": b"x"}),
    "link.zip": lambda: _zip({}, link="/etc/passwd"),
    "zeros.zip": lambda: _zip({"zeros": bytes(200 * MB)}),
    "nested.zip": _nested,
    "zeros.gz": lambda: gzip.compress(bytes(200 * MB)),
    "zeros.bz2": lambda: bz2.compress(bytes(50 * MB)),
    "huge.png": lambda: _png(100_000, 100_000, b"\0"),
    "wide.png": lambda: _png(20_000, 4_000, bytes(20_000)),
    "text.png": _text_in_png,
    "nested.json": lambda: b"[" * 100_000 + b"]" * 100_000,
    "columns.csv": lambda: ",".join(f"c{n}" for n in range(200_000)).encode() + b"\n1\n",
    "cell.csv": lambda: b"email\n" + b"a" * (5 * MB),
    "quote.csv": lambda: b'email,given_name\n"' + b"a\n" * MB,
    "aliases.yaml": lambda: b"a: &a [x,x]\n" + b"".join(b"b%d: &b%d [*a,*a]\n" % (n, n) for n in range(30)),
    "zeros.txt": lambda: bytes(MB),
    "nothing.pdf": lambda: b"",
    "manifest.json": lambda: json.dumps({"__proto__": {"admin": True}, "constructor": {}}).encode(),
}
