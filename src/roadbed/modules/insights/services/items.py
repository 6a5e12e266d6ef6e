"""One piece as a source brings it, and how it is mended before it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from roadbed.modules.insights.services.feedback import clean_text

TEXT_MOST = 20_000
CUT = "\n\n[The rest was too long and is left out.]"
ATTRIBUTES_MOST = 30
ATTRIBUTE_LENGTH = 500
TAGS_MOST = 20
EARLIEST = 1970


@dataclass(frozen=True, slots=True)
class Item:
    """One piece as a source brings it."""

    text: str
    external_id: str = ""
    """Its stable id over there; without one it is made of who, when and what."""
    title: str = ""
    said_at: datetime | None = None
    person: str = ""
    email: str = ""
    account: str = ""
    url: str = ""
    locale: str = ""
    rating: Decimal | None = None
    tags: Sequence[str] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    reply_to: Sequence[str] = ()
    """Ids of pieces of the same source that it answers, the nearest first."""
    is_gone: bool = False
    """Whether it was taken away over there."""


def storable(text: str) -> str:
    """Return a text that every database keeps: no null characters, no halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def line(text: str) -> str:
    """Return a text on one line, as it is kept."""
    return " ".join(storable(text).split())


def id_of(item: Item) -> str:
    """Return the item's id, or one made of who, when and what, so that the same thing again is known."""
    own = line(item.external_id)
    if own:
        return own if len(own) <= 200 else "sha256:" + hashlib.sha256(own.encode()).hexdigest()
    said = item.said_at.isoformat() if item.said_at else ""
    content = "\x1f".join((item.email.lower() or item.person, said, item.title, clean_text(item.text)))
    return "sha256:" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:40]


def sound(item: Item) -> Item:
    """Return the item with what can be mended mended; what cannot raises."""
    text, title = clean_text(storable(item.text)), line(item.title)
    if not text and not title:
        raise ValidationError("There are no words in it.")
    if len(text) > TEXT_MOST:
        text = text[: TEXT_MOST - len(CUT)] + CUT
    email = storable(item.email).strip().lower()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise ValidationError({"email": f"“{email[:80]}” is not an address."}) from None
    if item.rating is not None and not 0 <= item.rating <= 10:
        raise ValidationError({"rating": f"{item.rating} lies outside of 0 to 10."})
    return Item(
        text=text or title,
        title=title,
        said_at=_moment(item.said_at),
        person=line(item.person)[:300],
        email=email,
        account=line(item.account)[:300],
        url=_address(item.url),
        locale=line(item.locale)[:12],
        rating=item.rating.quantize(Decimal("0.1")) if item.rating is not None else None,
        tags=tuple(dict.fromkeys(tag[:60] for tag in (line(str(each)) for each in item.tags) if tag))[
            :TAGS_MOST
        ],
        attributes=_plain(item.attributes),
        reply_to=item.reply_to,
    )


def _moment(said_at: datetime | None) -> datetime | None:
    """Return a moment that can be reckoned with; what lies before computers is nobody's date."""
    try:
        moment = said_at.astimezone(UTC) if said_at else None
    except (OverflowError, ValueError):
        return None
    return moment if moment and moment.year >= EARLIEST else None


def _address(url: str) -> str:
    """Return an address that can be a link, or nothing: a bad one must not keep the words out."""
    address = storable(url).strip()
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        return ""
    return address if len(address) <= 500 else ""


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that are short and simple; what is neither is left out."""
    found: dict[str, Any] = {}
    for name, value in attributes.items():
        key = line(str(name))[:80]
        if not key or value is None or value == "" or len(found) >= ATTRIBUTES_MOST:
            continue
        if isinstance(value, (bool, int)):
            found[key] = value if abs(value) < 2**53 else str(value)
        elif isinstance(value, float):
            found[key] = value if abs(value) < 1e15 else str(value)
        elif isinstance(value, (list, tuple)) and all(isinstance(each, (str, int)) for each in value):
            found[key] = storable(", ".join(str(each) for each in value))[:ATTRIBUTE_LENGTH]
        elif isinstance(value, str):
            found[key] = storable(value)[:ATTRIBUTE_LENGTH]
    return found
