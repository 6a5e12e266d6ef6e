"""The lists of the roadmap as tables; every column goes by the name that importing knows it by.

A feature's id in the file is its key, and it lies under its parent's key, so that a file that was changed elsewhere
finds its features again, and builds the same tree in another workspace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db.models import Prefetch

from roadbed.core.records.models import Record, RecordTag
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.roadmap.models import Estimate, External, Feature, Release
from roadbed.modules.roadmap.models.strength import evidence_strength

CHUNK = 1000
WIDE = frozenset({"Feature", "Release", "Description", "Notes"})
Value = Callable[[Any], Any]


def _own(name: str) -> Value:
    return lambda record: getattr(record, name)


def _choice(name: str) -> Value:
    return lambda record: getattr(record, f"get_{name}_display")() if getattr(record, name) else ""


def _of(related: str, name: str) -> Value:
    def value(record: Any) -> Any:
        other = getattr(record, related)
        return getattr(other, name) if other is not None else ""

    return value


def _figure(name: str) -> Value:
    return lambda record: getattr(record.tally, name) if hasattr(record, "tally") else 0


def _effort(name: str) -> Value:
    return lambda record: next((getattr(one, name) for one in record.current), "")


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
    "Kind of work": _choice("work"),
    "Size": _choice("size"),
    "Not before": _own("not_before"),
    "Due": _own("due_date"),
    "How firm": _choice("due_kind"),
    "Promised to": _own("due_to"),
    "Took": _own("actual_days"),
    "Public name": _own("public_title"),
    "Effort P10": _effort("p10"),
    "Effort P50": _effort("p50"),
    "Effort P90": _effort("p90"),
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
    "What it is": _choice("form"),
    "How firm": _choice("date_kind"),
    "Promised to": _own("date_to"),
    "Product": _of("product", "name"),
    "Notes": _own("notes"),
}


EXTERNALS: Mapping[str, Value] = {
    "Id": _own("key"),
    "Promise": _own("title"),
    "Promised by": _own("promised_by"),
    "Promised from": _own("earliest"),
    "Promised until": _own("latest"),
    "State": _choice("state"),
    "Delivered on": _own("delivered_date"),
    "Contact": _own("contact"),
    "Owner": _of("owner", "name"),
    "Notes": _own("description"),
}


def _tags(ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = RecordTag.objects.filter(record_id__in=ids).order_by("tag__name")
    for record_id, name in rows.values_list("record_id", "tag__name"):
        found.setdefault(record_id, []).append(name)
    return found


def _source(
    name: str,
    label: str,
    model: type[Record],
    values: Mapping[str, Value],
    related: Sequence[str],
    fetched: Sequence[Prefetch[str]] = (),
) -> ExportSource:
    def columns(asked: Asked) -> Sequence[Column]:
        return [Column(header, 48 if header in WIDE else 18) for header in (*values, "Tags")]

    def rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
        records: Any = asked.narrow(model.objects.in_workspace(asked.workspace_id))
        stream = records.select_related(*related).prefetch_related(*fetched).iterator(chunk_size=CHUNK)
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
    (Prefetch("estimates", queryset=Estimate.objects.filter(is_current=True), to_attr="current"),),
)
RELEASE_SOURCE = _source("releases", "Releases", Release, RELEASES, ("product",))
EXTERNAL_SOURCE = _source(
    "externals", "Promises from outside", External, EXTERNALS, ("product", "owner__user")
)
