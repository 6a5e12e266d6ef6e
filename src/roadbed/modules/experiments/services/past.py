"""Bringing in experiments that ran elsewhere: their results teach, though their data are not here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import NormalDist
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.search import services as search
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import (
    Decided,
    Desired,
    Experiment,
    ExperimentDecision,
    ExperimentState,
    PastResult,
)
from roadbed.modules.experiments.selectors import experiment_body

LARGEST = 10.0


@dataclass(frozen=True, slots=True)
class PastFields:
    """A past experiment: what was tried, when, what its primary metric did, and what became of it."""

    title: str
    metric: str
    lift: float
    error: float
    ended_on: date
    started_on: date | None = None
    desired: str = Desired.UP
    decided: str = Decided.NOTHING
    variant: str = ""
    hypothesis: str = ""
    why: str = ""
    learned: str = ""


def share_of(said: object, *, field: str) -> float | None:
    """Return a share of control as people write it; None for nothing.

    >>> share_of("3.2%", field="lift"), share_of("−0,05", field="lift"), share_of("", field="lift")
    (0.032, -0.05, None)
    """
    text = str("" if said is None else said).strip().replace("−", "-").replace(",", ".")
    if not text:
        return None
    is_percent = text.endswith("%")
    try:
        number = float(text.removesuffix("%"))
    except ValueError as error:
        raise ValidationError({field: f"“{text[:40]}” is no share: write 3.2% or 0.032."}) from error
    found = round(number / 100.0, 15) if is_percent else number
    if not math.isfinite(found) or abs(found) > LARGEST:
        raise ValidationError({field: f"{text[:40]} is no share of control: write 3.2% or 0.032."})
    return found


def past_fields(said: Mapping[str, Any]) -> PastFields:
    """Return what was said as fields; an interval gives the standard error, and the lift where that is not said.

    Raises
    ------
    ValidationError
        If there is no lift, or nothing that says how sure it is, or they contradict each other.
    """
    lift, low, high, error, confidence = (
        share_of(said.get(name), field=name) for name in ("lift", "low", "high", "error", "confidence")
    )
    if (low is None) != (high is None):
        raise ValidationError({"low": "An interval has two ends."})
    if low is not None and high is not None:
        if low >= high:
            raise ValidationError({"low": "The interval ends before it begins."})
        lift = (low + high) / 2.0 if lift is None else lift
        if not low <= lift <= high:
            raise ValidationError({"lift": "The lift lies outside of its interval."})
        level = 0.95 if confidence is None else confidence
        if not 0.5 <= level < 1:
            raise ValidationError({"confidence": "A confidence lies between 50% and 100%, such as 95%."})
        if error is None:
            error = (high - low) / (2.0 * NormalDist().inv_cdf(0.5 + level / 2.0))
    if lift is None:
        raise ValidationError({"lift": "Say what the lift was, or its interval."})
    if error is None or error <= 0:
        raise ValidationError(
            {
                "error": "Say how sure it is, by an interval or a standard error: a bare number teaches nothing."
            }
        )
    names = ("metric", "started_on", "desired", "decided", "variant", "hypothesis", "why", "learned")
    rest = {name: said[name] for name in names if said.get(name)}
    return PastFields(
        title=str(said["title"]).strip(), lift=lift, error=error, ended_on=said["ended_on"], **rest
    )


@transaction.atomic
def bring_in_past(*, workspace: Workspace, fields: PastFields, actor: Actor, at: datetime) -> Experiment:
    """Add an experiment that is over, with its result and what was decided.

    Raises
    ------
    ValidationError
        If it ended before it began, or after today, or a field refuses.
    """
    begun = fields.started_on or fields.ended_on
    if begun > fields.ended_on:
        raise ValidationError({"ended_on": "It ended before it began."})
    if fields.ended_on > at.date():
        raise ValidationError({"ended_on": "It is not over yet."})
    started_at = datetime.combine(begun, time.min, tzinfo=UTC)
    # A day is whole: what began and ended on one lasted until its end.
    stopped_at = datetime.combine(fields.ended_on, time.min, tzinfo=UTC) + timedelta(hours=23, minutes=59)
    variant = fields.variant.strip()
    variant = "variant" if variant.casefold() in {"", "control"} else variant
    experiment = Experiment(
        workspace=workspace,
        title=fields.title,
        hypothesis=fields.hypothesis.strip(),
        state=ExperimentState.DECIDED,
        control="control",
        shares={"control": 1.0, variant: 1.0},
        started_at=started_at,
        stopped_at=stopped_at,
    )
    records.create_record(record=experiment, actor=actor, at=at, verb="brought in")
    result = PastResult(
        experiment=experiment,
        metric=fields.metric.strip(),
        desired=fields.desired,
        lift=fields.lift,
        error=fields.error,
    )
    result.full_clean()
    result.save(force_insert=True)
    decision = ExperimentDecision(
        experiment=experiment,
        decided=fields.decided,
        variant=variant if fields.decided == Decided.SHIP else "",
        why=fields.why.strip(),
        learned=fields.learned.strip(),
        at=stopped_at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
    )
    decision.full_clean()
    decision.save(force_insert=True)
    search.put_record(record=experiment, body=experiment_body(experiment))  # by what was learned, too
    return experiment
