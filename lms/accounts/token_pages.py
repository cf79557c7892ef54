"""Pages of a person's own tokens: what there is, a new one, an end to one."""

from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from lms.accounts import passwords, signing_in, tokens
from lms.accounts.tokens import NAME_LIMIT
from lms.kernel.api_tokens import DAYS, MOST_DAYS, READ, SCOPES, ApiToken
from lms.kernel.database import ReadSession
from lms.kernel.i18n import N_, _
from lms.kernel.permissions import SIGNED_IN
from lms.kernel.web import Form, FormInput, Here, Me, Read, Router, Write, origin_of, page, read_form, redirect, redisplay

pages = Router()
SCOPE_TITLES = {"read": N_("Read only"), "write": N_("Read and write")}
EMPTY_FORM = {"days": str(DAYS), "scope": READ}


class TokenForm(BaseModel):
    """A token that somebody wants."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
    scope: Literal["read", "write"] = "read"
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = DAYS
    current: Annotated[str, Field(max_length=1000)] = ""


def _context(session: ReadSession, person_id: int, token: str = "", row: ApiToken | None = None) -> dict[str, Any]:
    return {
        "token": token,
        "made": row,
        "tokens": tokens.listed(session, person_id),
        "scopes": [(key, str(title)) for key, title in SCOPE_TITLES.items()],
        "most_days": MOST_DAYS,
        "has_password": passwords.stored_for(session, person_id) is not None,
    }


@pages.get("/profile/tokens", permission=SIGNED_IN)
def tokens_page(request: Request, me: Me, session: Read) -> Response:
    """The tokens of the person, and the form for a new one."""
    return page(request, "accounts/tokens.html", form=FormInput(EMPTY_FORM), **_context(session, me.id or 0))


@pages.post("/profile/tokens", permission=SIGNED_IN)
def make_token(request: Request, me: Me, form: Form, campus: Here) -> Response:
    """Make a token and show it, once. It opens for months what this browser opens: so she shows again who she is, before anything."""
    person_id = me.id or 0
    with campus.database.reading() as reading:
        context = _context(reading, person_id)
    with redisplay(request, "accounts/tokens.html", form, **context):
        given = read_form(TokenForm, form)
        if context["has_password"]:
            signing_in.confirm(campus.database, person_id, given.current)
        with campus.database.transaction(origin_of(request)) as session:
            scopes = SCOPES if given.scope == "write" else (READ,)
            token, row = tokens.make(session, me, person_id, name=given.name, scopes=scopes, days=given.days)
            context = _context(session, person_id, token, row)
    shown = page(request, "accounts/tokens.html", form=FormInput(EMPTY_FORM), **context)
    shown.headers["cache-control"] = "no-store"
    return shown


@pages.post("/profile/tokens/revoke", permission=SIGNED_IN)
def revoke_all(request: Request, me: Me, session: Write) -> Response:
    """Let no token open anything any more."""
    tokens.revoke_all(session, me, me.id or 0)
    return redirect(request, "/profile/tokens", _("No token opens anything any more."))


@pages.post("/profile/tokens/{code}/revoke", permission=SIGNED_IN)
def revoke(request: Request, code: str, me: Me, session: Write) -> Response:
    """Let a token open nothing any more."""
    tokens.revoke(session, me, code)
    return redirect(request, "/profile/tokens", _("The token opens nothing any more."))
