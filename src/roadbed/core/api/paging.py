"""Cursor pages: stable while rows come and go, and as quick on the last page as on the first."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from ninja import Field, Schema

T = TypeVar("T")
SALT = "roadbed.api.cursor"


class PageQuery(Schema):
    """How much of a list, and from where."""

    limit: int = Field(50, ge=1, le=200, description="Rows a page.")
    cursor: str = Field("", max_length=500, description="`next` of the page before.")


class PageOut(Schema, Generic[T]):
    """A page of a list."""

    items: list[T]
    next: str | None = Field(None, description="Cursor of the next page; null on the last.")


def page_by_id(
    rows: QuerySet[Any], query: PageQuery, *, newest_first: bool = True
) -> tuple[list[Any], str | None]:
    """Return one page in the order of primary keys, and the cursor of the next.

    Raises
    ------
    ValidationError
        If the cursor is not one of ours.
    """
    if query.cursor:
        try:
            last = int(signing.loads(query.cursor, salt=SALT))
        except (signing.BadSignature, ValueError, TypeError) as error:
            raise ValidationError(
                {"cursor": "This cursor cannot be read. Start again without one."}
            ) from error
        rows = rows.filter(Q(pk__lt=last) if newest_first else Q(pk__gt=last))
    found = list(rows.order_by("-pk" if newest_first else "pk")[: query.limit + 1])
    page = found[: query.limit]
    following = signing.dumps(page[-1].pk, salt=SALT) if len(found) > query.limit else None
    return page, following
