"""Texts made to run, to break out of their place, or to upset what keeps and shows them."""

import json
import os
from pathlib import Path

LISTS = Path(__file__).parents[2].parent / "shared/data"
"""Longer lists, where they lie beside the checkout."""
FULL = bool(os.environ.get("LMS_TEST_FULL"))
PAYLOADS = (
    "<script>alert(1)</script>", '"><script>alert(1)</script>', "'><img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "--><script>alert(1)</script>", '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)", "javascript:alert(1)", "JaVaScRiPt&#58;alert(1)", "data:text/html,<script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "[x](javascript:alert(1))", "![x](https://spy.example/p.png)",
    "<style>*{background:url(https://spy.example)}</style>", "<base href=https://spy.example/>", "<meta http-equiv=refresh content=0>",
    "<object data=x>", "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>", "<noscript><p title='</noscript><img src=x>'>",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */onerror=alert(1))//%0D%0A//</stYle/</titLe/</teXtarEa/--!>\\x3csVg/<sVg/oNloAd=alert(1)//>",
    "{{ 7*7 }}", "{% raw %}", "${7*7}", "#{7*7}", "%(password)s", "{0.__class__}", "%s%n%x", "{person.email}",
    "' OR '1'='1", "1; DROP TABLE person; --", "' UNION SELECT password_hash FROM account --", "%' OR 1=1 --", "\\", "%_\\%", "*)(uid=*",
    "$(id)", "`id`", "; ls", "| cat /etc/passwd", "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd",
    "=cmd|' /C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "a\r\nBcc: thief@example.org", "a\r\n\r\n<html>",
    "\u202egnp.exe", "\u0000", "\ufeff", "\u200b\u200b", "Z̸̢͎̕a̷l̶g̴o̵", "‮ﷺ" * 10, "👩‍👩‍👧‍👧" * 5, "ก็็็็็็็็", "０１２", "ﬀ", "İstanbul", "ß" * 20,
)  # fmt: skip


def naughty() -> list[str]:
    """The big list of naughty strings, where it is there."""
    found = next(iter(sorted(LISTS.glob("names/blns/*.json"))), None)
    return [text for text in json.loads(found.read_text("utf-8")) if isinstance(text, str) and text.strip()] if found else []
