"""Entity tags: what names a state of something, so that who has it already is not sent it again (RFC 9110 §8.8.3, §13.1.2)."""


def is_known(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names this tag. Weak or strong makes no difference here."""
    return tag.removeprefix("W/") in {part.strip().removeprefix("W/") for part in header.split(",")}
