"""The lists of the roadmap as tables; every column goes by the name that importing knows it by.

A feature's id in the file is its key, and it lies under its parent's key, so that a file that was changed elsewhere
finds its features again, and builds the same tree in another workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from roadbed.core.records.models import Record, RecordTag
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.roadmap.models import Feature, Release
from roadbed.modules.roadmap.models.strength import evidence_strength

CHUNK = 1000
WIDE = frozenset({"Feature", "Release", "Description", "Notes"})
Value = Callable[[Any], Any]


def _own(name: str) -> Value:
    return lambda record: getattr(record, name)


def _choice(name: str) -> Value:
    return lambda record: getattr(record, f"get_{name}_display")()


def _of(related: str, name: str) -> Value:
    def value(record: Any) -> Any:
        other = getattr(record, related)
        return getattr(other, name) if other is not None else ""

    return value


def _figure(name: str) -> Value:
    return lambda record: getattr(record.tally, name) if hasattr(record, "tally") else 0


FEATURES: Mapping[str, Value] = {
    "Id": _own("key"),
    "Feature": _own("title"),
    "Lies under": _of("parent", "key"),
    "Level": _choice("level"),
    "Lane": _choice("lane"),
    "Status": _choice("status"),
    "In this status since": _own("status_at"),
    "Because": _own("status_reason"),
    "Horizon": _choice("horizon"),
    "Release": _of("release", "title"),
    "Team": _of("team", "name"),
    "Owner": _of("owner", "name"),
    "Target from": _own("target_start"),
    "Target until": _own("target_end"),
    "Product": _of("product", "name"),
    "Description": _own("description"),
    "People": _figure("people"),
    "Customers": _figure("accounts"),
    "Revenue": _figure("revenue"),
    "Evidence": lambda record: evidence_strength(getattr(record, "tally", None)).label,
}
RELEASES: Mapping[str, Value] = {
    "Id": _own("key"),
    "Release": _own("title"),
    "Starts": _own("start_date"),
    "Ships": _own("ship_date"),
    "Shipped": _own("shipped_at"),
    "State": _choice("state"),
    "Product": _of("product", "name"),
    "Notes": _own("notes"),
}


def _tags(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = RecordTag.objects.filter(record_id__in=ids).order_by("tag__name")
    for record_id, name in rows.values_list("record_id", "tag__name"):
        found.setdefault(record_id, []).append(name)
    return found


def _source(
    name: str, label: str, model: type[Record], values: Mapping[str, Value], related: Sequence[str]
) -> ExportSource:
    def columns(asked: Asked) -> Sequence[Column]:
        return [Column(header, 48 if header in WIDE else 18) for header in (*values, "Tags")]

    def rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
        records: Any = asked.narrow(model.objects.in_workspace(asked.workspace_id))
        stream = records.select_related(*related).iterator(chunk_size=CHUNK)
        while chunk := list(islice(stream, CHUNK)):
            tags = _tags([record.pk for record in chunk])
            for record in chunk:
                yield [*(value(record) for value in values.values()), tags.get(record.pk, [])]

    return ExportSource(name=name, label=label, columns=columns, rows=rows)


FEATURE_SOURCE = _source(
    "features",
    "Features",
    Feature,
    FEATURES,
    ("product", "release", "team", "owner__user", "tally", "parent"),
)
RELEASE_SOURCE = _source("releases", "Releases", Release, RELEASES, ("product",))
