"""What a lens ranks, and everything that is known of it: figures of people, else what evidence answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Link, Record, Relation
from roadbed.modules.insights import facade as insights
from roadbed.modules.priorities.models import Figure, Lens, Pace, Source, Subject
from roadbed.modules.priorities.selectors import definitions
from roadbed.modules.roadmap import facade as roadmap
from roadbed_engines.priority import methods, ranges
from roadbed_engines.priority.ranges import Range

DAYS_A_WEEK = 5
EVIDENCE_NAMES = frozenset({"people", "accounts", "revenue"})


@dataclass(frozen=True, slots=True)
class Known:
    """A figure as a lens takes it: the range, and where it is from."""

    range: Range
    source: str
    figure: Figure | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that a lens ranks."""

    record_id: int
    key: str
    title: str
    horizon: str = ""
    team: str = ""
    area: str = ""
    lane: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """All candidates of a lens, what is known of each by input, and the items that the engine takes."""

    candidates: tuple[Candidate, ...]
    known: Mapping[int, Mapping[str, Known]]
    items: tuple[methods.Item, ...]

    def fingerprint(self, lens: Lens) -> str:
        """Return a digest of everything that the result depends on."""
        facts = [
            lens.definition,
            lens.studies,
            lens.cut,
            lens.wait,
            [(one.record_id, _plain(item)) for one, item in zip(self.candidates, self.items, strict=True)],
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _plain(item: methods.Item) -> list[Any]:
    values = [
        (name, one.low, one.likely, one.high, one.confidence) for name, one in sorted(item.values.items())
    ]
    return [values, item.profile, round(item.due_in, 1), list(item.needs)]


def candidates_of(lens: Lens) -> list[Candidate]:
    """Return what a lens ranks, by id. Private records stay out: a ranking is shared."""
    if lens.subject == Subject.NEEDS:
        rows = (
            Record.objects.in_workspace(lens.workspace_id).filter(kind="need").not_archived().order_by("pk")
        )
        if lens.product_id is not None:
            rows = rows.filter(product_id=lens.product_id)
        return [Candidate(row.pk, row.key, row.title) for row in rows]
    return [
        Candidate(one.record_id, one.key, one.title, one.horizon, one.team, one.area, one.lane)
        for one in roadmap.open_features(workspace_id=lens.workspace_id, level=lens.subject)
        if lens.product_id is None or one.product_id == lens.product_id
    ]


def known_of(lens: Lens, record_ids: Sequence[int]) -> dict[int, dict[str, Known]]:
    """Return what is known of each record, by input; a number of queries that does not grow with the records."""
    inputs = lens.definition["inputs"]
    wanted = {one["figure"] for one in inputs}
    by_record: dict[int, dict[str, Figure]] = {}
    ids = set(record_ids)
    rows = Figure.objects.filter(record__workspace_id=lens.workspace_id, name__in=wanted, is_current=True)
    if len(ids) <= 50:
        rows = rows.filter(record_id__in=ids)
    for row in rows:
        by_record.setdefault(row.record_id, {})[row.name] = row
    answers = _evidence(lens, ids)
    found: dict[int, dict[str, Known]] = {}
    for pk in record_ids:
        own = by_record.get(pk, {})
        known: dict[str, Known] = {}
        for one in inputs:
            figure = own.get(one["figure"])
            if figure is not None:
                known[one["name"]] = Known(figure.range, figure.source, figure)
            elif (answer := answers.get(one["evidence"], {}).get(pk)) is not None:
                source = Source.ESTIMATE if one["evidence"] == "estimate" else Source.EVIDENCE
                known[one["name"]] = Known(answer, source)
        found[pk] = known
    return found


def _evidence(lens: Lens, ids: set[int]) -> dict[str, dict[int, Range]]:
    """Return what was heard, by the name of the evidence and the record: counts with the doubt of counts."""
    asked = {one["evidence"] for one in lens.definition["inputs"] if one["evidence"]}
    found: dict[str, dict[int, Range]] = {name: {} for name in asked}
    if asked & EVIDENCE_NAMES:
        tallies = EvidenceTally.objects.filter(record__workspace_id=lens.workspace_id, people__gt=0)
        if len(ids) <= 50:
            tallies = tallies.filter(record_id__in=ids)
        for tally in tallies:
            for name in asked & {"people", "accounts"}:
                found[name][tally.record_id] = ranges.of_count(getattr(tally, name))
            if "revenue" in asked and tally.revenue:
                found["revenue"][tally.record_id] = ranges.exactly(float(tally.revenue))
    if "estimate" in asked and lens.subject != Subject.NEEDS:
        for pk, (low, _, high) in roadmap.estimates(workspace_id=lens.workspace_id).items():
            found["estimate"][pk] = Range(low / DAYS_A_WEEK, high / DAYS_A_WEEK)
    if asked & {"importance", "satisfaction"}:
        for pk, rated in insights.ratings_of_needs(workspace_id=lens.workspace_id).items():
            for name, value in zip(("importance", "satisfaction"), rated, strict=True):
                if name in asked and value is not None:
                    found[name][pk] = ranges.exactly(value)
    return found


def world_of(lens: Lens, *, today: date) -> World:
    """Return everything that a ranking of the lens takes."""
    candidates = candidates_of(lens)
    ids = [one.record_id for one in candidates]
    known = known_of(lens, ids)
    paces = {pace.record_id: pace for pace in Pace.objects.filter(record__workspace_id=lens.workspace_id)}
    place = {pk: at for at, pk in enumerate(ids)}
    needs = needs_among(lens.workspace_id, place)
    items = tuple(
        methods.Item(
            values={name: one.range for name, one in known[pk].items()},
            profile=paces[pk].profile if pk in paces else "standard",
            due_in=weeks_until(paces[pk].due_date, today) if pk in paces else 0.0,
            needs=tuple(place[before] for before in needs.get(pk, ())),
            stream=pk,
        )
        for pk in ids
    )
    return World(tuple(candidates), known, items)


def weeks_until(day: date | None, today: date) -> float:
    """Return how many weeks lie before a day; 0 where it is past or none."""
    return max(0.0, (day - today).days / 7) if day is not None else 0.0


def needs_among(workspace_id: int, ids: Mapping[int, int]) -> dict[int, list[int]]:
    """Return, of these records, what each depends on among them: by its links, and by the plan's dependencies."""
    rows = Link.objects.filter(relation=Relation.DEPENDS_ON, source__workspace_id=workspace_id)
    pairs = list(rows.order_by("pk").values_list("source_id", "target_id"))
    pairs += [
        (after, before)
        for after, every in roadmap.waits_for(workspace_id=workspace_id).items()
        for before in every
    ]
    found: dict[int, list[int]] = {}
    for source, target in dict.fromkeys(pairs):
        if source in ids and target in ids:
            found.setdefault(source, []).append(target)
    return found


def objectives_of(workspace_id: int) -> dict[int, str]:
    """Return the objective that each record is linked to, by its title; the first one, where there are several."""
    rows = Link.objects.filter(
        source__workspace_id=workspace_id, target__kind="objective", target__deleted_at__isnull=True
    )
    found: dict[int, str] = {}
    for source, title in rows.order_by("pk").values_list("source_id", "target__title"):
        found.setdefault(source, title)
    return found


def method_of(lens: Lens) -> methods.Method:
    """Return the lens as the engine takes it."""
    return definitions.method_of(lens.method, lens.title, lens.definition)
