"""Orders that people make by hand: whole numbers with gaps, renumbered only where a gap has closed."""

from __future__ import annotations

from django.db import connection
from django.db.models import Max, Q, QuerySet

from roadbed.modules.roadmap.models import Feature

GAP = 1 << 16


def last(*, rows: QuerySet[Feature], field: str) -> int:
    """Return the number behind the last of these rows."""
    highest = rows.aggregate(highest=Max(field))["highest"]
    return (highest or 0) + GAP


def renumber(*, rows: QuerySet[Feature], field: str) -> None:
    """Give the rows, in the order they have, numbers with full gaps again."""
    ids = list(rows.order_by(field, "pk").values_list("pk", flat=True))
    column = connection.ops.quote_name(field)
    table = connection.ops.quote_name(Feature._meta.db_table)
    statement = f"UPDATE {table} SET {column} = %s WHERE record_id = %s"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.executemany(statement, [((index + 1) * GAP, pk) for index, pk in enumerate(ids)])


def _beyond(field: str, value: int, pk: int) -> Q:
    return Q(**{f"{field}__gt": value}) | Q(**{field: value, "pk__gt": pk})


def _short_of(field: str, value: int, pk: int) -> Q:
    return Q(**{f"{field}__lt": value}) | Q(**{field: value, "pk__lt": pk})


def between(
    *, rows: QuerySet[Feature], field: str, after: Feature | None = None, before: Feature | None = None
) -> int:
    """Return the number for a place just behind `after` or just in front of `before`; the end without either.

    Parameters
    ----------
    rows : QuerySet
        Everything that shares the order, without the record that is placed.
    """
    anchor = after or before
    if anchor is None:
        return last(rows=rows, field=field)
    for attempt in range(2):
        value = rows.filter(pk=anchor.pk).values_list(field, flat=True).first()
        if value is None:
            return last(rows=rows, field=field)
        if after is not None:
            following = rows.filter(_beyond(field, value, anchor.pk)).order_by(field, "pk")
            upper = following.values_list(field, flat=True).first()
            if upper is None:
                return int(value) + GAP
            low, high = int(value), int(upper)
        else:
            preceding = rows.filter(_short_of(field, value, anchor.pk)).order_by(f"-{field}", "-pk")
            lower = preceding.values_list(field, flat=True).first()
            if lower is None:
                return int(value) - GAP
            low, high = int(lower), int(value)
        if high - low > 1:
            return low + (high - low) // 2
        if attempt == 0:
            renumber(rows=rows, field=field)
    raise AssertionError("unreachable: renumbering opens every gap")
