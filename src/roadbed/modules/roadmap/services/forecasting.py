"""Forecasting the plan: put in time as it stands, once, and then in many futures; the answers are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.db.models import Max

from roadbed import __version__
from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.models import ForecastRow, PlanForecast, TeamRecord
from roadbed.modules.roadmap.selectors import plan as plans
from roadbed.modules.roadmap.services import calibrating, translating
from roadbed.modules.roadmap.services import targets as aims
from roadbed.modules.roadmap.services import units as work
from roadbed_engines.forecast import recalibration
from roadbed_engines.schedule import plan as engine

if TYPE_CHECKING:
    from roadbed_engines.schedule import explaining
    from roadbed_engines.schedule.outlooks import Forecast, Outlook

RUNS = 5_000
RUNS_OF_MANY = 2_000
MANY = 500
"""With more pieces of work than this, fewer futures are drawn."""
DRIVERS = 3
MOST_DRIVERS = 300
"""Of so many pieces of work each is told what moves its date; beyond, only those that are promised for a day."""
LEVELS = tuple(step / 20 for step in range(1, 20))
WEEKS = 52
BATCH = 500
UNSTRETCHED = calibrating.Stretch()


def forecast_plan(
    *, workspace: Workspace, seed: int, at: datetime, actor: Actor, is_asked: bool = False, runs: int = 0
) -> PlanForecast | None:
    """Work out when everything is done, and keep it. None where nothing changed since the last time.

    Parameters
    ----------
    seed : int
        With the same one, what moves a date from run to run is the plan, not chance.
    is_asked : bool
        Somebody asked for it: it is worked out though nothing changed.
    runs : int
        How many futures; by default as many as the size of the plan allows.
    """
    first = at.date()
    last = first + timedelta(days=translating.DAYS_AHEAD)
    plan = plans.whole_plan(workspace_id=workspace.pk, first=first, last=last)
    forest = work.Forest(plan)
    translated = translating.translate(plan, forest=forest, first=first)
    wanted = aims.targets_of(forest, translated, aims.goals_of(workspace.pk))
    runs = runs or (RUNS if len(translated.units) <= MANY else RUNS_OF_MANY)
    digest = _digest(translated, wanted, seed, runs)
    newest = PlanForecast.objects.filter(workspace=workspace).order_by("-number").first()
    if newest is not None and newest.digest == digest and not is_asked:
        return None
    run = PlanForecast(
        workspace=workspace,
        at=at,
        first=first,
        by_id=actor.user_id,
        seed=seed,
        runs=runs,
        engine=f"schedule of Roadbed {__version__}",
        digest=digest,
        placed=len(translated.units),
        aside=translated.aside,
        refused=[
            {"id": one.id, "key": one.key, "what": one.what, "reason": one.reason}
            for one in translated.refused
        ],
    )
    rows: list[ForecastRow] = []
    known = calibrating.measure(workspace_id=workspace.pk, teams=plan.teams, until=first)
    if translated.plan is not None:
        try:
            rows, run.load = work_out(
                translated,
                translated.plan,
                wanted,
                seed=seed,
                runs=runs,
                stretch=calibrating.stretch_of(known),
            )
        except engine.PlanError as error:
            run.problem = str(error)[:600]
            run.placed = 0
    return _store(run, rows, known)


def _digest(translated: translating.Translated, targets: Sequence[aims.Target], seed: int, runs: int) -> str:
    found = hashlib.sha256()
    said = [
        (one.key, one.due, [each.key for each in one.pieces], [each.key for each in one.missing])
        for one in targets
    ]
    dues = [(one.key, one.item.due_date, one.item.is_due_hard) for one in translated.units]
    for part in (
        translated.first,
        translated.plan,
        translated.uncertainty,
        translated.refused,
        said,
        dues,
        seed,
        runs,
    ):
        found.update(repr(part).encode())
    return found.hexdigest()


@transaction.atomic
def _store(run: PlanForecast, rows: Sequence[ForecastRow], known: Sequence[TeamRecord]) -> PlanForecast:
    """Keep a run; of a day, the rows of the last one only."""
    Workspace.objects.select_for_update().get(pk=run.workspace_id)
    mine = PlanForecast.objects.filter(workspace_id=run.workspace_id)
    run.number = (mine.aggregate(most=Max("number"))["most"] or 0) + 1
    run.full_clean(validate_constraints=False)
    run.save(force_insert=True)
    ForecastRow.objects.filter(forecast__in=mine.filter(first=run.first).exclude(pk=run.pk)).delete()
    for row in rows:
        row.forecast = run
    for one in known:
        one.forecast = run
    TeamRecord.objects.bulk_create(known)
    ForecastRow.objects.bulk_create(rows, batch_size=BATCH)
    return run


def work_out(
    translated: translating.Translated,
    plan: engine.Plan,
    targets: Sequence[aims.Target],
    *,
    seed: int,
    runs: int,
    with_drivers: bool = True,
    stretch: calibrating.Stretch = UNSTRETCHED,
) -> tuple[list[ForecastRow], dict[str, list[list[Any]]]]:
    """Put a translated plan in time, once and in many futures; return its rows, not saved, and each team's weeks.

    Parameters
    ----------
    with_drivers : bool
        Whether to say what moves each date, which costs more than the dates themselves.
    stretch : Stretch
        By what dates are put right, as past ones of the same team were off.

    Raises
    ------
    PlanError
        If it cannot be put in time, with who is in the way.
    """
    # The compiler takes a second to import: only where a forecast is worked out, not at every start.
    from roadbed_engines.schedule import explaining, futures, solving

    engine.check(plan)
    problem, room = solving.decode(plan)
    starts, finishes = room.start.tolist(), room.finish.tolist()
    reasons = explaining.explain(
        problem,
        order=problem.order.tolist(),
        starts=starts,
        finishes=finishes,
        modes=(room.chosen - problem.arrays.mode_first[:-1]).tolist(),
    )
    found = futures.simulate(
        plan,
        uncertainty=translated.uncertainty,
        targets={one.key: [each.key for each in one.pieces] for one in targets},
        runs=runs,
        seed=seed,
    )
    place = {activity.key: at for at, activity in enumerate(plan.activities)}
    outlooks = {one.key: one for one in (*found.activities, *found.targets)}
    writer = _Writer(translated, found, outlooks, stretch)
    is_small = with_drivers and len(translated.units) <= MOST_DRIVERS
    rows = [
        writer.row(
            record_id=unit.item.id,
            kind=ForecastRow.Kind.WORK,
            key=unit.key,
            place=turn,
            start=_start(unit, translated.first, starts[place[unit.key]]),
            finish=finishes[place[unit.key]],
            due=unit.item.due_date,
            is_hard=unit.item.is_due_hard,
            team_id=unit.team_id,
            release_id=unit.release_id,
            critical=found.criticality[unit.key],
            with_drivers=is_small or (with_drivers and unit.item.due_date is not None),
            why=_why(reasons[place[unit.key]], translated.pools),
            effort=_effort(translated.doing[unit.key]),
        )
        for turn, unit in enumerate(translated.units)
    ]
    by_key = {unit.key: row for unit, row in zip(translated.units, rows, strict=True)}
    for turn, one in enumerate(targets, start=len(rows)):
        pieces = [by_key[each.key] for each in one.pieces]
        rows.append(
            writer.row(
                record_id=one.id,
                kind=one.kind,
                key=one.key,
                place=turn,
                start=min(each.start for each in pieces),
                finish=max(finishes[place[each.key]] for each in one.pieces),
                due=one.due,
                is_hard=one.is_hard,
                team_id=one.team_id,
                release_id=one.release_id,
                teams={each.team_id for each in one.pieces},
                with_drivers=is_small or (with_drivers and one.due is not None),
                effort={"pieces": len(pieces)},
                missing=[{"id": each.id, "key": each.key} for each in one.missing],
            )
        )
    return rows, _load(translated, rows)


def _start(unit: work.Unit, first: date, day: int) -> date:
    if unit.is_begun and unit.item.started_at is not None:
        return min(unit.item.started_at.date(), first)
    return first + timedelta(days=day)


def last_day(first: date, finish: int) -> date:
    """Return the last day of something whose finish, the first day after, is so many days ahead.

    >>> last_day(date(2026, 3, 2), 5), last_day(date(2026, 3, 2), 0)
    (datetime.date(2026, 3, 6), datetime.date(2026, 3, 2))
    """
    return first + timedelta(days=max(0, finish - 1))


@dataclass(frozen=True, slots=True)
class _Writer:
    translated: translating.Translated
    forecast: Forecast
    outlooks: Mapping[str, Outlook]
    stretch: calibrating.Stretch

    def row(
        self,
        *,
        record_id: int,
        key: str,
        start: date,
        finish: int,
        due: date | None,
        with_drivers: bool,
        effort: dict[str, Any],
        teams: Collection[int | None] = (),
        **fields: Any,
    ) -> ForecastRow:
        """Return the row of something, from its days in all futures; raw ones are kept beside the stretched."""
        first = self.translated.first
        outlook = self.outlooks[key]
        quantiles = _quantiles(outlook)
        effort["raw"] = [max(0, int(day)) for day in quantiles]
        factors = self.stretch.of(teams or {fields.get("team_id")})
        if factors is not None:
            moved = recalibration.stretch_days(outlook.days.astype(np.float64), factors)
            outlook = replace(outlook, days=np.maximum(1, np.ceil(moved - 1e-9)).astype(outlook.days.dtype))
            quantiles = _quantiles(outlook)
            # Nothing is done before it begins: what moves the middle date moves the start and the plain finish alike.
            middle = float(factors[recalibration.ASKED[0]])
            finish = max(1, round(finish * middle)) if finish > 0 else finish
            if start > first:
                start = first + timedelta(days=round((start - first).days * middle))
        days: Callable[[float], date] = lambda level: last_day(first, outlook.at(level))  # noqa: E731 - said once
        p50 = days(0.5)
        return ForecastRow(
            record_id=record_id,
            start=start,
            finish=last_day(first, finish),
            p50=p50,
            p85=days(0.85),
            p95=days(0.95),
            due=due,
            chance=outlook.by((due - first).days + 1) if due is not None else None,
            quantiles=[max(0, int(day)) for day in quantiles],
            drivers=self._drivers(key) if with_drivers else [],
            effort=effort,
            **fields,
        )

    def _drivers(self, key: str) -> list[dict[str, Any]]:
        """What moves a date by a day at least; an activity moves its own, which says nothing new."""
        found = self._pick(key)
        return [
            {
                "key": one.key,
                "kind": one.kind,
                "days": round(one.days, 1),
                "correlation": round(one.correlation, 2),
            }
            for one in found
        ]

    def _pick(self, key: str) -> list[Any]:
        every = self.forecast.drivers(key, most=DRIVERS + 1)
        return [one for one in every if one.days >= 1 and one.correlation > 0.05][:DRIVERS]


def _quantiles(outlook: Outlook) -> Any:
    return np.quantile(outlook.days, LEVELS, method="inverted_cdf").astype(int) - 1


def _why(reason: explaining.Reason, names: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "waits_for": list(reason.waits_for),
        "busy": [names.get(key, key) for key in reason.busy],
        "taken_by": list(reason.taken_by),
        "away": [names.get(key, key) for key in reason.away],
    }
    return {name: value for name, value in found.items() if value}


def _there(daily: Any, begin: int, end: int) -> Any:
    """Return for each day from one to another whether anybody is there, 1 or 0."""
    return (daily[begin : max(end, begin + 1)] > 0).astype(np.float64)


def _carried(planned: Any, there: Any) -> Any:
    """Return what is done on each day where nobody does more than they are there for, and the rest waits.

    >>> _carried(np.array([2.0, 2.0, 0.0]), np.array([1.0, 1.0, 3.0])).tolist()
    [1.0, 1.0, 2.0]
    """
    done = np.zeros(len(planned))
    waiting = 0.0
    for day, wanted in enumerate(planned):
        waiting += wanted
        done[day] = min(waiting, there[day])
        waiting -= done[day]
    return done


def _effort(how: translating.Doing) -> dict[str, Any]:
    return {
        "left": [round(days, 1) for days in how.left],
        "people": round(how.people, 2),
        "pace": round(how.pace, 3),
    }


def _load(translated: translating.Translated, rows: Sequence[ForecastRow]) -> dict[str, list[list[Any]]]:
    """Return what each team has and what is planned for it, week by week, in person-days.

    The work of each row lies evenly between its start and its P50, as its bar does. What then falls on days with too
    few people there waits for the next.
    """
    horizon = WEEKS * 7
    planned = {team: np.zeros(horizon) for team in translated.daily}
    for unit, row in zip(translated.units, rows, strict=False):
        how = translated.doing[unit.key]
        begin = max(0, (row.start - translated.first).days)
        work_days, bar_days = (
            _there(translated.daily[unit.team_id], begin, (last - translated.first).days + 1)
            for last in (row.finish, max(row.start, row.p50))
        )
        if work_days.any() and bar_days.any():
            total = how.people * how.pace * work_days.sum()
            bar_days = bar_days[: max(0, horizon - begin)] / bar_days.sum()
            planned[unit.team_id][begin : begin + len(bar_days)] += total * bar_days
    for team, days in planned.items():
        planned[team] = _carried(days, translated.daily[team][:horizon])
    monday = translating.week_of(translated.first)
    lead = (translated.first - monday).days
    found: dict[str, list[list[Any]]] = {}
    for team, days in translated.daily.items():
        there = np.concatenate([np.zeros(lead), days[:horizon]])[:horizon].reshape(-1, 7).sum(axis=1)
        wanted = np.concatenate([np.zeros(lead), planned[team]])[:horizon].reshape(-1, 7).sum(axis=1)
        found[str(team)] = [
            [
                (monday + timedelta(weeks=week)).isoformat(),
                round(float(there[week]), 1),
                round(float(wanted[week]), 1),
            ]
            for week in range(WEEKS)
        ]
    return found
