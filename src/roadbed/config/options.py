"""Every setting Roadbed reads from the environment, in one table.

The table feeds the settings module, ``roadbed config show`` and the reference page, so that none of them can drift.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import platformdirs


class BadSettingError(ValueError):
    """A setting has a value that cannot be read; the message names it and says what would do."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its environment variable, how to read it, its default and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: str
    help: str
    secret: bool = False


def as_text(value: str) -> str:
    """Return the value unchanged but for surrounding space."""
    return value.strip()


def as_bool(value: str) -> bool:
    """Read yes/no in the usual spellings."""
    lowered = value.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise BadSettingError(f"{value!r} is neither yes nor no")


def as_list(value: str) -> list[str]:
    """Split a comma-separated list and drop the empty parts."""
    return [part.strip() for part in value.split(",") if part.strip()]


def as_int(value: str) -> int:
    """Read a whole number."""
    try:
        return int(value)
    except ValueError as error:
        raise BadSettingError(f"{value!r} is not a whole number") from error


def as_path(value: str) -> Path:
    """Read a folder; empty means the platform's folder for application data."""
    return (
        Path(value).expanduser().resolve() if value.strip() else Path(platformdirs.user_data_dir("roadbed"))
    )


OPTIONS: tuple[Option, ...] = (
    Option("ROADBED_DATA", as_path, "", "Folder for the database, files and the secret key."),
    Option(
        "DATABASE_URL",
        as_text,
        "",
        "postgresql://user:password@host:port/name for a team; empty means SQLite in the data folder.",
        secret=True,
    ),
    Option(
        "ROADBED_SECRET_KEY",
        as_text,
        "",
        "Signs sessions and links; empty means the key that `up` made in the data folder.",
        secret=True,
    ),
    Option(
        "ROADBED_URL",
        as_text,
        "http://127.0.0.1:8400",
        "The address people use; decides hosts and secure cookies.",
    ),
    Option("ROADBED_HOSTS", as_list, "", "Further host names to answer to, separated by commas."),
    Option(
        "ROADBED_TRUST_PROXY", as_bool, "no", "Believe X-Forwarded-Proto, because a proxy of yours sets it."
    ),
    Option("ROADBED_DEBUG", as_bool, "no", "Show tracebacks in the browser. Never in production."),
    Option(
        "ROADBED_TIME_ZONE", as_text, "UTC", "Time zone of the server's clock texts, such as Europe/Berlin."
    ),
    Option(
        "ROADBED_EMAIL_URL",
        as_text,
        "",
        "smtp://user:password@host:587?tls=1, or file:///folder to keep each as a file; empty prints mail to the log.",
        secret=True,
    ),
    Option("ROADBED_EMAIL_FROM", as_text, "roadbed@localhost", "Sender of every mail."),
    Option("ROADBED_SIGN_UP", as_bool, "no", "Let anybody create an account without an invitation."),
    Option(
        "ROADBED_OIDC",
        as_text,
        "",
        'OpenID Connect as JSON: [{"id": …, "name": …, "server_url": …, "client_id": …, "secret": …}].',
        secret=True,
    ),
    Option(
        "ROADBED_WEBHOOK_ALLOW", as_list, "", "Private networks that webhooks may reach, such as 10.1.0.0/16."
    ),
    Option(
        "ROADBED_DATA_FOLDERS",
        as_list,
        "",
        "Folders whose Parquet and CSV files may be read as data sources, separated by commas, by any workspace.",
    ),
    Option("ROADBED_UPLOAD_MAX_MB", as_int, "200", "Largest file that can be uploaded, in megabytes."),
    Option(
        "ROADBED_API_RATE", as_int, "1200", "Requests a minute that one API token may make; 0 for no limit."
    ),
    Option(
        "ROADBED_LLM_URL",
        as_text,
        "",
        "An OpenAI-compatible endpoint that may phrase answers, such as https://llm.example/v1; empty is off. "
        "It gets the question and the sentences quoted, nothing else.",
    ),
    Option("ROADBED_LLM_MODEL", as_text, "", "The model to ask there."),
    Option("ROADBED_LLM_KEY", as_text, "", "The key to ask it with, if it wants one.", secret=True),
    Option("ROADBED_LLM_SECONDS", as_int, "15", "How long to wait for it before the quotes stand alone."),
    Option("ROADBED_WORKERS", as_int, "1", "Web processes; more than one needs PostgreSQL."),
    Option(
        "ROADBED_JOB_LEASE_SECONDS",
        as_int,
        "60",
        "How long a worker may be silent before its job is taken over.",
    ),
)


def read_options(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return every option's value, from the environment or its default.

    Raises
    ------
    BadSettingError
        If a value cannot be read; the message names the variable.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for option in OPTIONS:
        try:
            values[option.name] = option.read(source.get(option.name, option.default))
        except BadSettingError as error:
            raise BadSettingError(f"{option.name}: {error}") from error
    return values


def database_from_url(url: str, *, data: Path) -> dict[str, Any]:
    """Return Django's database settings for a URL, or for SQLite in the data folder when it is empty.

    Raises
    ------
    BadSettingError
        If the URL is of another kind than PostgreSQL or SQLite.
    """
    if not url or url.startswith("sqlite:"):
        path = Path(urlsplit(url).path) if url else data / "roadbed.sqlite3"
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;"
                    "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSettingError("DATABASE_URL: only postgresql:// and sqlite:// are known")
    query = dict(part.split("=", 1) for part in parts.query.split("&") if "=" in part)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.pop("host", "") or parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {key: unquote(value) for key, value in query.items()},
    }


def email_from_url(url: str) -> dict[str, Any]:
    """Return Django's e-mail settings for an smtp:// or file:// URL; empty prints to the log."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme not in {"smtp", "smtps"}:
        raise BadSettingError("ROADBED_EMAIL_URL: only smtp://, smtps:// and file:// are known")
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "localhost",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": "tls=1" in parts.query,
        "EMAIL_TIMEOUT": 20,
    }
