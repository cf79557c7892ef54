"""Languages: the reader's locale, translated texts, and dates, numbers and names as people of that locale write them.

Catalogues are the committed `.po` files, compiled in memory when a locale is first used: there is no second, stale, copy of them.
"""

import gettext as _gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from lms.kernel import pseudo
from lms.kernel.paths import resource

DOMAIN = "lms"
SOURCE = "en"
"""The language that the texts in the code are written in."""

_current: ContextVar[str] = ContextVar("locale", default=SOURCE)
_folders: list[tuple[Path, str]] = []  # of plugins; filled while they are loaded, before anything is shown


def locale() -> str:
    """The locale in force, for example "es" or "pt_BR"."""
    return _current.get()


@contextmanager
def using(code: str) -> Iterator[None]:
    """Speak this locale for the length of the block, in this thread or task alone."""
    token = _current.set(code)
    try:
        yield
    finally:
        _current.reset(token)


def register_catalogue(folder: Path, domain: str = DOMAIN) -> None:
    """Add a plugin's own catalogues: `folder/<locale>/LC_MESSAGES/<domain>.po`. The suite's own texts win."""
    if (folder, domain) not in _folders:
        _folders.append((folder, domain))
        forget()


def register_templates(name: str, folder: Path) -> None:
    """Add a plugin's templates, found as `name/...` unless the suite has a template of that name."""
    from lms.kernel import templates  # which needs the translations of this module

    templates.register(name, folder)


def environment(code: str) -> Any:
    """The Jinja environment (`lms.kernel.templates.Templates`) of a locale, with its texts folded into the compiled templates."""
    from lms.kernel import templates  # which needs the translations of this module

    return templates.environment(code)


def forget() -> None:
    """Drop everything kept in memory about catalogues and templates, so that it is read again."""
    from lms.kernel import templates  # which needs the translations of this module

    translations.cache_clear()
    templates.environment.cache_clear()


@lru_cache
def translations(code: str) -> _gettext.NullTranslations:
    """Every catalogue of a locale as one. For "pt_BR" what it lacks comes from "pt"; what nobody translated stays as written."""
    if made := pseudo.translations(code):
        return made
    found: _gettext.NullTranslations = _gettext.NullTranslations()
    codes = [code, code.partition("_")[0]] if "_" in code else [code]
    paths = [folder / c / "LC_MESSAGES" / f"{domain}.po" for c in codes for folder, domain in [(resource("locale"), DOMAIN), *_folders]]
    for number, path in enumerate(path for path in paths if path.is_file()):
        if number == 0:
            found = _compiled(path)
        else:
            found.add_fallback(_compiled(path))
    return found


def _compiled(path: Path) -> _gettext.GNUTranslations:
    with path.open("rb") as file:
        catalogue = read_po(file)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


def gettext(message: str) -> str:
    """The text in the locale in force."""
    return translations(_current.get()).gettext(message)


_ = gettext


def ngettext(singular: str, plural: str, n: int) -> str:
    """The text for this number of things, by the plural rules of the locale in force."""
    return translations(_current.get()).ngettext(singular, plural, n)


def counted(singular: str, plural: str, n: int) -> str:
    """The same with the number put in place of `{n}`, as people of the locale write numbers."""
    return ngettext(singular, plural, n).format(n=format_number(n))


def pgettext(context: str, message: str) -> str:
    """The text where one English word needs two translations; the context tells which."""
    return translations(_current.get()).pgettext(context, message)


class LazyText:
    """A text that is translated when it is shown, not when the module that declares it is imported."""

    __slots__ = ("context", "message")

    def __init__(self, message: str, context: str = "") -> None:
        self.message = message
        self.context = context

    def __str__(self) -> str:
        return pgettext(self.context, self.message) if self.context else gettext(self.message)

    def __repr__(self) -> str:
        return f"pgettext_lazy({self.context!r}, {self.message!r})" if self.context else f"N_({self.message!r})"

    def __format__(self, specification: str) -> str:
        return format(str(self), specification)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LazyText) and (other.message, other.context) == (self.message, self.context)

    def __hash__(self) -> int:
        return hash((self.message, self.context))

    def format(self, **facts: Any) -> str:
        """The translated text with its placeholders filled."""
        return str(self).format(**facts)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Fields take a lazy text or a plain one, and are written as text."""
        of_text = core_schema.no_info_after_validator_function(cls, core_schema.str_schema())
        return core_schema.union_schema(
            [core_schema.is_instance_schema(cls), of_text],
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
        )


def N_(message: str) -> LazyText:  # the name that gettext tools know
    """Mark a text for translation where it is declared; it is translated whenever it is shown."""
    return LazyText(message)


def pgettext_lazy(context: str, message: str) -> LazyText:
    """The same for an English word that needs two translations; the context tells which."""
    return LazyText(message, context)


def negotiate(header: str, offered: Sequence[str]) -> str:
    """The offered locale that an Accept-Language header (RFC 9110 §12.5.4) likes best; the first where it likes none."""
    return _negotiate(header[:500], tuple(offered))


@lru_cache(maxsize=512)
def _negotiate(header: str, offered: tuple[str, ...]) -> str:
    wishes = []
    for part in header.split(","):
        tag, _sep, quality = part.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if tag.strip() and weight > 0:
            wishes.append((-weight, tag.strip().replace("-", "_").lower()))
    known = {code.lower(): code for code in reversed(offered)}
    for _weight, wish in sorted(wishes, key=lambda pair: pair[0]):
        language = wish.partition("_")[0]
        relatives = (code for code in offered if code.lower().partition("_")[0] == language)
        if match := known.get(wish) or known.get(language) or next(relatives, None):
            return match
    return offered[0]


@lru_cache
def cldr(code: str) -> Locale:
    """What Unicode CLDR knows about a locale; English where it does not know it."""
    try:
        return Locale.parse(pseudo.CLDR.get(code, code).replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(SOURCE)


def text_direction(code: str | None = None) -> str:
    """ "ltr" or "rtl"."""
    code = code or locale()
    return "rtl" if code == pseudo.RIGHT_TO_LEFT else cldr(code).text_direction


def format_date(value: date | datetime | None, zone: str | None = None) -> str:
    """A day, as "31 Mar 2026"; of an instant, the day that it falls on in `zone`. Nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime) and zone:
        value = value.astimezone(zone_of(zone))
    return _day(value.date() if isinstance(value, datetime) else value, locale())


@lru_cache(maxsize=4096)
def _day(value: date, code: str) -> str:
    return dates.format_date(value, "medium", locale=cldr(code))


def format_datetime(value: datetime | None, zone: str = "UTC") -> str:
    """An instant on the clock of `zone`, saying whose clock that is: "31 Mar 2026, 09:30 (Lima)". Nothing for None."""
    if value is None:
        return ""
    return _instant(value, zone, locale())


@lru_cache(maxsize=4096)
def _instant(value: datetime, zone: str, code: str) -> str:
    local, known = value.astimezone(zone_of(zone)), cldr(code)
    day, time = dates.format_date(local, "medium", locale=known), dates.format_time(local, "short", locale=known)
    return f"{day}, {time} ({_city(zone, str(known))})"


def city(zone: str) -> str:
    """Whose clocks those of a zone are: "Lima"."""
    return _city(zone, str(cldr(locale())))


@lru_cache
def zone_of(name: str) -> Any:
    """The clocks of a time zone; those of UTC where the zone is unknown."""
    try:
        return dates.get_timezone(name)
    except LookupError:  # somebody's zone was renamed since: a right instant in UTC is better than no page
        return dates.UTC


@lru_cache(maxsize=2048)
def _city(zone: str, code: str) -> str:
    if zone_of(zone) is dates.UTC or "/" not in zone or zone.startswith("Etc/"):
        return "UTC" if zone_of(zone) is dates.UTC else zone
    # Where CLDR knows no name, what is left may still hold the country: "Argentina/Buenos Aires".
    return dates.get_timezone_location(zone_of(zone), locale=Locale.parse(code), return_city=True).rpartition("/")[2]


def format_number(value: float | Decimal | None) -> str:
    """A number with the separators of the locale. Nothing for None."""
    return "" if value is None else _decimal(value, locale())


@lru_cache(maxsize=4096, typed=True)
def _decimal(value: float | Decimal, code: str) -> str:
    return numbers.format_decimal(value, locale=cldr(code))


def format_percent(value: float | Decimal | None, digits: int = 0) -> str:
    """A share of one as percent with at most this many decimals: 0.755 is "76%". Nothing for None."""
    if value is None:
        return ""
    rounded = round(Decimal(str(value)), digits + 2).normalize()
    return numbers.format_percent(rounded, locale=cldr(locale()), decimal_quantization=False)


def format_size(size: int) -> str:
    """What a file weighs: "212 kB", "1.4 MB"."""
    if size < 1000:
        return gettext("%(size)s B") % {"size": size}
    if size < 999_500:
        return gettext("%(size)s kB") % {"size": format_number(round(size / 1000))}
    return gettext("%(size)s MB") % {"size": format_number(round(Decimal(size) / 1_000_000, 1))}


@lru_cache(maxsize=4096)
def _territory(code: str, spoken: str) -> str:
    return cldr(spoken).territories.get(code.upper()) or code


def country_name(code: str | None, spoken: str | None = None) -> str:
    """The name of an ISO 3166 country; the code itself where it is unknown, nothing for None."""
    return _territory(code, spoken or locale()) if code else ""


def language_name(code: str | None, spoken: str | None = None) -> str:
    """The name of a language ("es", "pt_BR"); the code itself where it is unknown, nothing for None."""
    if not code:
        return ""
    return _language(code, spoken or locale())


@lru_cache(maxsize=2048)
def _language(code: str, spoken: str) -> str:
    if code in pseudo.NAMES:
        return pseudo.NAMES[code]
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name(cldr(spoken)) or code
    except (UnknownLocaleError, ValueError):
        return code
