"""Codes of languages as people write them: es, pt-BR, pt_BR."""

from functools import cache, lru_cache

from babel import Locale, UnknownLocaleError


@cache
def _named() -> frozenset[str]:
    """Codes of every language that has an English name, also those that CLDR knows nothing else of."""
    return frozenset(code for code in map(str, Locale.parse("en").languages) if code.isalpha())


@lru_cache(maxsize=1024)
def code_of(text: str) -> str | None:
    """The code as it is kept ("es", "pt_BR"); None where it is none."""
    parts = text.strip().replace("-", "_").split("_")
    if parts[0].lower() not in _named() or len(text) > 10:
        return None
    if len(parts) == 1:
        return parts[0].lower()
    try:
        return str(Locale.parse("_".join(parts)))
    except (UnknownLocaleError, ValueError):
        return None
