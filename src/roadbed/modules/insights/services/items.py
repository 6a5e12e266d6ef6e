"""One piece as a source brings it, and how it is mended before it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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


def id_of(item: Item) -> str:
    """Return the item's id, or one made of who, when and what, so that the same thing again is known."""
    own = " ".join(item.external_id.replace("\x00", "").split())
    if own:
        return own if len(own) <= 200 else "sha256:" + hashlib.sha256(own.encode()).hexdigest()
    said = item.said_at.isoformat() if item.said_at else ""
    content = "\x1f".join((item.email.lower() or item.person, said, item.title, clean_text(item.text)))
    return "sha256:" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:40]


def sound(item: Item) -> Item:
    """Return the item with what can be mended mended; what cannot raises."""
    text = clean_text(item.text)
    title = " ".join(item.title.replace("\x00", "").split())
    if not text and not title:
        raise ValidationError("There are no words in it.")
    if len(text) > TEXT_MOST:
        text = text[: TEXT_MOST - len(CUT)] + CUT
    email = item.email.strip().lower()
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
        said_at=item.said_at,
        person=" ".join(item.person.replace("\x00", "").split())[:300],
        email=email,
        account=" ".join(item.account.replace("\x00", "").split())[:300],
        url=_address(item.url),
        locale=item.locale.replace("\x00", "").strip()[:12],
        rating=item.rating.quantize(Decimal("0.1")) if item.rating is not None else None,
        tags=tuple(
            dict.fromkeys(
                tag[:60]
                for tag in (" ".join(str(each).replace("\x00", "").split()) for each in item.tags)
                if tag
            )
        )[:TAGS_MOST],
        attributes=_plain(item.attributes),
        reply_to=item.reply_to,
    )


def _address(url: str) -> str:
    """Return an address that can be a link, or nothing: a bad one must not keep the words out."""
    try:
        URLValidator(schemes=["http", "https"])(url.strip())
    except ValidationError:
        return ""
    return url.strip() if len(url.strip()) <= 500 else ""


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return facts that are short and simple; what is neither is left out."""
    found: dict[str, Any] = {}
    for name, value in attributes.items():
        key = " ".join(str(name).replace("\x00", "").split())[:80]
        if not key or value is None or value == "" or len(found) >= ATTRIBUTES_MOST:
            continue
        if isinstance(value, (bool, int)):
            found[key] = value if abs(value) < 2**53 else str(value)
        elif isinstance(value, float):
            found[key] = value if abs(value) < 1e15 else str(value)
        elif isinstance(value, (list, tuple)) and all(isinstance(each, (str, int)) for each in value):
            found[key] = ", ".join(str(each) for each in value).replace("\x00", "")[:ATTRIBUTE_LENGTH]
        elif isinstance(value, str):
            found[key] = value.replace("\x00", "")[:ATTRIBUTE_LENGTH]
    return found
