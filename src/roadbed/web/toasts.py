"""Short notices after a deed, with undo where the deed can be taken back.

A page that redirects leaves its notice with `add`; a fragment sends it along with `send`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse

R = TypeVar("R", bound=HttpResponse)

_LEVELS = {"": messages.INFO, "good": messages.SUCCESS, "warn": messages.WARNING, "bad": messages.ERROR}
_TONES = {
    messages.DEBUG: "",
    messages.INFO: "",
    messages.SUCCESS: "good",
    messages.WARNING: "warn",
    messages.ERROR: "bad",
}
ICONS = {"": "info", "good": "check", "warn": "warning", "bad": "warning"}


@dataclass(frozen=True, slots=True)
class Toast:
    """What happened, in one sentence; `undo_url` takes a POST and gives everything back."""

    text: str
    tone: str = ""
    undo_url: str = ""
    link_url: str = ""
    link_label: str = ""

    @property
    def icon(self) -> str:
        """The icon that repeats the tone."""
        return ICONS[self.tone]


def add(
    request: HttpRequest,
    text: str,
    *,
    tone: str = "good",
    undo_url: str = "",
    link_url: str = "",
    link_label: str = "",
) -> None:
    """Keep a notice for the next page that this person sees."""
    extra = {"undo_url": undo_url, "link_url": link_url, "link_label": link_label}
    tags = json.dumps({name: value for name, value in extra.items() if value})
    messages.add_message(request, _LEVELS[tone], text, extra_tags=tags, fail_silently=True)


def from_messages(found: Iterable[Message]) -> list[Toast]:
    """Return the kept notices; those of other apps, which have no details, as they are."""
    toasts = []
    for message in found:
        details: dict[str, str] = {}
        if (message.extra_tags or "").startswith("{"):
            details = json.loads(message.extra_tags)
        toasts.append(Toast(text=str(message.message), tone=_TONES.get(message.level, ""), **details))
    return toasts


def trigger(response: R, event: str, detail: dict[str, Any] | None = None) -> R:
    """Let the browser raise an event when the fragment arrives; several are kept side by side."""
    events = json.loads(response.headers.get("HX-Trigger", "{}"))
    events[event] = detail or {}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def send(
    response: R,
    text: str,
    *,
    tone: str = "good",
    undo_url: str = "",
    link_url: str = "",
    link_label: str = "",
) -> R:
    """Show a notice when the fragment arrives."""
    toast = Toast(text=text, tone=tone, undo_url=undo_url, link_url=link_url, link_label=link_label)
    return trigger(response, "toast", asdict(toast))
