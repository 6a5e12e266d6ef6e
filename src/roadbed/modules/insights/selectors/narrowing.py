"""Pieces of filters that several lists of this module share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from roadbed.core.records.models import Record, RecordTag
from roadbed.core.search import selectors as search
from roadbed.modules.insights.models import Account, Segment, rules

WORD_MATCHES = 500
"""So many of the best matches of the words are listed; who needs more adds a word."""


def between(name: str, wanted: Any) -> Q:
    """Return the condition of a range of numbers, both ends included."""
    condition = Q()
    if wanted.low is not None:
        condition &= Q(**{f"{name}__gte": wanted.low})
    if wanted.high is not None:
        condition &= Q(**{f"{name}__lte": wanted.high})
    return condition


def on_days(name: str, wanted: Any) -> Q:
    """Return the condition of a range of days, both included, in the reader's time zone."""
    condition = Q()
    if wanted.low is not None:
        condition &= Q(**{f"{name}__gte": _midnight(wanted.low)})
    if wanted.high is not None and wanted.high < dt.date.max:
        condition &= Q(**{f"{name}__lt": _midnight(wanted.high + dt.timedelta(days=1))})
    return condition


def _midnight(day: dt.date) -> dt.datetime:
    # Dates at either end of the calendar have no moment in every time zone.
    sane = min(max(day, dt.date(1, 1, 3)), dt.date(9999, 12, 29))
    return timezone.make_aware(dt.datetime.combine(sane, dt.time()))


def ids_by_key(*, workspace_id: int, key: str, kind: str = "") -> QuerySet[Record, int]:
    """Return the id of the record with that key as a subquery; none where there is no such record."""
    rows = Record.objects.in_workspace(workspace_id).by_key(key)
    return (rows.filter(kind=kind) if kind else rows).values_list("pk", flat=True)


def with_tags(*, workspace_id: int, names: Any) -> Q:
    """Return the condition of having one of these tags."""
    tagged = RecordTag.objects.filter(tag__workspace_id=workspace_id, tag__name__in=names)
    return Q(pk__in=tagged.values("record_id"))


def by_words(*, workspace_id: int, query: str, kind: str, circles: Collection[int] = ()) -> Q:
    """Return the condition of matching words (or being the record with that key)."""
    found = search.record_ids(
        workspace_id=workspace_id, query=query, only=[kind], limit=WORD_MATCHES, circles=circles
    )
    return Q(pk__in=found)


def accounts_in(segment: Segment) -> QuerySet[Account]:
    """Return the accounts that a segment takes in now."""
    accounts: QuerySet[Account] = Account.objects.in_workspace(segment.workspace_id).filter(kind="account")
    return accounts.filter(rules.parse(segment.rule).as_q())


def values_of_feedback(
    *, workspace_id: int, column: str, most: int = 60, circles: Collection[int] = ()
) -> list[str]:
    """Return the values of an indexed text column of feedback, jumping from one to the next in the index.

    A plain DISTINCT would read every row of the workspace to find a dozen values. A value that only private pieces
    have is told to their circle alone.
    """
    return _values("insights_feedback", "record_id", workspace_id, column, most, circles)


def values_of_reading(
    *, workspace_id: int, column: str, most: int = 60, circles: Collection[int] = ()
) -> list[str]:
    """Return the values of an indexed column of readings, found in the same way and behind the same walls."""
    return _values("insights_reading", "feedback_id", workspace_id, column, most, circles)


def _values(
    table: str, key: str, workspace_id: int, column: str, most: int, circles: Collection[int]
) -> list[str]:
    mine = "".join(f" AND circle_id <> {int(circle)}" for circle in circles)
    # Of every kind, for which there is a short index; with the kind, SQLite would rather read every piece there is.
    private = f"SELECT id FROM records_record WHERE circle_id IS NOT NULL{mine}"  # noqa: S608 - numbers only
    own = f"home_id = %s AND {key} NOT IN ({private})"
    statement = f"""
        WITH RECURSIVE found(value) AS (
            SELECT MIN({column}) FROM {table} WHERE {own} AND {column} > ''
            UNION ALL
            SELECT (SELECT MIN({column}) FROM {table} WHERE {own} AND {column} > found.value)
            FROM found WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL LIMIT %s
    """  # noqa: S608 - only our own names are put in
    with connection.cursor() as cursor:
        cursor.execute(statement, [workspace_id, workspace_id, most])
        return [row[0] for row in cursor.fetchall()]


Values = Mapping[str, Any]
