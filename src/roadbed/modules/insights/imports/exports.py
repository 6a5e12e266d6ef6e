"""The lists of insights as tables; every column goes by the name that importing knows it by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from roadbed.core.records.models import Record, RecordTag
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.insights.models import Account, Feedback, Need, Person, Theme

CHUNK = 1000
MOST_FACTS = 100
Value = Callable[[Any], Any]
_LIVE = (
    "FROM {table} t JOIN records_record r ON r.id = t.record_id, {facts} "
    "WHERE r.workspace_id = %s AND r.deleted_at IS NULL AND {seen} ORDER BY 1 LIMIT %s"
)
_FACTS_OF = {
    "sqlite": "json_each(t.attributes) fact",
    "postgresql": "jsonb_object_keys(t.attributes) fact(key)",
}


def _title(related: str) -> Value:
    def value(record: Any) -> str:
        other = getattr(record, related)
        return str(other.title) if other is not None else ""

    return value


def _of(related: str, name: str) -> Value:
    def value(record: Any) -> Any:
        other = getattr(record, related)
        return getattr(other, name) if other is not None else None

    return value


def _own(name: str) -> Value:
    return lambda record: getattr(record, name)


def _read(record: Any, aspect: str) -> str:
    reading = getattr(record, "reading", None)
    return str(getattr(reading, aspect)) if reading is not None else ""


FEEDBACK: Mapping[str, Value] = {
    "Key": _own("key"),
    "Id": _own("external_id"),
    "Title": _own("title"),
    "Text": _own("text"),
    "Date": _own("said_at"),
    "Person": _title("person"),
    "E-mail": _of("person", "email"),
    "Account": _title("account"),
    "Account’s domain": _of("account", "domain"),
    "Yearly revenue": _of("account", "revenue"),
    "Plan": _of("account", "plan"),
    "Source": _own("source"),
    "Rating": _own("rating"),
    "Link": _own("url"),
    "Language": _own("locale"),
    "State": lambda record: record.get_state_display(),
    "Intent": lambda record: _read(record, "intent"),
    "Sentiment": lambda record: _read(record, "sentiment"),
    "Language read": lambda record: _read(record, "language"),
    "Circle": lambda record: record.circle.name if record.circle is not None else "",
}
ACCOUNTS: Mapping[str, Value] = {
    "Key": _own("key"),
    "Id": _own("external_id"),
    "Name": _own("title"),
    "Domain": _own("domain"),
    "Plan": _own("plan"),
    "Yearly revenue": _own("revenue"),
    "Country": _own("country"),
}
PEOPLE: Mapping[str, Value] = {
    "Key": _own("key"),
    "Id": _own("external_id"),
    "Name": _own("title"),
    "E-mail": _own("email"),
    "Job title": _own("job_title"),
    "Account": _title("account"),
}
NEEDS: Mapping[str, Value] = {
    "Key": _own("key"),
    "Id": _own("external_id"),
    "Need": _own("title"),
    "Description": _own("description"),
    "Expectation": _own("expectation"),
    "Importance": _own("importance"),
    "Satisfaction": _own("satisfaction"),
    "Rated from": _own("rated_from"),
    "People": lambda record: record.tally.people if hasattr(record, "tally") else 0,
    "Accounts": lambda record: record.tally.accounts if hasattr(record, "tally") else 0,
    "Revenue": lambda record: record.tally.revenue if hasattr(record, "tally") else 0,
}
THEMES: Mapping[str, Value] = {
    "Key": _own("key"),
    "Theme": _own("title"),
    "Within": _title("parent"),
    "Description": _own("description"),
    "Words": lambda record: ", ".join(map(str, record.words)),
    "Terms": lambda record: ", ".join(map(str, record.terms)),
    "Made": lambda record: record.get_origin_display(),
    "Pinned": lambda record: "yes" if record.is_pinned else "no",
    "People": lambda record: record.tally.people if hasattr(record, "tally") else 0,
    "Accounts": lambda record: record.tally.accounts if hasattr(record, "tally") else 0,
    "Revenue": lambda record: record.tally.revenue if hasattr(record, "tally") else 0,
    "Feedback": lambda record: record.tally.quotes if hasattr(record, "tally") else 0,
    "Last four weeks": _own("recent"),
    "Trend": _own("direction"),
    "Change": _own("change"),
}


def _facts(model: type[Record], asked: Asked) -> list[str]:
    """Return the names of the further facts that records of a kind have."""
    mine = "".join(f" OR r.circle_id = {int(circle)}" for circle in asked.circles)
    seen = f"(r.circle_id IS NULL{mine})"
    names = {"table": model._meta.db_table, "facts": _FACTS_OF[connection.vendor], "seen": seen}
    statement = f"SELECT DISTINCT fact.key {_LIVE.format(**names)}"
    with connection.cursor() as cursor:
        cursor.execute(statement, [asked.workspace_id, MOST_FACTS])
        return [str(row[0]) for row in cursor.fetchall()]


def _tags(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = (
        RecordTag.objects.filter(record_id__in=ids)
        .order_by("tag__name")
        .values_list("record_id", "tag__name")
    )
    for record_id, name in rows:
        found.setdefault(record_id, []).append(name)
    return found


def _source(
    name: str,
    label: str,
    model: type[Record],
    values: Mapping[str, Value],
    related: Sequence[str],
    *,
    has_facts: bool,
) -> ExportSource:
    wide = {"Text", "Description", "Title", "Need", "Name", "Expectation"}

    def columns(asked: Asked) -> Sequence[Column]:
        facts = [fact for fact in _facts(model, asked) if fact not in values] if has_facts else []
        return [Column(header, 48 if header in wide else 18) for header in (*values, "Tags", *facts)]

    def rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
        facts = [column.header for column in wanted[len(values) + 1 :]]
        records: QuerySet[Any] = asked.narrow(
            model.objects.in_workspace(asked.workspace_id, circles=asked.circles)
        )
        stream = records.select_related(*related).iterator(chunk_size=CHUNK)
        while chunk := list(islice(stream, CHUNK)):
            tags = _tags([record.pk for record in chunk])
            for record in chunk:
                known = getattr(record, "attributes", {}) if facts else {}
                own = [value(record) for value in values.values()]
                yield [*own, tags.get(record.pk, []), *(known.get(fact, "") for fact in facts)]

    return ExportSource(name=name, label=label, columns=columns, rows=rows)


SOURCES = (
    _source(
        "feedback", "Feedback", Feedback, FEEDBACK, ("person", "account", "circle", "reading"), has_facts=True
    ),
    _source("accounts", "Accounts", Account, ACCOUNTS, (), has_facts=True),
    _source("people", "People", Person, PEOPLE, ("account",), has_facts=True),
    _source("needs", "Needs", Need, NEEDS, ("tally",), has_facts=False),
    _source("themes", "Themes", Theme, THEMES, ("tally", "parent"), has_facts=False),
)
