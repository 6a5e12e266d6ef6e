"""Pieces that another program sends: where they are in what it sends, and whether it is who it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from standardwebhooks import Webhook, WebhookVerificationError

from roadbed.core.tables.reading.jsons import flatten
from roadbed.modules.insights.models import Source
from roadbed.modules.insights.services import intake
from roadbed.modules.insights.services.intake import Received
from roadbed.modules.insights.services.items import Item, storable

BATCH_MOST = 500
STEP = re.compile(r"([^.\[\]]+)|\[(\d{1,6})\]")
SIGNATURE = ("webhook-id", "webhook-timestamp", "webhook-signature")
FIELDS = ("text", "title", "id", "said_at", "person", "email", "account", "url", "locale", "rating", "tags")
MILLISECONDS = 10**11


class UnsignedError(Exception):
    """The signature is missing or wrong."""


class UnreadableError(ValueError):
    """What was sent cannot be read; the message says why."""


def at_path(value: Any, path: str) -> Any:
    """Return what stands at a path such as ``data.items[0].text``; None where there is nothing.

    >>> at_path({"data": {"items": [{"text": "More colours"}]}}, "$.data.items[0].text")
    'More colours'
    """
    bare = path.removeprefix("$").removeprefix(".")
    for name, index in STEP.findall(bare):
        if name and isinstance(value, dict):
            value = value.get(name)
        elif index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        else:
            return None
    return value


def check_signature(*, source: Source, body: bytes, headers: Mapping[str, str]) -> None:
    """Check a Standard Webhooks signature where there is one, or where there must be.

    Raises
    ------
    UnsignedError
        If it is missing or wrong, or older than five minutes.
    """
    if not headers.get("webhook-signature") and source.settings.get("signed") != "required":
        return
    secret = source.secrets.get("secret", "")
    if not all(headers.get(name) for name in SIGNATURE):
        raise UnsignedError(f"The headers {', '.join(SIGNATURE)} are needed.")
    try:
        Webhook(secret).verify(body, {name: headers[name] for name in SIGNATURE})
    except (WebhookVerificationError, ValueError, RuntimeError) as error:
        raise UnsignedError("The signature does not fit, or is older than five minutes.") from error


def objects_in(*, source: Source, body: bytes) -> list[Any]:
    """Return the items of a body.

    Raises
    ------
    UnreadableError
        If it is no JSON, has no items where they should be, or too many.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"The body is not JSON: {str(error)[:120]}") from error
    path = source.settings.get("items", "")
    found = at_path(content, path) if path else content
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise UnreadableError(
            f"There is no list and no object at “{path}”." if path else "Send an object, or a list."
        )
    if not found:
        raise UnreadableError("There are no items in it.")
    if len(found) > BATCH_MOST:
        raise UnreadableError(f"{len(found):,} items; {BATCH_MOST:,} at once are the most.")
    return found


def receive(*, source: Source, objects: Sequence[Any], delivery: str = "", at: datetime) -> list[Received]:
    """Take in what was sent, item by item, and say what became of each.

    Parameters
    ----------
    delivery : str
        The id of the delivery: stands for the id of a single item that has none.
    """
    received = []
    for raw in objects:
        item, problem = item_from(raw, settings=source.settings)
        if not item.external_id and delivery and len(objects) == 1:
            item = Item(**{**{name: getattr(item, name) for name in Item.__slots__}, "external_id": delivery})
        if problem:
            received.append(intake.refuse(source=source, item=item, reason=problem, at=at))
        else:
            received.append(intake.receive(source=source, item=item, at=at))
    return received


def item_from(raw: Any, *, settings: Mapping[str, Any]) -> tuple[Item, str]:
    """Return an item as far as it can be read, and what is wrong with it."""
    if not isinstance(raw, dict):
        return Item(text=_line(raw)[:1000]), "The item is not an object."
    found = {name: at_path(raw, str(settings.get(name) or name)) for name in FIELDS}
    problems: list[str] = []
    said_at = _moment(found["said_at"], problems)
    rating = _rating(found["rating"], problems)
    tags = found["tags"]
    used = {str(settings.get(name) or name).removeprefix("$").removeprefix(".") for name in FIELDS}
    rest = {
        name: value
        for name, value in flatten(raw).items()
        if name not in used and not isinstance(value, dict)
    }
    item = Item(
        text=found["text"] if isinstance(found["text"], str) else _line(found["text"]),
        external_id=_line(found["id"]),
        title=_line(found["title"]),
        said_at=said_at,
        person=_line(found["person"]),
        email=_line(found["email"]),
        account=_line(found["account"]),
        url=_line(found["url"]),
        locale=_line(found["locale"]),
        rating=rating,
        tags=[_line(each) for each in tags]
        if isinstance(tags, list)
        else _line(tags).split(",")
        if tags
        else [],
        attributes=rest,
    )
    return item, " ".join(problems)


def _line(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).strip()


def _moment(value: Any, problems: list[str]) -> datetime | None:
    """Read an ISO date, or seconds or milliseconds since 1970."""
    if value in (None, ""):
        return None
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value.strip())
            return read if read.tzinfo else read.replace(tzinfo=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    problems.append(f"Date: “{str(value)[:60]}” is not a date such as 2026-01-31T09:30:00Z.")
    return None


def _rating(value: Any, problems: list[str]) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        number = Decimal(str(value))
        if isinstance(value, bool) or not number.is_finite() or abs(number) > 1000:
            raise InvalidOperation
    except InvalidOperation:
        problems.append(f"Rating: “{str(value)[:60]}” is not a number.")
        return None
    return number


def note_refusal(*, source: Source, reason: str, at: datetime) -> None:
    """Keep in the source's health that a whole request was refused, and why."""
    with transaction.atomic():
        Source.objects.filter(pk=source.pk).update(last_error=storable(reason)[:400], last_error_at=at)
