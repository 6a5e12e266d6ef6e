"""The rows of the timeline, of the plan or of a branch: put in order and gathered first, read in full part by part."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.models import Branch, ForecastRow, PlanForecast, Release
from roadbed.modules.roadmap.selectors import features, forecasts

OWN = ("team", "release")
"""A row's team and release may come from above it, so these two filters are the row's own."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A row before it is read: what it is gathered by, its place and how far it reaches."""

    id: int
    key: str
    place: int
    last: date


@dataclass(frozen=True, slots=True)
class Lines:
    """All rows that are shown, gathered; `read` gives some of them in full."""

    run: PlanForecast
    spots: tuple[Spot, ...]
    circles: tuple[int, ...] = ()
    made: Mapping[int, ForecastRow] = field(default_factory=dict)

    def read(self, spots: Sequence[Spot]) -> list[ForecastRow]:
        """Return rows in full, in this order; one query, none for a branch."""
        if self.made:
            return [self.made[one.id] for one in spots]
        rows = ForecastRow.objects.filter(forecast=self.run, record__deleted_at__isnull=True)
        rows = rows.filter(Q(record__circle__isnull=True) | Q(record__circle_id__in=self.circles))
        rows = rows.select_related("record__product", "team", "release").order_by()
        found = rows.in_bulk([one.id for one in spots])
        return [found[one.id] for one in spots if one.id in found]


def _gathered(rows: Sequence[tuple[int, Any, int, date]]) -> tuple[Spot, ...]:
    """Put rows in order: group by group, as their first ones come in the plan; nobody's last."""
    first: dict[str, int] = {}
    spots = [Spot(pk, str(key or ""), place, last) for pk, key, place, last in rows]
    for one in sorted(spots, key=lambda one: one.place):
        first.setdefault(one.key, one.place)
    return tuple(sorted(spots, key=lambda one: (not one.key, first[one.key], one.place, one.id)))


def _chosen(workspace_id: int, narrowing: Mapping[str, Any]) -> Collection[int] | None:
    """Return the features that the filters leave; None where nothing narrows."""
    rest = {name: value for name, value in narrowing.items() if name not in OWN}
    if not rest:
        return None
    found = features.filter_features(workspace_id=workspace_id, filters=rest)
    return set(found.order_by().values_list("pk", flat=True))


def of_plan(
    run: PlanForecast, *, by: str, narrowing: Mapping[str, Any], circles: Sequence[int] = ()
) -> Lines:
    """Return the rows of a forecast of the plan; two queries, whatever their number."""
    rows = forecasts.rows_of(run, kinds=[ForecastRow.Kind.WORK], circles=circles)
    if team := narrowing.get("team"):
        rows = rows.filter(team_id=team)
    if release := narrowing.get("release"):
        rows = rows.filter(release__number=release)
    chosen = _chosen(run.workspace_id, narrowing)
    key = {"team": "team_id", "release": "release_id"}.get(by, "record__product_id")
    found = rows.values_list("pk", key, "place", "p85", "due", "record_id")
    return Lines(
        run,
        _gathered(
            [
                (pk, group, place, max(p85, due or p85))
                for pk, group, place, p85, due, record in found
                if chosen is None or record in chosen
            ]
        ),
        tuple(circles),
    )


def run_of_branch(branch: Branch) -> PlanForecast | None:
    """Return a branch's dates as a forecast, not saved; None before they were worked out."""
    outlook = getattr(branch, "outlook", None)
    if outlook is None:
        return None
    side = outlook.branched
    return PlanForecast(
        workspace_id=branch.workspace_id,
        number=0,
        at=outlook.at,
        first=outlook.first,
        seed=outlook.seed,
        runs=outlook.runs,
        problem=side.get("problem", ""),
        refused=side.get("refused", []),
        load=side.get("load", {}),
        placed=len(side.get("rows", {})),
    )


def of_branch(
    branch: Branch, run: PlanForecast, *, by: str, narrowing: Mapping[str, Any], circles: Sequence[int] = ()
) -> Lines:
    """Return the rows of a branch; a fixed number of queries."""
    said = {
        int(pk): row for pk, row in branch.outlook.branched.get("rows", {}).items() if row["kind"] == "work"
    }
    records = Record.objects.in_workspace(branch.workspace_id, circles=circles).select_related("product")
    known = records.in_bulk(list(said))
    teams = Team.objects.filter(workspace_id=branch.workspace_id).in_bulk()
    releases = Release.objects.in_workspace(branch.workspace_id).in_bulk()
    chosen = _chosen(branch.workspace_id, narrowing)
    made: dict[int, ForecastRow] = {}
    spots = []
    for pk, row in said.items():
        release = releases.get(row["release"]) if row["release"] else None
        if pk not in known or (chosen is not None and pk not in chosen):
            continue
        if narrowing.get("team") and str(row["team"]) != str(narrowing["team"]):
            continue
        if narrowing.get("release") and str(release.number if release else "") != str(narrowing["release"]):
            continue
        one = ForecastRow(
            id=pk,
            forecast=run,
            record=known[pk],
            kind=ForecastRow.Kind.WORK,
            team=teams.get(row["team"]),
            release=release,
            place=row["place"],
            **{name: date.fromisoformat(row[name]) for name in ("start", "finish", "p50", "p85")},
            p95=date.fromisoformat(row["p85"]),
            due=date.fromisoformat(row["due"]) if row["due"] else None,
            is_hard=row["is_hard"],
            chance=row["chance"],
        )
        made[pk] = one
        group = {"team": one.team_id, "release": one.release_id}.get(by, known[pk].product_id)
        spots.append((pk, group, one.place, max(one.p85, one.due or one.p85)))
    return Lines(run, _gathered(spots), tuple(circles), made)
