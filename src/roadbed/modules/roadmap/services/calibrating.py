"""Measuring how a team's dates held, and the stretch that lets the next ones hold as often as they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from roadbed.modules.roadmap.models import TeamRecord
from roadbed.modules.roadmap.selectors import capacity, finished
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import recalibration
from roadbed_engines.forecast.recalibration import Past

Factors = NDArray[np.float64]
Source = TeamRecord.Source
MOST_BY_ITEMS = 2.5
"""Until dates themselves are measured, none is moved to more than so many times its distance."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """By what the days of each team's dates are multiplied; of several teams together, what is known of all."""

    by_team: Mapping[int | None, Factors] = field(default_factory=dict)

    def of(self, teams: Iterable[int | None]) -> Factors | None:
        """Return the factors for what these teams do; None where nothing is known."""
        wanted = set(teams)
        team = next(iter(wanted)) if len(wanted) == 1 else None
        found = self.by_team.get(team)
        return found if found is not None else self.by_team.get(None)


def _joined(pasts: Iterable[Past]) -> Past:
    """Return several pasts as one, in the order in which their ends were seen."""
    many = [one for one in pasts if len(one)]
    if not many:
        return recalibration.NOTHING
    quantiles, actual, made, known = (
        np.concatenate([getattr(one, name) for one in many])
        for name in ("quantiles", "actual", "made", "known")
    )
    order = np.argsort(known, kind="stable")
    return Past(quantiles[order], actual[order], made[order], known[order])


def measure(*, workspace_id: int, teams: Iterable[capacity.TeamCapacity], until: date) -> list[TeamRecord]:
    """Return what is known of each team's past, and of all together, not saved; five queries.

    Dates that were given count where enough of them came to their end; until then, finished items that were estimated.
    """
    teams = list(teams)
    done = finished.finished(workspace_id=workspace_id, until=until)
    by_dates = finished.past_dates(done, workspace_id=workspace_id)
    by_items = {
        one.team_id: finished.past_items([each for each in done if each.team_id == one.team_id])
        for one in teams
    }
    chosen: dict[int, tuple[str, Past]] = {}
    for one in teams:
        dates, items = by_dates.get(one.team_id, recalibration.NOTHING), by_items[one.team_id]
        if len(dates) >= recalibration.LEAST or len(dates) > len(items):
            chosen[one.team_id] = (Source.DATES, dates)
        else:
            chosen[one.team_id] = (Source.ITEMS if len(items) else Source.NONE, items)
    found = []
    for team_id, (source, past) in chosen.items():
        others = _joined(each for other, (_, each) in chosen.items() if other != team_id)
        found.append(_record(team_id, source, past, others))
    every = _joined(each for _, each in chosen.values())
    sources = {source for source, each in chosen.values() if len(each)}
    mixed = Source.NONE if not sources else Source.DATES if sources == {Source.DATES} else Source.ITEMS
    found.append(_record(None, mixed, every, recalibration.NOTHING))
    return found


def _record(team_id: int | None, source: str, past: Past, others: Past) -> TeamRecord:
    factors = recalibration.stretches(own=past, others=others)
    if source != Source.DATES:
        # What single items took says little of a date far ahead, where much of it evens out.
        factors = np.clip(factors, 1 / MOST_BY_ITEMS, MOST_BY_ITEMS)
    record = TeamRecord(
        team_id=team_id,
        source=source,
        forecasts=min(len(past), recalibration.KEPT),
        stretch=[round(float(one), 4) for one in factors],
    )
    try:
        told = recalibration.track(own=past, others=others)
    except NotEnoughDataError:
        there = f"{len(past)} of the {recalibration.LEAST} finished items"
        record.missing = f"{there} that were estimated before they were begun and say what they took"
        return record
    record.forecasts = told.forecasts
    record.given = [round(one, 4) for one in told.given]
    record.raw = [round(one, 4) for one in told.raw]
    return record


def stretch_of(records: Iterable[TeamRecord]) -> Stretch:
    """Return the stretch that records say."""
    return Stretch({one.team_id: np.asarray(one.stretch, dtype=np.float64) for one in records})


def of_newest(*, workspace_id: int) -> Stretch:
    """Return the stretch of the newest forecast; one query."""
    rows = TeamRecord.objects.filter(forecast__workspace_id=workspace_id).order_by("-forecast__number", "pk")
    newest = list(rows[:200])
    return stretch_of(one for one in newest if one.forecast_id == newest[0].forecast_id)
