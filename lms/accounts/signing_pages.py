"""Pages for getting in: signing in and out, joining, confirming, a new password, the language."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from lms.accounts import joining, passwords, queries, signing_in, zones
from lms.accounts.forms import AddressForm, JoinForm, PasswordForm, SignInForm
from lms.accounts.viewing import front_page, viewer
from lms.kernel import i18n, sessions
from lms.kernel.campus import Campus
from lms.kernel.errors import NotFound
from lms.kernel.i18n import _
from lms.kernel.middleware import LANGUAGE_COOKIE
from lms.kernel.permissions import PUBLIC, ROLE_TITLES, SIGNED_IN
from lms.kernel.text import fold
from lms.kernel.web import (
    Form,
    FormInput,
    Here,
    Me,
    Read,
    Router,
    Write,
    cookie_of,
    drop_cookie,
    keep_cookie,
    local_url,
    origin_of,
    page,
    read_form,
    redirect,
    redisplay,
)

pages = Router()
HOUR = timedelta(hours=1)


@pages.get("/sign-in", permission=PUBLIC)
def sign_in_page(request: Request, me: Me, campus: Here, next: str = "") -> Response:
    """The form; somebody who is in already goes on."""
    if me.id is not None:
        return redirect(request, local_url(next) if next else front_page(request, me))
    return page(request, "accounts/sign_in.html", **_sign_in_context(campus, next))


@pages.post("/sign-in", permission=PUBLIC)
def sign_in(request: Request, form: Form, campus: Here) -> Response:
    """Sign in. No transaction is open while the password is checked, so that a refused try is counted and nobody waits for it."""
    target = form.get("next")
    with redisplay(request, "accounts/sign_in.html", form, **_sign_in_context(campus, target)):
        given = read_form(SignInForm, form)
        person_id, language = signing_in.check(campus.database, given.email, given.password, origin_of(request).ip)
    return admit(request, campus, person_id, language, target)


def admit(request: Request, campus: Campus, person_id: int, language: str, target: str = "", message: object = None) -> Response:
    """Open a new session, whatever the browser had before, and go on to `target` or the person's own front page."""
    with campus.database.transaction(origin_of(request)) as session:
        if old := cookie_of(request, sessions.COOKIE):
            sessions.close_session(session, old)
        token = sessions.open_session(session, person_id, campus.settings.session_days, request.headers.get("user-agent", ""))
        actor = viewer(session, person_id)
    if not target:
        target = front_page(request, replace(actor, registry=campus.permissions)) if actor else "/"
    response = redirect(request, target, message)
    keep_cookie(request, response, sessions.COOKIE, token, campus.settings.session_days * 86400)
    if language in campus.settings.locales:
        remember_language(request, response, language)
    return response


def _sign_in_context(campus: Campus, target: str) -> dict[str, Any]:
    if not campus.settings.demo:
        return {"next": target, "demo_signins": []}
    with campus.database.reading() as session:
        people = queries.demo_signins(session)
    return {"next": target, "demo_signins": people, "demo_password": queries.DEMO_PASSWORD, "role_titles": ROLE_TITLES}


@pages.post("/sign-out", permission=PUBLIC)
def sign_out(request: Request, session: Write) -> Response:
    """Sign out of this browser."""
    if token := cookie_of(request, sessions.COOKIE):
        sessions.close_session(session, token)
    return _forgotten(request, redirect(request, "/", _("You are signed out.")))


@pages.post("/sign-out-everywhere", permission=SIGNED_IN)
def sign_out_everywhere(request: Request, me: Me, session: Write) -> Response:
    """Sign out of every browser."""
    sessions.close_all_sessions(session, me.id or 0)
    return _forgotten(request, redirect(request, "/sign-in", _("You are signed out on every device.")))


def _forgotten(request: Request, response: Response) -> Response:
    """The answer, with which a browser forgets the person: computers are shared, and Back must show nothing."""
    drop_cookie(request, response, sessions.COOKIE)
    response.headers["clear-site-data"] = '"cache", "storage"'
    return response


@pages.get("/join", permission=PUBLIC)
def join_page(request: Request, session: Read, next: str = "") -> Response:
    """The form for a new account. `next`: the page that the person came from, to go back to behind the link in the mail."""
    return page(
        request, "accounts/join.html", form=FormInput({"next": next[:200]}), countries=country_options(queries.country_codes(session))
    )


@pages.post("/join", permission=PUBLIC)
def join(request: Request, form: Form, campus: Here) -> Response:
    """Make an account that waits for its confirmation. Says the same whether or not the address is known."""
    with campus.database.reading() as reading:
        countries = country_options(queries.country_codes(reading))
    with redisplay(request, "accounts/join.html", form, countries=countries):
        given = read_form(JoinForm, form)
        _limit_mail(request, campus, given.email)
        with campus.database.transaction(origin_of(request)) as session:
            zone = zones.of_country(given.country_code, campus.settings.timezone)
            back = local_url(form.get("next")[:200]) if form.get("next") else ""
            joining.join(session, campus.settings.base_url, language=i18n.locale(), timezone=zone, back=back, **given.model_dump())
    return page(request, "accounts/sent.html", email=given.email)


@pages.get("/reset", permission=PUBLIC)
def reset_page(request: Request) -> Response:
    """The form for a new password."""
    return page(request, "accounts/reset.html")


@pages.post("/reset", permission=PUBLIC)
def reset(request: Request, form: Form, campus: Here) -> Response:
    """Send a link for a new password. Says the same whether or not the address is known."""
    with redisplay(request, "accounts/reset.html", form):
        given = read_form(AddressForm, form)
        _limit_mail(request, campus, given.email)
        with campus.database.transaction(origin_of(request)) as session:
            joining.ask_reset(session, campus.settings.base_url, given.email)
    return page(request, "accounts/sent.html", email=given.email)


def _limit_mail(request: Request, campus: Campus, email: str) -> None:
    signing_in.limit(campus.database, f"mail:{email}", 5, HOUR)
    signing_in.limit(campus.database, f"mail:{origin_of(request).ip}", 60, HOUR)


@pages.get("/confirm/{token}", permission=PUBLIC)
def confirm_page(request: Request, token: str, session: Read, next: str = "") -> Response:
    """The form behind a confirmation link. Looking at it uses nothing up: mail scanners follow links."""
    return _password_page(request, session, token, "confirm", next)


@pages.get("/reset/{token}", permission=PUBLIC)
def new_password_page(request: Request, token: str, session: Read, next: str = "") -> Response:
    """The form behind a link for a new password."""
    return _password_page(request, session, token, "reset", next)


@pages.post("/confirm/{token}", permission=PUBLIC)
def confirm(request: Request, token: str, form: Form, campus: Here) -> Response:
    """Confirm the address, set the password, sign in."""
    return _set_password(request, campus, form, token, "confirm")


@pages.post("/reset/{token}", permission=PUBLIC)
def new_password(request: Request, token: str, form: Form, campus: Here) -> Response:
    """Set the new password, sign in."""
    return _set_password(request, campus, form, token, "reset")


def _password_page(request: Request, session: Read, token: str, purpose: str, target: str) -> Response:
    try:
        person = joining.holder(session, token, purpose)
    except joining.LinkIsSpent as refusal:
        return page(request, "accounts/spent.html", status=404, sentence=refusal.sentence())
    form = FormInput({"next": target[:200]})
    response = page(request, "accounts/password.html", form=form, email=person.email, purpose=purpose, action=f"/{purpose}/{token}")
    response.headers["referrer-policy"] = "no-referrer"  # the address of this page is a secret
    return response


def _set_password(request: Request, campus: Campus, form: Form, token: str, purpose: str) -> Response:
    try:
        with campus.database.reading() as reading:
            person = joining.holder(reading, token, purpose)
            email = person.email or ""
        with redisplay(request, "accounts/password.html", form, email=email, purpose=purpose, action=f"/{purpose}/{token}"):
            given = read_form(PasswordForm, form)
            passwords.check_strength(given.password, email, person.name, campus.settings.host)
        hashed = passwords.digest(given.password)
        with campus.database.transaction(origin_of(request)) as session:
            person = joining.use_link(session, token, purpose, hashed)
    except joining.LinkIsSpent as refusal:
        return page(request, "accounts/spent.html", status=404, sentence=refusal.sentence())
    return admit(request, campus, person.id or 0, person.language, form.get("next"), _("Your password is set. Welcome."))


@pages.get("/language/{code}", permission=PUBLIC)
def choose_language(request: Request, code: str, campus: Here, next: str = "/") -> Response:
    """Read this site in another language, in this browser."""
    if code not in campus.settings.locales:
        raise NotFound()
    response = redirect(request, next)
    remember_language(request, response, code)
    return response


def remember_language(request: Request, response: Response, code: str) -> None:
    """Keep the choice of language in this browser."""
    keep_cookie(request, response, LANGUAGE_COOKIE, code, 365 * 86400)


@pages.get("/privacy", permission=PUBLIC)
def privacy(request: Request) -> Response:
    """What is kept about people and why."""
    return page(request, "accounts/privacy.html")


def country_options(codes: list[str]) -> list[tuple[str, str]]:
    """Countries by name, as a choice."""
    return sorted(((code, i18n.country_name(code)) for code in codes), key=lambda option: fold(option[1]))
