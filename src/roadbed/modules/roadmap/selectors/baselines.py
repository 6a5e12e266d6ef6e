"""Reading frozen plans: what changed since, how dates slipped, how scope and work grew."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product, Team
from roadbed.modules.roadmap.models import (
    Baseline,
    Estimate,
    Feature,
    ForecastRow,
    FrozenState,
    PlanForecast,
    Release,
    Status,
)

State = Mapping[str, Any]

LABELS = {
    "status": "Status",
    "horizon": "Horizon",
    "release_id": "Release",
    "target_start": "Target from",
    "target_end": "Target until",
    "due_date": "Due",
    "due_kind": "How firm",
    "not_before": "Not before",
    "p10": "Effort, low",
    "p50": "Effort, middle",
    "p90": "Effort, high",
    "done_p50": "Even odds by",
    "done_p85": "85% by",
    "team_id": "Team",
    "parent_id": "Lies under",
    "product_id": "Product",
    "start_date": "Starts",
    "ship_date": "Ships",
    "date_kind": "How firm",
    "state": "State",
}
"""The fields of a frozen state, in the order in which a change is told, and how a person calls them."""
POINTERS = ("release_id", "parent_id", "team_id", "product_id")
"""Fields that name something else."""
DATES = ("target_end", "due_date", "ship_date", "done_p50", "done_p85")
"""Dates whose moving is a slip."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one record at two moments, as people read it."""

    name: str
    label: str
    before: str
    after: str
    days: int | None = None
    """By how many days a date moved; later is positive."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What became of one record between two moments: ``added``, ``removed`` or ``changed``."""

    record: Record
    what: str
    fields: tuple[FieldChange, ...] = ()

    @property
    def slipped(self) -> int:
        """By how many days its latest date moved; 0 where none did."""
        return max((one.days for one in self.fields if one.days), key=abs, default=0)


@dataclass(frozen=True, slots=True)
class Slip:
    """That a date was moved, seen at a baseline."""

    field: str
    label: str
    seen_at: datetime
    baseline: int
    before: str
    after: str
    days: int | None


@dataclass(frozen=True, slots=True)
class Burn:
    """A point of the burn-up: what was planned and what was done at a baseline."""

    day: date
    items: int
    shipped: int
    effort: float
    effort_shipped: float
    unestimated: int


def baselines_of(*, workspace_id: int) -> QuerySet[Baseline]:
    """Return the baselines of a workspace, the newest first."""
    return Baseline.objects.filter(workspace_id=workspace_id).select_related("by").order_by("-number")


def access_baseline(*, workspace_id: int, number: int) -> Baseline:
    """Return one baseline, or raise `Baseline.DoesNotExist`, for strangers too."""
    return Baseline.objects.get(workspace_id=workspace_id, number=number)


def baseline_before(*, workspace_id: int, day: date) -> Baseline | None:
    """Return the last baseline that was frozen on or before a day, or the first there is."""
    rows = Baseline.objects.filter(workspace_id=workspace_id)
    return rows.filter(day__lte=day).order_by("-number").first() or rows.order_by("number").first()


# -- the plan as it stands -------------------------------------------------------------------------


def _date(value: date | None) -> str:
    return value.isoformat() if value else ""


def states_now(*, workspace_id: int, only: Iterable[int] | None = None) -> dict[int, dict[str, Any]]:
    """Return how each feature and release stands, and when it is done by the newest forecast; five queries.

    Names are not frozen but looked up when they are read, so that words which are taken out later stay out.

    Parameters
    ----------
    only : iterable of int, optional
        The records to look at; all of them without it.
    """
    within = Q() if only is None else Q(pk__in=list(only))
    rows = Feature.objects.in_workspace(workspace_id).not_archived().filter(within)
    found: dict[int, dict[str, Any]] = {}
    fields = (
        "pk", "lane", "level", "status", "horizon", "release_id", "target_start", "target_end", "due_date",
        "due_kind", "not_before", "team_id", "parent_id", "product_id",
    )  # fmt: skip
    for row in rows.order_by("pk").values(*fields):
        found[row["pk"]] = {
            "kind": "feature",
            "lane": row["lane"],
            "level": row["level"],
            "status": row["status"],
            "horizon": row["horizon"],
            "release_id": row["release_id"],
            "target_start": _date(row["target_start"]),
            "target_end": _date(row["target_end"]),
            "due_date": _date(row["due_date"]),
            "due_kind": row["due_kind"] if row["due_date"] else "",
            "not_before": _date(row["not_before"]),
            "team_id": row["team_id"],
            "parent_id": row["parent_id"],
            "product_id": row["product_id"],
        }
    current = Estimate.objects.filter(is_current=True, feature__workspace_id=workspace_id)
    if only is not None:
        current = current.filter(feature_id__in=list(found))
    for feature_id, p10, p50, p90 in current.values_list("feature_id", "p10", "p50", "p90"):
        if feature_id in found:
            found[feature_id] |= {"p10": round(p10, 2), "p50": round(p50, 2), "p90": round(p90, 2)}
    releases = Release.objects.in_workspace(workspace_id).not_archived().filter(within)
    for one in releases.order_by("pk"):
        found[one.pk] = {
            "kind": "release",
            "state": one.state,
            "start_date": _date(one.start_date),
            "ship_date": _date(one.ship_date),
            "date_kind": one.date_kind if one.ship_date else "",
            "product_id": one.product_id,
        }
    for pk, even, sure in _forecast(workspace_id).values_list("record_id", "p50", "p85"):
        if pk in found:
            found[pk] |= {"done_p50": _date(even), "done_p85": _date(sure)}
    return found


def _forecast(workspace_id: int) -> QuerySet[ForecastRow]:
    """Return the rows of the newest forecast."""
    runs = PlanForecast.objects.filter(workspace_id=workspace_id).order_by("-number").values("pk")[:1]
    open_ones = Record.objects.in_workspace(workspace_id, circles=())
    rows = ForecastRow.objects.filter(forecast_id__in=list(runs.values_list("pk", flat=True)))
    return rows.filter(record__in=open_ones.values("pk"))


def _touched_since(*, workspace_id: int, baseline: Baseline) -> set[int]:
    """Return the records that may stand otherwise than in a baseline; what was not touched does not."""
    rows = Record.objects.everything_in(workspace_id).filter(kind__in=["feature", "release"])
    touched = set(rows.filter(updated_at__gte=baseline.at).values_list("pk", flat=True))
    estimates = Estimate.objects.filter(feature__workspace_id=workspace_id, at__gte=baseline.at)
    touched.update(estimates.values_list("feature_id", flat=True))
    # A date moves with the plan around it, though nobody touched the thing itself.
    touched.update(_forecast(workspace_id).values_list("record_id", flat=True))
    return touched


# -- the plan as it stood --------------------------------------------------------------------------


def _states_at(*, workspace_id: int, number: int, only: Iterable[int]) -> dict[int, State]:
    rows = FrozenState.objects.filter(workspace_id=workspace_id, record_id__in=list(only), first__lte=number)
    rows = rows.filter(Q(last__isnull=True) | Q(last__gte=number))
    return dict(rows.values_list("record_id", "state"))


def _changed_between(*, workspace_id: int, earlier: int, later: int) -> set[int]:
    """Return the records whose state begins after the earlier baseline or ends before the later one."""
    rows = FrozenState.objects.filter(workspace_id=workspace_id)
    begun = rows.filter(first__gt=earlier, first__lte=later)
    ended = rows.filter(last__gte=earlier, last__lt=later)
    return set(begun.values_list("record_id", flat=True)) | set(ended.values_list("record_id", flat=True))


def changes_between(
    *, workspace_id: int, earlier: Baseline, later: Baseline | None = None, circles: Sequence[int] = ()
) -> list[RecordChange]:
    """Return what changed from one baseline to another, or until now; the largest slips first.

    Records that the reader may not see any more are left out.
    """
    if later is None:
        ids = _touched_since(workspace_id=workspace_id, baseline=earlier)
        ids |= _changed_between(workspace_id=workspace_id, earlier=earlier.number, later=2**31 - 1)
        after: Mapping[int, State] = states_now(workspace_id=workspace_id, only=ids)
    else:
        ids = _changed_between(workspace_id=workspace_id, earlier=earlier.number, later=later.number)
        after = _states_at(workspace_id=workspace_id, number=later.number, only=ids)
    before = _states_at(workspace_id=workspace_id, number=earlier.number, only=ids)
    records = Record.objects.everything_in(workspace_id, circles=circles).in_bulk(
        [one for one in ids if one in before or one in after]
    )
    names = names_in(workspace_id=workspace_id, states=[*before.values(), *after.values()], circles=circles)
    found = []
    for pk, record in records.items():
        old, new = before.get(pk), after.get(pk)
        if old is None:
            found.append(RecordChange(record, "added"))
        elif new is None:
            found.append(RecordChange(record, "removed"))
        elif differing(old, new):
            found.append(RecordChange(record, "changed", tuple(field_changes(old, new, names=names))))
    return sorted(found, key=lambda one: (-abs(one.slipped), one.what, one.record.kind, one.record.pk))


def names_in(
    *, workspace_id: int, states: Iterable[State], circles: Sequence[int] = ()
) -> dict[tuple[str, int], str]:
    """Return the names of what states point to, by field and id; three queries."""
    ids: dict[str, set[int]] = {name: set() for name in POINTERS}
    for state in states:
        for name, wanted in ids.items():
            if state.get(name):
                wanted.add(state[name])
    titles = dict(
        Record.objects.everything_in(workspace_id, circles=circles)
        .filter(pk__in=ids["release_id"] | ids["parent_id"])
        .values_list("pk", "title")
    )
    teams = dict(
        Team.objects.filter(workspace_id=workspace_id, pk__in=ids["team_id"]).values_list("pk", "name")
    )
    products = dict(
        Product.objects.filter(workspace_id=workspace_id, pk__in=ids["product_id"]).values_list("pk", "name")
    )
    by_field = {"release_id": titles, "parent_id": titles, "team_id": teams, "product_id": products}
    return {(name, pk): found[pk] for name, found in by_field.items() for pk in ids[name] if pk in found}


def differing(before: State, after: State) -> list[str]:
    """Return the names of the fields that differ, in the order in which people are told."""
    return [name for name in LABELS if (before.get(name) or "") != (after.get(name) or "")]


def field_changes(
    before: State, after: State, *, names: Mapping[tuple[str, int], str] | None = None
) -> list[FieldChange]:
    """Return the fields that differ, as people read them."""
    known = names or {}
    return [
        FieldChange(
            name,
            LABELS[name],
            says(name, before.get(name), names=known),
            says(name, after.get(name), names=known),
            _moved(name, before, after),
        )
        for name in differing(before, after)
    ]


def _moved(name: str, before: State, after: State) -> int | None:
    if name not in DATES or not before.get(name) or not after.get(name):
        return None
    return (date.fromisoformat(after[name]) - date.fromisoformat(before[name])).days


def says(name: str, value: Any, *, names: Mapping[tuple[str, int], str]) -> str:
    """Return a frozen value as people read it.

    >>> [says(name, value, names={}) for name, value in (("target_end", "2026-03-01"), ("p50", 4.0), ("team_id", None))]
    ['1 Mar 2026', '4 days', 'none']
    """
    if value in (None, ""):
        return "none"
    if name in POINTERS:
        return names.get((name, value), "one that is gone")
    if name in {"p10", "p50", "p90"}:
        return f"{value:g} days"
    if name == "status":
        return str(Status(value).label)
    if name in {"target_start", "not_before", "start_date", *DATES}:
        found = date.fromisoformat(value)
        return f"{found.day} {found:%b %Y}"
    return str(value).capitalize() if name in {"horizon", "state", "due_kind", "date_kind"} else str(value)


def slips_of(*, record: Record) -> list[Slip]:
    """Return each move of a record's dates that a baseline saw, the newest first."""
    rows = list(FrozenState.objects.filter(record_id=record.pk).order_by("first"))
    if len(rows) < 2:
        return []
    marks = Baseline.objects.filter(workspace_id=record.workspace_id, number__in=[row.first for row in rows])
    seen = {mark.number: mark for mark in marks}
    found: list[Slip] = []
    for old, new in itertools.pairwise(rows):
        for change in field_changes(old.state, new.state):
            if change.name in DATES and new.first in seen:
                at = seen[new.first].at
                found.append(
                    Slip(change.name, change.label, at, new.first, change.before, change.after, change.days)
                )
    return found[::-1]


def burn_up(*, workspace_id: int, scope: str = "all", most: int = 400) -> list[Burn]:
    """Return planned and done at each baseline, the oldest first; of a day with several, the last counts.

    Parameters
    ----------
    scope : str
        ``all``, ``product:ID`` or ``release:ID``.
    """
    rows = Baseline.objects.filter(workspace_id=workspace_id).order_by("-number")[:most]
    by_day: dict[date, Burn] = {}
    for row in rows:
        if row.day not in by_day and scope in row.totals:
            by_day[row.day] = Burn(row.day, *row.totals[scope])
    return [by_day[day] for day in sorted(by_day)]
