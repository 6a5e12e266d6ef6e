"""What can be set of each kind of source: one table, which the form, the API and the documentation are made of."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

Type = Literal[
    "text", "long_text", "number", "choice", "switch", "colour", "sites", "secret", "email", "host"
]
COLOUR = re.compile(r"#[0-9a-f]{6}")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
REPOSITORY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/[A-Za-z0-9._-]{1,100}")
PATH = re.compile(r"(\$\.?)?[^\s]*")
SITES_MOST = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing to set."""

    name: str
    label: str
    type: Type = "text"
    default: Any = ""
    help: str = ""
    required: bool = False
    choices: Mapping[str, str] | None = None
    low: int = 1
    high: int = 1000
    max_length: int = 200


FORM = (
    Setting("heading", "Heading", default="Tell us what you need", max_length=120),
    Setting("intro", "Below the heading", "long_text", max_length=600),
    Setting("question", "Question", default="What would you like to say?", max_length=160),
    Setting(
        "thanks", "After sending", "long_text", default="Thank you. A person reads this.", max_length=600
    ),
    Setting(
        "rating",
        "Ask for a rating",
        "choice",
        default="none",
        choices={"none": "No", "stars": "One to five stars", "nps": "How likely to recommend, 0 to 10"},
    ),
    Setting(
        "email",
        "Ask for an e-mail address",
        "choice",
        default="optional",
        choices={"none": "No", "optional": "Yes, may stay empty", "required": "Yes, must be filled in"},
        help="With it the piece belongs to a person, and to the account of that domain.",
    ),
    Setting(
        "person",
        "Ask for a name",
        "choice",
        default="none",
        choices={"none": "No", "optional": "Yes, may stay empty"},
    ),
    Setting(
        "colour", "Colour", "colour", help="Of buttons and links, such as #1b6e53. Empty takes Roadbed’s."
    ),
    Setting(
        "sites",
        "Web sites that may embed it",
        "sites",
        help="One a line, such as https://www.example.com or https://*.example.com. Empty: nowhere.",
    ),
    Setting(
        "hourly",
        "Pieces an hour from one address",
        "number",
        default=20,
        high=10_000,
        help="More than these are refused until the hour is over.",
    ),
)
MAIL = (
    Setting(
        "address",
        "Address",
        "email",
        help="Where people write to. Mail that is piped in finds its source by it.",
    ),
    Setting("host", "IMAP server", "host", help="Empty where mail is only piped in with `roadbed mail-in`."),
    Setting("port", "Port", "number", default=993, high=65_535),
    Setting(
        "security",
        "Encryption",
        "choice",
        default="tls",
        choices={"tls": "TLS from the start", "starttls": "STARTTLS"},
    ),
    Setting("user", "User"),
    Setting("password", "Password", "secret"),
    Setting("folder", "Folder", default="INBOX"),
    Setting(
        "after",
        "What happens to mail that was read",
        "choice",
        default="leave",
        choices={"leave": "It stays as it is", "seen": "It is marked as read"},
    ),
    Setting("every", "Minutes between two looks", "number", default=5, high=1440),
)
HOOK = (
    Setting(
        "items",
        "Where the items are",
        help="A path such as data.items. Empty: the body is one item, or a list.",
    ),
    Setting(
        "text", "Text", default="text", required=True, help="The path to what was said, such as comment.body."
    ),
    Setting("title", "Title", default="title"),
    Setting(
        "id",
        "Id",
        default="id",
        help="The same id again is the same piece. Without one, the content makes it.",
    ),
    Setting("said_at", "Date", default="said_at"),
    Setting("person", "Person", default="person"),
    Setting("email", "E-mail", default="email"),
    Setting("account", "Account", default="account"),
    Setting("url", "Link", default="url"),
    Setting("locale", "Language", default="locale"),
    Setting("rating", "Rating, 0 to 10", default="rating"),
    Setting("tags", "Tags", default="tags"),
    Setting(
        "signed",
        "Signature",
        "choice",
        default="optional",
        choices={"optional": "Checked where there is one", "required": "Must be there"},
        help="Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature.",
    ),
    Setting("secret", "Signing secret", "secret", help="whsec_…; made for you where you leave it empty."),
    Setting("per_minute", "Requests a minute", "number", default=120, high=10_000),
)
GITHUB = (
    Setting("repository", "Repository", required=True, help="owner/name"),
    Setting(
        "api",
        "Address of the API",
        default="https://api.github.com",
        help="https://HOST/api/v3 for GitHub Enterprise.",
    ),
    Setting(
        "access",
        "Token",
        "secret",
        help="With read access to issues. Public repositories work without one, slowly.",
    ),
    Setting("labels", "Only with these labels", help="Separated by commas. Empty: all issues."),
    Setting(
        "comments",
        "Comments",
        "choice",
        default="none",
        choices={"none": "Only the issues", "all": "Each comment is a piece of its own"},
    ),
    Setting("since", "Not before", help="A date such as 2026-01-31. Empty: from the first issue."),
    Setting("every", "Minutes between two looks", "number", default=15, high=1440),
    Setting(
        "secret",
        "Webhook secret",
        "secret",
        help="For changes at once; made for you where you leave it empty.",
    ),
)
KINDS: dict[str, tuple[Setting, ...]] = {"form": FORM, "mail": MAIL, "hook": HOOK, "github": GITHUB}


def secret_names(kind: str) -> frozenset[str]:
    """Return the settings of a kind that are kept sealed."""
    return frozenset(each.name for each in KINDS[kind] if each.type == "secret")


def defaults(kind: str) -> dict[str, Any]:
    """Return what holds where nothing is set."""
    return {each.name: each.default for each in KINDS[kind] if each.type != "secret"}


def clean(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all settings of a kind, sound, with defaults for what is not given; secrets are not among them.

    Raises
    ------
    ValidationError
        By setting, with what is wrong and what would do.
    """
    specs = {each.name: each for each in KINDS[kind]}
    errors: dict[str, str] = {
        str(name)[:60]: f"A source of this kind has no {str(name)[:60]}."
        for name in given
        if name not in specs
    }
    found: dict[str, Any] = {}
    for name, spec in specs.items():
        if spec.type == "secret":
            continue
        try:
            found[name] = _value(spec, given.get(name, spec.default))
        except ValueError as error:
            errors[name] = str(error)
    if not errors:
        errors = _together(kind, found)
    if errors:
        raise ValidationError({name: [message] for name, message in errors.items()})
    return found


def _value(spec: Setting, given: Any) -> Any:
    if spec.type == "number":
        return _number(spec, given)
    if spec.type == "sites":
        lines = given.splitlines() if isinstance(given, str) else given
        if not isinstance(lines, (list, tuple)):
            raise ValueError("A list of sites is wanted, one a line.")
        return _sites([str(line) for line in lines])
    if not isinstance(given, str):
        raise ValueError("A text is wanted.")
    text = given.strip()
    if spec.choices is not None and not text:
        return spec.default
    if "\x00" in text:
        raise ValueError("A null character cannot be kept.")
    if spec.required and not text:
        raise ValueError("This must be filled in.")
    if len(text) > spec.max_length:
        raise ValueError(f"{len(text)} characters; {spec.max_length} are the most.")
    if spec.choices is not None and text not in spec.choices:
        raise ValueError(f"One of {', '.join(spec.choices)} is wanted.")
    return _shaped(spec, text)


def _number(spec: Setting, given: Any) -> int:
    try:
        number = spec.default if given in ("", None) else int(str(given))
    except ValueError as error:
        raise ValueError("A whole number is wanted.") from error
    if not spec.low <= number <= spec.high:
        raise ValueError(f"A number from {spec.low} to {spec.high:,} is wanted.")
    return int(number)


def _shaped(spec: Setting, text: str) -> str:
    if not text:
        return text
    if spec.type == "colour" and not COLOUR.fullmatch(text.lower()):
        raise ValueError("A colour such as #1b6e53 is wanted.")
    if spec.type == "email":
        try:
            validate_email(text)
        except ValidationError as error:
            raise ValueError("An address such as voice@example.com is wanted.") from error
    if spec.type == "host" and not HOST.fullmatch(text.lower()):
        raise ValueError("The name of a server such as imap.example.com is wanted.")
    return text.lower() if spec.type in {"colour", "email", "host"} else text


def _sites(lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in (line.strip().rstrip("/").lower() for line in lines):
        if not line:
            continue
        try:
            parts = urlsplit(line)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"“{line[:80]}” is not the address of a site.") from error
        host = (parts.hostname or "").removeprefix("*.")
        sound = (
            parts.scheme in {"http", "https"} and not parts.path and not parts.query and not parts.username
        )
        if not sound or not (HOST.fullmatch(host) or _is_address(host)) or len(line) > 200 or "#" in line:
            raise ValueError(f"“{line[:80]}” is not the address of a site, such as https://www.example.com.")
        shown = f"{parts.scheme}://{parts.hostname if ':' not in host else f'[{host}]'}"
        found.append(shown + (f":{port}" if port else ""))
    if len(found) > SITES_MOST:
        raise ValueError(f"{SITES_MOST} sites are the most.")
    return list(dict.fromkeys(found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _together(kind: str, found: dict[str, Any]) -> dict[str, str]:
    """What is wrong between settings, or with one that only its kind knows."""
    if kind == "mail":
        if not found["address"] and not found["host"]:
            return {"address": "Give the address that people write to, or the server to look at."}
        if found["host"] and not found["user"]:
            return {"user": "Say who looks into the mailbox."}
        if any(ord(character) < 32 for character in found["folder"]):
            return {"folder": "A folder’s name has no control characters."}
    if kind == "hook":
        broken = {each.name: found[each.name] for each in HOOK if isinstance(found.get(each.name), str)}
        return {name: "A path has no spaces." for name, path in broken.items() if not PATH.fullmatch(path)}
    if kind == "github":
        if not REPOSITORY.fullmatch(found["repository"]):
            return {"repository": "A repository such as octo-org/hello-world is wanted."}
        if found["since"] and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])-([012]\d|3[01])", found["since"]):
            return {"since": "A date such as 2026-01-31 is wanted."}
        found["api"] = found["api"].rstrip("/") or "https://api.github.com"
    return {}
