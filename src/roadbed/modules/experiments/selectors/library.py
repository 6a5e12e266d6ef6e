"""What all experiments of a workspace taught together: how often they win, what shipping them added, what to expect."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from roadbed.modules.experiments.models import (
    Decided,
    Experiment,
    ExperimentDecision,
    ExperimentState,
    PastResult,
    Readout,
)
from roadbed.modules.experiments.selectors.figures import lines_of, percent
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.bayes import Impact, Prior, believe, cumulative_impact, learn_prior
from roadbed_engines.stats.effects import Direction

MOST = 2_000


def summary_of(document: Mapping[str, Any], *, is_belief: bool = False) -> list[dict[str, Any]]:
    """Return every line of a readout in short, for lists: words, and the fixed-horizon lift with its error."""
    found = []
    for one in lines_of(document, is_belief=is_belief):
        plain = one.raw.get("fixed_horizon") or {}
        found.append(
            {
                "metric": one.metric,
                "variant": one.variant,
                "role": one.role,
                "wanted": one.wanted,
                "text": "" if one.refused else one.text,
                "refused": one.refused,
                "tone": "" if one.refused else one.tone,
                "shown": [one.low, one.effect, one.high] if one.is_lift else None,
                "lift": plain.get("relative_lift"),
                "error": plain.get("relative_standard_error"),
            }
        )
    return found


@dataclass(frozen=True, slots=True)
class Past:
    """The primary result of one past experiment: a lift, positive where it is wanted, with its standard error."""

    experiment_id: int
    key: str
    title: str
    metric: str
    lift: float
    error: float
    shipped: bool
    learned: str = ""
    imported: bool = False


@dataclass(frozen=True, slots=True)
class MetricImpact:
    """What was shipped added to one metric: observed, shrunk, and what a holdout measured."""

    metric: str
    impact: Impact
    holdout: str = ""
    holdout_key: str = ""

    @property
    def observed_text(self) -> str:
        """The plain sum."""
        return percent(self.impact.observed)

    @property
    def shrunk_text(self) -> str:
        """The sum without the winner's curse, with its interval."""
        one = self.impact
        return f"{percent(one.shrunk)} ({percent(one.low).removesuffix('%')} to {percent(one.high)})"


@dataclass(frozen=True, slots=True)
class Library:
    """The figures of the library; what cannot be told yet says why."""

    experiments: int
    decided: int
    shipped: int
    against: int
    wins: int
    imported: int
    prior: Prior | None
    refused: str
    impacts: tuple[MetricImpact, ...]

    @property
    def win_rate(self) -> float | None:
        """The share of experiments that were better beyond chance."""
        return self.wins / self.experiments if self.experiments else None


def past_results(*, workspace_id: int, without: int | None = None) -> list[Past]:
    """Return the primary result of every experiment that is over and whose split was sound, winners and losers alike.

    Of several variants the shipped one speaks, else the recommended one, else the first: one experiment, one voice.
    """
    rows = Experiment.objects.in_workspace(workspace_id).filter(
        state__in=[ExperimentState.STOPPED, ExperimentState.DECIDED], holdout__isnull=True
    )
    rows = rows.select_related("decision", "past_result").order_by("-number")[:MOST]
    experiments = {one.pk: one for one in rows if one.pk != without}
    latest: dict[int, Readout] = {}
    readouts = Readout.objects.filter(experiment_id__in=experiments, problem="", is_trusted=True)
    for readout in readouts.order_by("number").defer("document", "inputs"):
        latest[readout.experiment_id] = readout
    found = []
    for pk, experiment in experiments.items():
        own_readout = latest.get(pk)
        decision = getattr(experiment, "decision", None)
        if (result := getattr(experiment, "past_result", None)) is not None:
            found.append(_brought_in(experiment, result, decision))
            continue
        if own_readout is None:
            continue
        wanted = (decision.variant if decision else "") or own_readout.variant
        own = [one for one in own_readout.summary if one["role"] == "primary" and one["lift"] is not None]
        one = next((each for each in own if each["variant"] == wanted), own[0] if own else None)
        if one is None or not one["error"]:
            continue
        sign = 1.0 if one["wanted"] == "up" else -1.0
        found.append(
            Past(
                experiment_id=pk,
                key=experiment.key,
                title=experiment.title,
                metric=one["metric"],
                lift=sign * one["lift"],
                error=one["error"],
                shipped=bool(decision and decision.decided == Decided.SHIP),
                learned=decision.learned if decision else "",
            )
        )
    return found


def _brought_in(experiment: Experiment, result: PastResult, decision: ExperimentDecision | None) -> Past:
    """Return the result of an experiment that ran elsewhere."""
    return Past(
        experiment_id=experiment.pk,
        key=experiment.key,
        title=experiment.title,
        metric=result.metric,
        lift=result.wanted_lift,
        error=result.error,
        shipped=bool(decision and decision.decided == Decided.SHIP),
        learned=decision.learned if decision else "",
        imported=True,
    )


def past_imports(*, workspace_id: int) -> list[PastResult]:
    """Return the results that were brought in from elsewhere."""
    rows = PastResult.objects.filter(
        experiment__workspace_id=workspace_id, experiment__deleted_at__isnull=True
    )
    return list(rows.select_related("experiment").order_by("experiment_id"))


def learned_prior(*, workspace_id: int, without: int | None = None) -> Prior | None:
    """Return what past experiments teach of lifts; None where there are too few of them.

    Lifts are taken positive where they are wanted, and the mean is nought, so that it holds for either direction.
    """
    past = past_results(workspace_id=workspace_id, without=without)
    try:
        return learn_prior(effects=[one.lift for one in past], errors=[one.error for one in past])
    except NotEnoughDataError:
        return None


def library(*, workspace_id: int) -> Library:
    """Return the figures of all experiments that are over; four queries whatever their number."""
    past = past_results(workspace_id=workspace_id)
    counted = Experiment.objects.in_workspace(workspace_id).filter(state=ExperimentState.DECIDED)
    decisions = list(counted.values_list("decision__decided", "decision__differs"))
    refused, prior = "", None
    try:
        prior = learn_prior(effects=[one.lift for one in past], errors=[one.error for one in past])
    except NotEnoughDataError as error:
        refused = f"{str(error)[:1].upper()}{str(error)[1:]}."
    impacts = _impacts(past, prior, _holdouts(workspace_id)) if prior else ()
    return Library(
        experiments=len(past),
        decided=len(decisions),
        shipped=sum(decided == Decided.SHIP for decided, _ in decisions),
        against=sum(bool(differs) for _, differs in decisions),
        wins=sum(one.lift > 1.96 * one.error for one in past),
        imported=sum(one.imported for one in past),
        prior=prior,
        refused=refused,
        impacts=impacts,
    )


def _impacts(
    past: Sequence[Past], prior: Prior, holdouts: Mapping[str, tuple[str, str]]
) -> tuple[MetricImpact, ...]:
    by_metric: dict[str, list[Past]] = defaultdict(list)
    for one in past:
        by_metric[one.metric].append(one)
    found = []
    for metric, own in sorted(by_metric.items()):
        if not any(one.shipped for one in own):
            continue
        impact = cumulative_impact(
            effects=[one.lift for one in own],
            errors=[one.error for one in own],
            shipped=[one.shipped for one in own],
            prior=prior,
        )
        text, key = holdouts.get(metric, ("", ""))
        found.append(MetricImpact(metric, impact, text, key))
    return tuple(found)


def _holdouts(workspace_id: int) -> dict[str, tuple[str, str]]:
    """Return what holdouts measured, by metric: the words, and the experiment's key."""
    rows = Experiment.objects.in_workspace(workspace_id).filter(holdout__isnull=False)
    experiments = {one.pk: one.key for one in rows}
    found: dict[str, tuple[str, str]] = {}
    readouts = Readout.objects.filter(experiment_id__in=experiments, problem="", is_trusted=True)
    for readout in readouts.order_by("number").defer("document", "inputs"):
        for one in readout.summary:
            if one["shown"]:
                low, mid, high = (
                    one["shown"] if one["wanted"] == "up" else [-each for each in one["shown"][::-1]]
                )
                text = f"{percent(mid)} ({percent(low).removesuffix('%')} to {percent(high)})"
                found[one["metric"]] = (text, experiments[readout.experiment_id])
    return found


def shrunk(one: Past, prior: Prior) -> float:
    """Return a past lift with the luck taken out that past experiments teach to expect."""
    return believe(effect=one.lift, error=one.error, prior=prior, wanted=Direction.UP).mean
