"""What is asked for each kind of tracker."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from roadbed.modules.trackers.models.connections import Kind

TEXT_MOST = 300
EVERY_MOST = 24 * 60


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that is asked for."""

    name: str
    label: str
    help: str = ""
    default: str = ""
    is_required: bool = False
    is_secret: bool = False
    pattern: str = ""
    refusal: str = ""


EVERY = Setting(
    "every",
    "Look every … minutes",
    "A webhook makes it quicker; this makes sure that nothing is missed.",
    default="15",
    pattern=r"[1-9]\d{0,3}",
    refusal=f"A number of minutes from 1 to {EVERY_MOST} is wanted.",
)
HOOK = Setting(
    "hook",
    "Webhook secret",
    "Made for you where it is left empty. Type it in over there as well.",
    is_secret=True,
)
JIRA = (
    Setting("issue_type", "Type of new issues", default="Task"),
    Setting("start_field", "Field of the start", "Found by its usual name where it is left empty."),
    Setting("points_field", "Field of the story points", "Found by its usual names where it is left empty."),
    Setting("epic_field", "Field of the epic", "For old projects; found by its usual name."),
)
KINDS: dict[str, tuple[Setting, ...]] = {
    Kind.GITHUB: (
        Setting("repository", "Repository", "Such as octo/hello.", is_required=True,
                pattern=r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", refusal="Owner and name are wanted, such as octo/hello."),
        Setting("token", "Token", "A fine-grained token that may read and write issues; and projects, if you name one.",
                is_required=True, is_secret=True),
        Setting("project", "Project", "Owner and number, such as octo/3: its status, dates and estimate come along. "
                "Only issues on it are looked at.",
                pattern=r"(?:[A-Za-z0-9_.-]+/)?\d{1,6}", refusal="Owner and number are wanted, such as octo/3."),
        Setting("status_field", "Field of the status", "In the project.", default="Status"),
        Setting("start_field", "Field of the start", "In the project.", default="Start date"),
        Setting("due_field", "Field of the end", "In the project.", default="Target date"),
        Setting("points_field", "Field of the estimate", "In the project.", default="Estimate"),
        Setting("api", "Address of the API", "Another one for an Enterprise Server, such as "
                "https://github.example.com/api/v3.", default="https://api.github.com", is_required=True),
        HOOK,
        EVERY,
    ),
    Kind.GITLAB: (
        Setting("project", "Project", "Its path, such as octo/hello.", is_required=True,
                pattern=r"[\w.-]+(?:/[\w.-]+)+", refusal="A path is wanted, such as octo/hello."),
        Setting("token", "Token", "A personal, group or project access token with the scope api.", is_required=True,
                is_secret=True),
        Setting("group", "Group of the epics", "Such as octo, where the group has epics: they come along as parents.",
                pattern=r"[\w.-]+(?:/[\w.-]+)*", refusal="A path is wanted, such as octo."),
        Setting("scope", "Scope of the status", "Such as workflow, if labels such as workflow::doing say the status.",
                pattern=r"[^:,]{1,80}", refusal="One word without colons is wanted, such as workflow."),
        Setting("address", "Address", "Another one for your own server.", default="https://gitlab.com",
                is_required=True),
        HOOK,
        EVERY,
    ),
    Kind.JIRA_CLOUD: (
        Setting("address", "Address", "Such as https://example.atlassian.net.", is_required=True),
        Setting("project", "Project", "Its key, such as APP.", is_required=True, pattern=r"[A-Z][A-Z0-9_]{1,20}",
                refusal="A key is wanted, such as APP."),
        Setting("email", "E-mail address of the token", "Of the account that the API token belongs to.",
                is_required=True, pattern=r"[^@\s]+@[^@\s]+", refusal="An e-mail address is wanted."),
        Setting("token", "API token", "Made under Account settings → Security.", is_required=True, is_secret=True),
        *JIRA,
        HOOK,
        EVERY,
    ),
    Kind.JIRA_DC: (
        Setting("address", "Address", "Such as https://jira.example.com.", is_required=True),
        Setting("project", "Project", "Its key, such as APP.", is_required=True, pattern=r"[A-Z][A-Z0-9_]{1,20}",
                refusal="A key is wanted, such as APP."),
        Setting("token", "Personal access token", "Made under Profile → Personal access tokens.", is_required=True,
                is_secret=True),
        *JIRA,
        HOOK,
        EVERY,
    ),
    Kind.LINEAR: (
        Setting("team", "Team", "Its key, such as ENG.", is_required=True, pattern=r"[A-Za-z][A-Za-z0-9]{0,9}",
                refusal="A key is wanted, such as ENG."),
        Setting("token", "API key", "A personal API key that may read and write.", is_required=True, is_secret=True),
        Setting("api", "Address of the API", default="https://api.linear.app", is_required=True),
        Setting("hook", "Webhook secret", "Linear makes it with the webhook: type it in here.", is_secret=True),
        EVERY,
    ),
}  # fmt: skip


def secret_names(kind: str) -> frozenset[str]:
    """Return which settings are kept sealed."""
    return frozenset(each.name for each in KINDS[kind] if each.is_secret)


def clean(kind: str, given: Mapping[str, Any], *, check: Callable[[str], None]) -> dict[str, Any]:
    """Return the settings of a kind, checked.

    Parameters
    ----------
    check : callable
        Raises `ValueError` for an address that must not be called.

    Raises
    ------
    ValidationError
        If one is missing or cannot be used, or there is no such setting.
    """
    asked = {each.name: each for each in KINDS[kind]}
    errors: dict[str, str] = {
        name: f"{Kind(kind).label} knows no setting {name}." for name in given if name not in asked
    }
    found: dict[str, Any] = {}
    for setting in asked.values():
        if setting.is_secret:
            continue
        text = str(given.get(setting.name, "") or "").strip() or setting.default
        if not text and setting.is_required:
            errors[setting.name] = f"{setting.label} is wanted."
        elif len(text) > TEXT_MOST or any(ord(character) < 32 for character in text):
            errors[setting.name] = f"At most {TEXT_MOST} characters, and no control characters."
        elif text and setting.pattern and not re.fullmatch(setting.pattern, text):
            errors[setting.name] = setting.refusal
        elif setting.name in {"api", "address"} and text:
            try:
                check(text)
            except ValueError as error:
                errors[setting.name] = str(error)
        found[setting.name] = text
    if "every" not in errors and int(found["every"]) > EVERY_MOST:
        errors["every"] = EVERY.refusal
    if errors:
        raise ValidationError(errors)
    found["every"] = int(found["every"])
    return found
