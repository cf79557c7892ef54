"""The examination behind `lms doctor`: what is well, what could be better, what must be mended, and how."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from lms.kernel import doctor_database, fonts, mail
from lms.kernel.campus import Campus
from lms.settings import Settings

Level = Literal["ok", "warn", "FAIL"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROBE = b"a probe of lms doctor"
SCARCE, FULL = 2 * 1024**3, 200 * 1024**2
"""Bytes free on a disk below which it is time to worry, and to act."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: of what, how it is, what was found, and what to do about it."""

    name: str
    level: Level
    found: str
    mend: str = ""


def examine(campus: Campus) -> list[Finding]:
    """Every finding, in the order in which to mend them. Writes nothing that stays."""
    parts: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("secret key", lambda: _secret(campus)),
        ("base url", lambda: _address(campus.settings)),
        ("trusted proxies", lambda: _proxies(campus.settings)),
        ("demo", lambda: _demo(campus.settings)),
        ("plugins", lambda: _plugins(campus)),
        ("database", lambda: _database(campus)),
        ("disk", lambda: _disk(campus.settings)),
        ("storage", lambda: _storage(campus)),
        ("mail", lambda: _mail(campus.settings)),
        ("fonts", _fonts),
        ("modules", lambda: _modules(campus)),
    ]
    return [finding for name, part in parts for finding in _safely(name, part)]


def as_lines(findings: list[Finding]) -> str:
    """For people: a line for each, and below it what to do."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"{finding.level:<5} {finding.name:<{width}}  {finding.found}" for finding in findings]
    shown = [
        line + (f"\n{'':<{width + 8}}-> {finding.mend}" if finding.mend else "") for line, finding in zip(lines, findings, strict=True)
    ]
    worst = {finding.level for finding in findings}
    verdict = "something must be mended" if "FAIL" in worst else "well, with remarks" if "warn" in worst else "all well"
    return "\n".join([*shown, verdict])


def as_json(findings: list[Finding]) -> str:
    """For programs: a list of objects with `name`, `level`, `found` and `mend`."""
    return json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2)


def _safely(name: str, part: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from part()
    except Exception as error:  # whatever it is, the other findings are wanted too
        yield Finding(name, "FAIL", first_line(error))


def first_line(error: Exception) -> str:
    """What went wrong, without the pages that some libraries add."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:300]}"


def _secret(campus: Campus) -> Iterator[Finding]:
    key, name = campus.settings.secret_key, "secret key"
    if not key and campus.database.dialect == "postgresql":
        mend = "Set LMS_SECRET_KEY to the same value for every process: openssl rand -hex 32"
        yield Finding(name, "warn", "made by this process alone, in its data folder", mend)
    elif not key:
        yield Finding(name, "ok", "made once, in the data folder")
    elif len(key) < 32:
        yield Finding(name, "warn", f"only {len(key)} characters", "Set LMS_SECRET_KEY to a longer one: openssl rand -hex 32")
    else:
        yield Finding(name, "ok", "configured")


def _address(settings: Settings) -> Iterator[Finding]:
    address = urlsplit(settings.base_url)
    if address.scheme not in ("http", "https") or not address.netloc:
        yield Finding("base url", "FAIL", f"{settings.base_url!r} is no address", "Set LMS_BASE_URL to https://your.site")
    elif address.scheme == "http":
        found = "this machine only" if address.hostname in LOOPBACK else "without encryption"
        mend = "On a real site put a proxy with TLS before it and set LMS_BASE_URL to its https address"
        yield Finding("base url", "warn", f"{settings.base_url}, {found}", mend)
    else:
        yield Finding("base url", "ok", settings.base_url)


def _proxies(settings: Settings) -> Iterator[Finding]:
    trusted = [part.strip() for part in settings.trusted_proxies.split(",") if part.strip()]
    if "*" in trusted:
        mend = "Set LMS_TRUSTED_PROXIES to the addresses of your proxies: else anybody can pretend to be anybody's machine"
        yield Finding("trusted proxies", "warn", "everybody", mend)
    elif urlsplit(settings.base_url).scheme == "https" and not trusted:
        mend = "Set LMS_TRUSTED_PROXIES to the address of the proxy: else all visitors seem to come from it, and share its limits"
        yield Finding("trusted proxies", "warn", "none, though the site has a proxy", mend)
    else:
        yield Finding("trusted proxies", "ok", ", ".join(trusted) or "none")


def _demo(settings: Settings) -> Iterator[Finding]:
    if settings.demo:
        is_open = urlsplit(settings.base_url).hostname not in LOOPBACK
        mend = "Unset LMS_DEMO on a real site: it shows everybody how to sign in"
        yield Finding("demo", "warn" if is_open else "ok", "demo sign-ins are shown", mend if is_open else "")


def _plugins(campus: Campus) -> Iterator[Finding]:
    yield Finding("plugins", "ok", ", ".join(plugin.name for plugin in campus.plugins))


def _database(campus: Campus) -> Iterator[Finding]:
    for name, level, found, mend in doctor_database.examine(campus):
        yield Finding(name, level, found, mend)


def _disk(settings: Settings) -> Iterator[Finding]:
    places = {"data folder": settings.data_dir}
    if settings.storage.startswith("file://"):
        places["stored files"] = Path(settings.storage.removeprefix("file://"))
    for name, place in places.items():
        there = next(folder for folder in (place.absolute(), *place.absolute().parents) if folder.is_dir())
        free = shutil.disk_usage(there).free
        level: Level = "FAIL" if free < FULL else "warn" if free < SCARCE else "ok"
        yield Finding(f"disk, {name}", level, f"{free / 1024**3:.1f} GB free", "" if level == "ok" else f"Make room where {there} is")


def _storage(campus: Campus) -> Iterator[Finding]:
    place = campus.settings.storage
    key = campus.storage.put(PROBE).key
    try:
        with campus.storage.open(key) as file:
            came_back = file.read() == PROBE
    finally:
        campus.storage.delete(key)
    if not came_back:
        yield Finding("storage", "FAIL", f"{place}: what comes back is not what was written", "Check the disk or the storage server")
    elif campus.storage.exists(key):
        yield Finding("storage", "FAIL", f"{place}: files cannot be deleted", "Check the rights that its key gives")
    elif campus.database.dialect == "postgresql" and place.startswith("file://"):
        mend = "With processes on several machines use LMS_STORAGE_URL=s3://..., or a folder that all of them share"
        yield Finding("storage", "ok", f"{place}: written, read, deleted. {mend}")
    else:
        yield Finding("storage", "ok", f"{place}: written, read, deleted")


def _mail(settings: Settings) -> Iterator[Finding]:
    server = urlsplit(settings.mail_url)
    if server.scheme not in ("smtp", "smtps"):
        yield Finding("mail", "warn", "mails stay in the outbox and are sent to nobody", "Set LMS_MAIL_URL to smtp://host:port")
        return
    where = f"{server.scheme}://{server.hostname}" + (f":{server.port}" if server.port else "")
    try:
        with mail.connected(settings) as client:
            is_safe = server.scheme == "smtps" or client.has_extn("starttls") or server.hostname in LOOPBACK
        found = f"{where} answers" + (" and lets us in" if server.username else "")
        yield Finding("mail", "ok" if is_safe else "warn", found, "" if is_safe else "Mails travel unencrypted: ask for STARTTLS there")
    except OSError as error:  # of which all of smtplib's are
        yield Finding("mail", "FAIL", f"{where}: {first_line(error)}", "Check LMS_MAIL_URL, and that the worker may reach that server")


def _fonts() -> Iterator[Finding]:
    missing = fonts.missing_scripts(fonts.SAMPLES)
    needed = [script for script in missing if script == "Latin"]
    mend = "Install fonts, on Debian fonts-noto-core, and fonts-noto-cjk for Chinese, Japanese and Korean"
    if not missing:
        yield Finding("fonts", "ok", f"all of {len(fonts.SAMPLES)} scripts")
    else:
        yield Finding("fonts", "FAIL" if needed else "warn", f"none for {', '.join(missing)}: certificates show boxes", mend)


def _modules(campus: Campus) -> Iterator[Finding]:
    for name, check in campus.plugins.collect("health_checks"):
        try:
            with campus.database.reading() as session:
                check(session)
            yield Finding(name, "ok", "in order")
        except Exception as error:
            yield Finding(name, "FAIL", first_line(error))
