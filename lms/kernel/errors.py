"""What a service may answer instead of doing it: each refusal is a type with a sentence for a person.

One handler (`lms.app`) renders a refusal as a page, as RFC 9457 problem+json, or as an exit code with the sentence on stderr.
"""

from collections.abc import Mapping
from typing import Any

from lms.kernel.i18n import N_, LazyText


class Refused(Exception):
    """An action that the rules do not allow. `message` is formatted with the facts given to the constructor."""

    status: int = 409
    title: LazyText | str = N_("That did not work")
    message: LazyText | str = N_("This cannot be done now.")
    headers: Mapping[str, str] = {}
    """What the head of the answer says besides."""
    present: Mapping[str, Any] = {}
    """How the thing stands now, for a program that must decide how to go on."""

    def __init__(self, message: LazyText | str | None = None, **facts: Any) -> None:
        if message is not None:
            self.message = message
        self.facts = facts
        super().__init__(str(message or type(self).__name__))

    def sentence(self) -> str:
        """The message in the reader's language, with its facts filled in."""
        text = str(self.message)
        return text.format(**self.facts) if self.facts else text

    def __str__(self) -> str:
        return self.sentence()


class Invalid(Refused):
    """Input that cannot be taken, with a sentence for each field at fault (the key "" is for the form as a whole)."""

    status = 422
    title = N_("Please check the form")
    message = N_("Some answers need another look.")

    def __init__(self, errors: Mapping[str, LazyText | str]) -> None:
        super().__init__()
        self.errors = {field: str(text) for field, text in errors.items()}

    def sentence(self) -> str:
        return " ".join(self.errors.values()) or str(self.message)


class NotFound(Refused):
    """There is no such thing, or not for this person: strangers are not told which of the two."""

    status = 404
    title = N_("Not found")
    message = N_("There is nothing at this address, or it is not open to you.")


class Forbidden(Refused):
    """The person may see this, but may not do that."""

    status = 403
    title = N_("Not allowed")
    message = N_("Your role does not allow this.")


class SignInNeeded(Refused):
    """The page is for people who have signed in."""

    status = 401
    title = N_("Please sign in")
    message = N_("Please sign in to see this page.")


class Conflict(Refused):
    """Somebody else changed the same thing in the meantime; nothing was overwritten."""

    status = 409
    title = N_("Changed by somebody else")
    message = N_("Somebody else changed this while you were working on it. Nothing was overwritten.")


class WrongMove(Refused):
    """The state of a thing does not lead there."""

    message = N_("This cannot be done in its present state. Please reload the page.")


class TooMany(Refused):
    """The same thing was asked for too often."""

    status = 429
    title = N_("Too many attempts")
    message = N_("Too many attempts. Please try again in {minutes} min.")


class TooLarge(Refused):
    """More bytes than the server takes."""

    status = 413
    title = N_("Too large")
    message = N_("This is larger than the server accepts ({limit} MB).")
