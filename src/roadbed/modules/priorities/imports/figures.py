"""Figures from tables, and as a table: a row for each figure of each record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from roadbed.core.records.models import Record
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.targets import Change, Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.priorities import services
from roadbed.modules.priorities.models import Figure, Source
from roadbed.modules.priorities.services.figures import KINDS, LARGEST
from roadbed_engines.priority.ranges import Range

CHUNK = 1_000
HEADERS = ("Record", "Title", "Input", "Low", "Likely", "High", "Confidence", "Note", "Source", "Date", "By")


def _records(run: Run, keys: Sequence[str]) -> dict[str, Record]:
    """Return the features and needs by their keys, in one query a prefix."""
    wanted: dict[str, set[int]] = {}
    for key in keys:
        prefix, _, number = key.strip().upper().rpartition("-")
        if prefix and number.isdecimal() and len(number) < 10:
            wanted.setdefault(prefix, set()).add(int(number))
    found: dict[str, Record] = {}
    for prefix, numbers in wanted.items():
        rows = Record.objects.in_workspace(run.workspace_id).filter(prefix=prefix, number__in=numbers)
        found |= {record.key: record for record in rows.filter(kind__in=sorted(KINDS))}
    return found


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of figures."""
    outcome = Outcome()
    known = _records(run, [row.values["record"] for row in rows])
    said = []
    for index, row in enumerate(rows):
        values = row.values
        record = known.get(values["record"].strip().upper())
        if record is None:
            outcome.rejects.append((index, f"there is no feature or need {values['record'][:40]}"))
            continue
        name = values["input"].strip().lower().replace(" ", "_").replace("-", "_")
        if not name.isidentifier() or not name.isascii():
            outcome.rejects.append((index, f"“{values['input'][:40]}” is no name for an input"))
            continue
        low = float(values["low"])
        likely = values.get("likely")
        try:
            given = Range(
                low,
                float(values.get("high", low)),
                None if likely is None else float(likely),
                float(values.get("confidence", 0.8)),
            )
        except ValueError as error:
            outcome.rejects.append((index, str(error)))
            continue
        if max(abs(given.low), abs(given.high)) > LARGEST:
            outcome.rejects.append((index, "this is out of all proportion"))
            continue
        said.append(services.Said(record, name, given, values.get("note", "")))
    current = {
        (figure.record_id, figure.name): (figure.range, figure.note)
        for figure in Figure.objects.filter(
            record_id__in={one.record.pk for one in said}, is_current=True, source=Source.IMPORT
        )
    }
    fresh = [one for one in said if current.get((one.record.pk, one.name)) != (one.range, one.note)]
    outcome.unchanged += len(said) - len(fresh)
    for one in fresh:
        outcome.changed.setdefault(one.record.kind, []).append(Change(one.record.pk, {}))
    if fresh and not run.is_dry:
        services.say_figures(said=fresh, actor=run.actor, at=run.at, source=Source.IMPORT)
    return outcome


def follow(
    workspace_id: int,
    created: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[int]],
    at: datetime,
) -> None:
    """Nothing more: the rankings were asked for with their batch."""


FIGURES = ImportTarget(
    name="figures",
    label="Inputs of lenses",
    kind="feature",
    fields=(
        Field("record", "Record", aliases=("key", "id", "feature", "need", "item"), required=True, max_length=20,
              help="Key of a feature or a need, such as F-12."),
        Field("input", "Input", aliases=("name", "criterion", "driver", "figure"), required=True, max_length=40,
              help="The name of the figure, such as reach or effort."),
        Field("low", "Low", "number", aliases=("value", "from", "min", "p10"), required=True),
        Field("likely", "Likely", "number", aliases=("mode", "most likely", "p50")),
        Field("high", "High", "number", aliases=("to", "max", "p90")),
        Field("confidence", "Confidence", "number", aliases=("sure",), help="A share, 0.8 where nothing is said."),
        Field("note", "Note", aliases=("comment", "because", "reason"), max_length=300),
    ),
    write=write,
    help="One row for each input of each feature or need. Low and high hold the truth four times in five.",
    order=60,
    follow=follow,
)  # fmt: skip


def _columns(asked: Asked) -> Sequence[Column]:
    return [Column(header, 36 if header in {"Title", "Note"} else 14) for header in HEADERS]


def _rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
    records = asked.narrow(Record.objects.in_workspace(asked.workspace_id, circles=asked.circles))
    rows = Figure.objects.filter(record__in=records.order_by().values("pk"), is_current=True)
    rows = rows.select_related("record", "given_by").order_by("record_id", "name")
    for figure in rows.iterator(chunk_size=CHUNK):
        yield [
            figure.record.key,
            figure.record.title,
            figure.name,
            figure.low,
            figure.likely,
            figure.high,
            figure.confidence,
            figure.note,
            figure.get_source_display(),
            figure.given_at,
            figure.given_by.display_name if figure.given_by else "",
        ]


RANKING_FIGURES = ExportSource(name="figures", label="Inputs of lenses", columns=_columns, rows=_rows)
