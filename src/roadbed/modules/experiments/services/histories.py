"""What the primary metric was before: what an experiment's size and duration are planned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from roadbed.analytics.sources.places import SourceError
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import Experiment, Metric, MetricRole
from roadbed.modules.experiments.selectors.planning import History, PowerPlan, power_plan
from roadbed.modules.experiments.services import metrics
from roadbed_engines.errors import NotEnoughDataError

if TYPE_CHECKING:  # engines of queries take seconds to load: whoever asks does so, not every start
    from roadbed.analytics.sources import history

WEEKS = 8
UNMEASURED = (
    "Nothing is known of the primary metric’s past yet. It is told once a draft is saved, and at the start."
)


@dataclass(frozen=True, slots=True)
class Told:
    """A metric's history, or why there is none. A `problem` is one of the data source; no history is none."""

    history: History | None
    problem: str = ""
    is_measured: bool = True


def history_of(*, metric: Metric, at: datetime, measures: bool = True) -> Told:
    """Return what a metric was in the last weeks; what was told within a day is told again.

    Parameters
    ----------
    measures : bool
        Ask the data where nothing was told lately; otherwise only what was kept is told, and nothing is written.
    """
    version = selectors.current_version(metric)
    if not measures:
        from roadbed.analytics.sources import history

        kept = selectors.history_of(version, weeks=WEEKS)
        return (
            Told(None, is_measured=False) if kept is None else _told(history.History.from_plain(kept.found))
        )
    try:
        return _told(metrics.metric_history(metric, weeks=WEEKS, at=at, version=version))
    except SourceError as error:
        return Told(None, str(error))
    except NotEnoughDataError:
        return Told(None)


def _told(found: history.History) -> Told:
    return Told(
        History(
            value=found.value,
            deviation=found.deviation,
            units=found.known,
            units_a_day=found.units_a_day,
            is_share=found.is_share,
        )
    )


def plan_size(*, experiment: Experiment, at: datetime, measures: bool = True) -> PowerPlan | None:
    """Return how many units an experiment takes and how long; None without a primary metric."""
    row = experiment.metrics.filter(role=MetricRole.PRIMARY).select_related("metric").first()
    if row is None:
        return None
    told = history_of(metric=row.metric, at=at, measures=measures)
    if told.problem:
        return PowerPlan(None, why=told.problem, is_impossible=True)
    if not told.is_measured:
        return PowerPlan(None, why=UNMEASURED)
    return power_plan(experiment=experiment, history=told.history)
