"""When and how many, for a team that does not estimate: from the items that it finished alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.selectors import capacity, finished
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.forecast import backtest, throughput
from roadbed_engines.forecast.history import History, count_finishes

WEEK = 5
MOST_ITEMS = 5_000
MOST_WEEKS = 104


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a team: `when` so many items are done, `many` within so many weeks; or what is `missing`."""

    history: History | None
    when: throughput.WhenDone | None = None
    many: throughput.HowMany | None = None
    missing: str = ""
    kept: backtest.BackTest | None = None
    unmeasured: str = ""
    """Why it is not known yet how often such dates held."""

    @property
    def trust(self) -> str:
        """How often the 85% date held, in words."""
        if self.kept is None:
            return ""
        share = round(100 * self.kept.given.coverage[1])
        return f"P85 held {share}% of the last {self.kept.forecasts}"


def tell(*, team: Team, items: int, weeks: int, until: date) -> Told:
    """Forecast from what a team finished; six queries.

    Parameters
    ----------
    items : int
        When will so many more be done? At least 1.
    weeks : int
        How many will be done within so many weeks? At least 1.
    """
    done = finished.finished(workspace_id=team.workspace_id, until=until)
    mine = [one.done for one in done if one.team_id == team.pk]
    if not mine:
        return Told(None, missing="nothing of this team’s is shipped yet: a forecast needs finished items")
    free = _holidays(team, min(mine), until)
    try:
        history = count_finishes(finished=mine, until=until, holidays=free)
        when = throughput.when_done(history=history, items=min(items, MOST_ITEMS), seed=team.pk)
        many = throughput.how_many(history=history, days=min(weeks, MOST_WEEKS) * WEEK, seed=team.pk)
    except NotEnoughDataError as error:
        return Told(None, missing=str(error))
    try:
        kept = backtest.back_test(
            counts=history.counts, horizon=min(weeks, 12) * WEEK, seed=team.pk, runs=200
        )
    except NotEnoughDataError as error:
        return Told(history, when, many, unmeasured=str(error))
    return Told(history, when, many, kept=kept)


def _holidays(team: Team, first: date, until: date) -> Sequence[date]:
    plan = capacity.plan_of(team)
    return [
        day
        for year in range(max(first.year, until.year - 10), until.year + 1)
        for day, _ in capacity.public_holidays(plan.country, plan.subdivision, year)
    ]
