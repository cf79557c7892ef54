"""The names of topics that come translated; a programme may add any other."""

from lms.kernel.i18n import N_, LazyText

KNOWN: dict[str, LazyText] = {
    "policy-influence": N_("Policy influence"),
    "monitoring-evaluation": N_("Monitoring and evaluation"),
    "research-communication": N_("Research communication"),
    "leadership": N_("Leadership"),
    "public-policy": N_("Public policy"),
}


def topic_name(code: str | None, name: str | None) -> str:
    """A topic's name in the reader's language where it came with the suite, else as the programme wrote it."""
    known = KNOWN.get(code or "")
    return str(known) if known else name or ""
