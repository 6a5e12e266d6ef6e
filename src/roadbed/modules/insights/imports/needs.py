"""Needs from tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Link
from roadbed.core.tables.record_writer import Draft, RecordWriter
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.modules.insights.imports.customers import ID, TAGS
from roadbed.modules.insights.imports.directory import fold
from roadbed.modules.insights.models import Need, Quote

OWN = ("description", "expectation", "importance", "satisfaction", "rated_from")


def identity(row: ParsedRow) -> str:
    """Return what makes two needs the same."""
    return fold(row.values.get("title", ""))


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of needs: found by id, else by title."""
    titles = [row.values["title"] for row in rows if not row.key]
    found = Need.objects.in_workspace(run.workspace_id).filter(kind="need", title__in=titles)
    known = dict(found.order_by("-pk").values_list("title", "pk"))
    drafts = [
        Draft(
            index=index,
            title=row.values["title"],
            values={name: row.values[name] for name in OWN if name in row.values},
            tags=row.values.get("tags", ()),
            external_id=row.key,
            record_id=None if row.key else known.get(row.values["title"]),
        )
        for index, row in enumerate(rows)
    ]
    return RecordWriter(run, kind="need").write(drafts).outcome


def in_use(workspace_id: int, ids: Sequence[int]) -> Collection[int]:
    """Return the needs that evidence or links lead to."""
    wanted = list(ids)
    quoted = Quote.objects.filter(target_id__in=wanted).values_list("target_id", flat=True)
    linked = Link.objects.filter(target_id__in=wanted).values_list("target_id", flat=True)
    return {*quoted, *linked}


def follow(
    workspace_id: int,
    created: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[int]],
    at: datetime,
) -> None:
    """Give new needs their figures, all nought."""
    EvidenceTally.objects.bulk_create(
        [EvidenceTally(record_id=pk, counted_at=at) for pk in created.get("need", ())], ignore_conflicts=True
    )


NEEDS = ImportTarget(
    name="needs",
    label="Needs",
    kind="need",
    fields=(
        ID,
        Field("title", "Need", aliases=("title", "name", "summary", "job", "outcome", "bedürfnis", "besoin"),
              required=True, max_length=300),
        Field("description", "Description", "long_text", aliases=("details", "body", "beschreibung"),
              max_length=20_000),
        Field("expectation", "Expectation", "long_text", aliases=("expected", "expects", "erwartung"),
              max_length=5_000),
        Field("importance", "Importance", "number", aliases=("wichtigkeit", "importance score")),
        Field("satisfaction", "Satisfaction", "number", aliases=("zufriedenheit", "satisfaction score")),
        Field("rated_from", "Rated from", aliases=("survey", "basis"), max_length=200),
        TAGS,
    ),
    write=write,
    help="One row for each need. Importance and satisfaction go from 0 to 10.",
    order=40,
    identity=identity,
    in_use=in_use,
    follow=follow,
)  # fmt: skip
