"""What was finished, by whom and when, and what had been forecast of it: what dates are measured by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from roadbed.core.records.models import Record
from roadbed.modules.roadmap.models import Estimate, Feature, ForecastRow, Level, Status, StatusSpell
from roadbed_engines.forecast import recalibration

Z90 = 1.2815515655446004
APART = timedelta(days=14)
"""Forecasts of the same thing that are closer together say the same."""
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Done:
    """A piece of work that was finished: when it was begun, and what had been said of it before (P10, P50, P90)."""

    id: int
    team_id: int | None
    begun: date | None
    done: date
    effort: tuple[float, float, float] | None
    took: float | None
    """Person-days, where somebody wrote them down."""


def _teams(workspace_id: int) -> tuple[dict[int, int | None], set[int]]:
    """Return the team of each feature, or of the nearest above it, and which have something live under them."""
    rows = Feature.objects.in_workspace(workspace_id).values_list("pk", "parent_id", "team_id")
    own = {pk: (parent, team) for pk, parent, team in rows}
    parents = {parent for parent, _ in own.values() if parent is not None}
    found: dict[int, int | None] = {}
    for pk in own:
        here: int | None = pk
        while here is not None and here in own and own[here][1] is None:
            here = own[here][0]
        found[pk] = own[here][1] if here is not None and here in own else None
    return found, parents


def finished(*, workspace_id: int, until: date) -> list[Done]:
    """Return the pieces of work that are finished, the oldest first; four queries."""
    teams, parents = _teams(workspace_id)
    rows = (
        Feature.objects.in_workspace(workspace_id)
        .filter(status=Status.SHIPPED, status_at__date__lte=until)
        .exclude(level=Level.AREA)
        .order_by("status_at", "pk")
        .values_list("pk", "status_at", "actual_days")
    )
    ends = {pk: (at, took) for pk, at, took in rows if pk not in parents}
    spells = StatusSpell.objects.filter(
        feature__workspace_id=workspace_id, feature__status=Status.SHIPPED, status=Status.DEVELOPMENT
    )
    begun = dict(spells.order_by("-entered_at").values_list("feature_id", "entered_at"))
    said: dict[int, tuple[float, float, float]] = {}
    estimates = Estimate.objects.filter(
        feature__workspace_id=workspace_id, feature__status=Status.SHIPPED
    ).order_by("at", "pk")
    for pk, at, p10, p50, p90 in estimates.values_list("feature_id", "at", "p10", "p50", "p90"):
        # What was said once it had begun knew more than a plan does.
        if pk in begun and at <= begun[pk]:
            said[pk] = (p10, p50, p90)
    return [
        Done(pk, teams.get(pk), begun[pk].date() if pk in begun else None, at.date(), said.get(pk), took)
        for pk, (at, took) in ends.items()
    ]


def past_items(done: Sequence[Done]) -> recalibration.Past:
    """Return finished items as forecasts of person-days: what the estimate said before, and what it took.

    The days on a calendar are no measure here: who works on three things at once is not late with each of them.
    """
    median, sigma, actual, made, known = [], [], [], [], []
    for one in done:
        if one.begun is None or one.effort is None or not one.took:
            continue
        low, middle, high = one.effort
        median.append(middle)
        sigma.append(math.log(high / low) / (2 * Z90) if high > low else 0.0)
        actual.append(one.took)
        made.append(one.begun.toordinal())
        known.append(one.done.toordinal())
    if not median:
        return recalibration.NOTHING
    quantiles = recalibration.lognormal(median=np.array(median), sigma=np.array(sigma))
    return recalibration.Past(quantiles, np.array(actual), np.array(made, float), np.array(known, float))


def past_dates(done: Sequence[Done], *, workspace_id: int) -> dict[int | None, recalibration.Past]:
    """Return the dates that forecasts gave of what is finished now, by team: days from the forecast's first; one query.

    They are compared as they came, before they were stretched, so that the stretch does not measure itself.
    """
    ends = {one.id: one for one in done}
    open_ones = Record.objects.in_workspace(workspace_id, circles=()).filter(pk__in=list(ends))
    rows = ForecastRow.objects.filter(
        forecast__workspace_id=workspace_id, kind=ForecastRow.Kind.WORK, record__in=open_ones.values("pk")
    ).order_by("forecast__first", "pk")
    last: dict[int, date] = {}
    found: dict[int | None, list[tuple[list[float], float, int, int]]] = {}
    for record_id, team_id, first, effort in rows.values_list(
        "record_id", "team_id", "forecast__first", "effort"
    )[:MOST_ROWS]:
        raw, end = effort.get("raw"), ends[record_id].done
        if not raw or first >= end or (record_id in last and first - last[record_id] < APART):
            continue
        last[record_id] = first
        took = float((end - first).days + 1)
        found.setdefault(team_id, []).append(
            ([day + 1.0 for day in raw], took, first.toordinal(), end.toordinal())
        )
    return {
        team: recalibration.Past(
            np.array([row[0] for row in many]),
            np.array([row[1] for row in many]),
            np.array([row[2] for row in many], float),
            np.array([row[3] for row in many], float),
        )
        for team, many in found.items()
    }
