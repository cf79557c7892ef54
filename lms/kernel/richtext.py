"""Formatted text that people write in Markdown, as HTML that is safe to show."""

import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup

TOP_HEADING = 2  # the page's own title is the only h1
_ALIGNMENTS = {"text-align:right": "num", "text-align:center": "centre"}
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "s", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
_CLASSES = {"td": set(_ALIGNMENTS.values()), "th": set(_ALIGNMENTS.values())}


def _settle(state: StateCore) -> None:
    """Headings begin at h2 whatever the writer began with; columns are aligned by class, because pages allow no inline style; and the
    empty corner of a table heads nothing."""
    headings = [token for token in state.tokens if token.type in ("heading_open", "heading_close")]
    _shift(headings)
    for token in state.tokens:
        style = token.attrs.pop("style", "") if token.type in ("th_open", "td_open") else ""
        if style in _ALIGNMENTS:
            token.attrSet("class", _ALIGNMENTS[str(style)])
    for opening, content, closing in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if opening.type == "th_open" and not content.content.strip():
            opening.tag = closing.tag = "td"


def _shift(headings: Sequence[Token]) -> None:
    shift = TOP_HEADING - min((int(token.tag[1]) for token in headings), default=TOP_HEADING)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) + shift)}"


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    reader.core.ruler.push("settle", _settle)
    return reader


_markdown = _reader()


_NUMBERED = re.compile(r"picture:[1-9][0-9]{0,3}")


def _local_pictures(tag: str, attribute: str, value: str) -> str | None:
    """Pictures come from this site alone: another one would learn who reads what. One that was given with the text has a number."""
    if (tag, attribute) == ("img", "src"):
        is_local = value.startswith("/") and value[1:2] not in ("/", "\\")
        return value if is_local or _NUMBERED.fullmatch(value) else None
    return None if value.startswith("picture:") else value


def render(markdown: str) -> str:
    """Safe HTML of a text in Markdown (CommonMark, tables, strikethrough); HTML in the text is shown as typed."""
    html = nh3.clean(
        _markdown.render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        attribute_filter=_local_pictures,
        url_schemes={"http", "https", "mailto", "tel", "picture"},
        link_rel="noopener",
    )
    return Markup(html)  # noqa: S704  # cleaned in the line above
