"""Pages by position, not by number: fast at any depth, and steady while rows come and go.

The cursor in the address holds the sort values of the row at the edge, signed so that nobody else can write one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core import signing
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Col

from roadbed.web.filters import Sort

T = TypeVar("T", bound=Model)

SALT = "roadbed.web.cursor"
COUNT_CAP = 10_000


class BadCursorError(ValueError):
    """The cursor was not made by us, or for another order."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page starts: the sort values of the row beside it, and which way to read."""

    values: tuple[Any, ...]
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of rows, with the way to its neighbours and how many rows there are (to the cap)."""

    rows: tuple[T, ...]
    total: int
    capped: bool
    next: str = ""
    previous: str = ""

    @property
    def count_text(self) -> str:
        """The number of rows as people read it."""
        return f"{self.total:,}+" if self.capped else f"{self.total:,}"


def encode(cursor: Cursor) -> str:
    """Return the cursor as a signed string."""
    payload = [int(cursor.backwards), *(_plain(value) for value in cursor.values)]
    return signing.Signer(salt=SALT).sign_object(payload, compress=True)


def decode(text: str, *, length: int) -> Cursor:
    """Return the cursor that `encode` wrote, or raise `BadCursorError`."""
    try:
        payload = signing.Signer(salt=SALT).unsign_object(text)
    except (signing.BadSignature, ValueError) as error:
        raise BadCursorError("This address has a damaged cursor.") from error
    if not isinstance(payload, list) or len(payload) != length + 1:
        raise BadCursorError("This address has a cursor of another order.")
    return Cursor(values=tuple(_rich(value) for value in payload[1:]), backwards=bool(payload[0]))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dt.datetime):
        return {"t": value.isoformat()}
    if isinstance(value, dt.date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a list cannot be sorted by {type(value).__name__}")


def _rich(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, text),) = value.items()
    readers: dict[str, Any] = {"t": dt.datetime.fromisoformat, "d": dt.date.fromisoformat, "n": Decimal}
    return readers[kind](text)


def order_for(sort: Sort, *, columns: Mapping[str, str], unique: str = "pk") -> tuple[str, ...]:
    """Return the terms for `paginate`: the column that the address sorts by, then something unique.

    >>> order_for(Sort("people", descending=True), columns={"people": "evidence__people"})
    ('-evidence__people', '-pk')
    """
    sign = "-" if sort.descending else ""
    return (f"{sign}{columns[sort.key]}", f"{sign}{unique}")


def _may_be_null(model: type[Model], name: str) -> bool:
    """Whether the column can be empty. What is annotated, or lies behind a join, may be."""
    try:
        return bool(getattr(model._meta.get_field(name), "null", True))
    except FieldDoesNotExist:
        return name != "pk"


class _KeyBeside(F):
    """The key of the table that holds a column. Django reads a child's key from the child's table, always."""

    def resolve_expression(self, *given: Any, **options: Any) -> Any:
        """Return the key as a column of the table that the named column is found in."""
        column: Any = super().resolve_expression(*given, **options)
        key = column.target.model._meta.pk
        return Col(column.alias, key, key)


def _inherited(model: type[Model], name: str) -> bool:
    """Whether the parent of a model holds a column."""
    try:
        return bool(model._meta.get_field(name).model is not model._meta.concrete_model)
    except FieldDoesNotExist:
        return False


def order_by(
    order: Sequence[str],
    *,
    backwards: bool = False,
    always: Collection[str] = (),
    model: type[Model] | None = None,
) -> list[Any]:
    """Return the ordering; rows without a value come last, whichever way it runs.

    Columns named in `always` have a value in every row: they are ordered plainly, so that an index can be walked.
    For that both terms must lie in one table: with `model`, the key is its parent's where the sorted column is.
    """
    terms = []
    first = order[0].removeprefix("-")
    beside = model is not None and _inherited(model, first)
    for name in order:
        if name.removeprefix("-") in always:
            plain = _KeyBeside(first) if beside and name in {"pk", "-pk"} else F(name.removeprefix("-"))
            terms.append(plain.desc() if name.startswith("-") != backwards else plain.asc())
            continue
        descending = name.startswith("-") != backwards
        expression = F(name.removeprefix("-"))
        # Read backwards, those without a value must come first, for the page to be turned round again.
        where = {"nulls_first": True} if backwards else {"nulls_last": True}
        terms.append(expression.desc(**where) if descending else expression.asc(**where))
    return terms


def _beyond(order: Sequence[str], cursor: Cursor, *, always: Collection[str] = ()) -> Q:
    """Return the rows that lie strictly beyond the cursor in reading direction."""
    if len(order) == 2 and all(name.removeprefix("-") in always for name in order):
        # One bound that an index can start from, and the few rows at the edge itself.
        (first, second), signs = (
            [name.removeprefix("-") for name in order],
            ["lt" if name.startswith("-") != cursor.backwards else "gt" for name in order],
        )
        further = Q(**{f"{first}__{signs[0]}": cursor.values[0]}) | Q(
            **{f"{second}__{signs[1]}": cursor.values[1]}
        )
        return Q(**{f"{first}__{signs[0]}e": cursor.values[0]}) & further
    condition = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, cursor.values, strict=True):
        column = name.removeprefix("-")
        descending = name.startswith("-") != cursor.backwards
        if value is None:
            # Without a value a row is last: forwards nothing lies beyond it, backwards everything with a value does.
            further = Q(**{f"{column}__isnull": False}) if cursor.backwards else Q(pk__in=[])
            same = Q(**{f"{column}__isnull": True})
        else:
            further = Q(**{f"{column}__{'lt' if descending else 'gt'}": value})
            if not cursor.backwards:
                further |= Q(**{f"{column}__isnull": True})
            same = Q(**{column: value})
        condition |= equal & further
        equal &= same
    return condition


def _value(row: Model, name: str) -> Any:
    value: Any = row
    for part in name.removeprefix("-").split("__"):
        value = getattr(value, part, None)
    return value


def paginate(
    queryset: QuerySet[T],
    *,
    order: Sequence[str],
    cursor: str = "",
    size: int = 50,
    count_cap: int = COUNT_CAP,
) -> Page[T]:
    """Return a page of the queryset in the order given; its last term must be unique, such as ``-pk``.

    A cursor that we did not make, or that belongs to another order, leads to the first page: an address that was
    shared must not break because the list's order was changed since.
    """
    try:
        at = decode(cursor, length=len(order)) if cursor else None
    except BadCursorError:
        at = None
    columns = {name.removeprefix("-") for name in order} - set(queryset.query.annotations)
    always = {name for name in columns if not _may_be_null(queryset.model, name)}
    total = queryset.order_by()[: count_cap + 1].count()
    backwards = at is not None and at.backwards
    window = queryset.filter(_beyond(order, at, always=always)) if at is not None else queryset
    found = list(
        window.order_by(*order_by(order, backwards=backwards, always=always, model=queryset.model))[
            : size + 1
        ]
    )
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    has_next, has_previous = (at is not None, more) if backwards else (more, at is not None)

    def edge(row: T, *, back: bool) -> str:
        return encode(Cursor(values=tuple(_value(row, name) for name in order), backwards=back))

    return Page(
        rows=tuple(found),
        total=min(total, count_cap),
        capped=total > count_cap,
        next=edge(found[-1], back=False) if found and has_next else "",
        previous=edge(found[0], back=True) if found and has_previous else "",
    )
