"""Writing many records at once: rows straight into the parent's and the child's table.

Django's `bulk_create` refuses multi-table inheritance. These functions prepare values with the fields' own
adapters and hand plain tuples to the driver's `executemany`, in one transaction that the caller holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from django.db import connection, models
from django.db.models import F

from roadbed.core.records.models.record import KeyCounter, Record


def reserve_numbers(*, workspace_id: int, prefix: str, count: int) -> int:
    """Reserve `count` consecutive numbers and return the first. Must run inside a transaction."""
    KeyCounter.objects.bulk_create(
        [KeyCounter(workspace_id=workspace_id, prefix=prefix)], ignore_conflicts=True
    )
    counter = KeyCounter.objects.filter(workspace_id=workspace_id, prefix=prefix)
    counter.update(last=F("last") + count)
    return counter.values_list("last", flat=True).get() - count + 1


def reserve_ids(*, count: int) -> Sequence[int]:
    """Reserve `count` primary keys of the record table. Must run inside a transaction."""
    table = Record._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite writes one transaction at a time (IMMEDIATE), so the highest used number cannot move under us.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        return range(first, first + count)


def _converters(fields: Sequence[models.Field[Any, Any]]) -> list[Callable[[Any], Any]]:
    def converter(field: models.Field[Any, Any]) -> Callable[[Any], Any]:
        return lambda value: field.get_db_prep_save(value, connection)

    return [converter(field) for field in fields]


def insert(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert rows into the model's own table and return how many.

    Parameters
    ----------
    names : sequence of str
        Attribute names (`workspace_id`, `title`, …) of fields that are local to the model. Fields left out get their
        default.
    rows : iterable of sequences
        One value a name, in that order.
    """
    by_name = {field.attname: field for field in model._meta.local_concrete_fields}
    given = [by_name[name] for name in names]
    missing = [
        field
        for field in by_name.values()
        if field.attname not in names and not isinstance(field, models.AutoField)
    ]
    extra = tuple(field.get_db_prep_save(field.get_default(), connection) for field in missing)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in [*given, *missing])
    marks = ", ".join(["%s"] * (len(given) + len(missing)))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"  # noqa: S608 - our own names
    convert = _converters(given)
    count = 0

    def prepared() -> Iterable[tuple[Any, ...]]:
        nonlocal count
        for row in rows:
            count += 1
            yield tuple(change(value) for change, value in zip(convert, row, strict=True)) + extra

    with connection.cursor() as cursor:
        # The stubs ask for a sequence; both drivers take any iterable, and a list would hold every row in memory.
        cursor.executemany(statement, cast(Any, prepared()))
    return count
