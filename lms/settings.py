"""Every setting, typed, with its meaning. Read once at start-up and handed on; nobody imports values from here."""

import os
import secrets
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Misconfigured(ValueError):
    """A setting has a value that cannot be used. The message names it."""


class Settings(BaseSettings):
    """Configuration from environment variables `LMS_*` or a `.env` file."""

    model_config = SettingsConfigDict(env_prefix="LMS_", env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("var"), description="Folder for the embedded database, files and generated keys.")
    database_url: str = Field("", description="SQLAlchemy address of the database; empty: SQLite in the data folder.")
    storage_url: str = Field(
        "", description="Where stored files live: `file://PATH` or `s3://BUCKET/PREFIX`; empty: `files` in the data folder."
    )
    s3_endpoint: str = Field("", description="Address of a storage server that speaks S3; empty: `AWS_ENDPOINT_URL`, or Amazon.")
    s3_region: str = Field("", description="Region of the bucket; empty: `AWS_REGION`.")
    s3_access_key_id: str = Field("", description="Key for the bucket; empty: `AWS_ACCESS_KEY_ID`, or the role of the machine.")
    s3_secret_access_key: str = Field("", description="Secret of that key; empty: `AWS_SECRET_ACCESS_KEY`.")
    secret_key: str = Field("", description="Secret for form tokens and signed links; empty: made once and kept in the data folder.")
    base_url: str = Field("http://127.0.0.1:8000", description="Public address of the site, used in mails and certificates.")
    mail_url: str = Field(
        "outbox:", description="`outbox:` keeps mails in the database for staff to see; `smtp://[user:password@]host:port` sends them."
    )
    mail_from: str = Field("Aula Sur <no-reply@localhost>", description="Sender of every mail.")
    plugins: Annotated[list[str] | None, NoDecode] = Field(
        None, description="Exactly these plugins, comma-separated; unset: all that are installed."
    )
    locales: Annotated[list[str], NoDecode] = Field(
        ["en", "es", "fr", "pt"], description="Languages offered, comma-separated; the first is the default."
    )
    timezone: str = Field("UTC", description="Time zone shown to visitors who have not signed in.")
    demo: bool = Field(False, description="Show the demo sign-ins on the sign-in page.")
    session_days: int = Field(14, ge=1, le=365, description="Days after which a sign-in that is not used ends.")
    session_max_days: int = Field(90, ge=1, le=365, description="Days after which every sign-in ends, used or not.")
    max_upload_mb: int = Field(50, ge=1, description="Largest request body accepted, in megabytes.")
    threads: int = Field(0, ge=0, description="Worker threads for requests; 0: 2 on SQLite, 4 on PostgreSQL.")
    metrics_token: str = Field("", description="Bearer token that opens /metrics to others than the machine itself.")
    webhooks_private: bool = Field(False, description="Let webhooks reach this machine and private networks, there also by http.")
    trusted_proxies: str = Field("127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed, comma-separated.")
    log_level: str = Field("INFO", description="Least level of log lines written.")

    @field_validator("plugins", "locales", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @property
    def host(self) -> str:
        """The name of the site in its public address."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def default_locale(self) -> str:
        """The language used where nothing else decides."""
        return self.locales[0]

    @property
    def database(self) -> str:
        """The database address in force. Makes the data folder where the embedded default is used."""
        if self.database_url:
            return self.database_url
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{self.data_dir / 'lms.db'}"

    @property
    def storage(self) -> str:
        """The storage address in force."""
        return self.storage_url or f"file://{self.data_dir / 'files'}"

    @cached_property
    def secret(self) -> bytes:
        """The secret key in force; made once, readable by the owner alone, where none is configured."""
        if self.secret_key:
            return self.secret_key.encode()
        path = self.data_dir / "secret_key"
        try:
            if known := path.read_bytes():  # an empty one, left by a full disk, would let anybody forge what we sign
                return known
            path.unlink()
        except FileNotFoundError:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        _make_secret(path)
        return path.read_bytes()

    @property
    def max_upload_bytes(self) -> int:
        """Largest request body, in bytes."""
        return self.max_upload_mb * 1024 * 1024


def _make_secret(path: Path) -> None:
    """Write a new secret where there is none: whole or not at all, and whoever is first wins."""
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
