"""Reading an experiment's data, and keeping what they showed."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from roadbed.analytics.asking import BadQuestionError
from roadbed.analytics.sources.places import SourceError
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.experiments.models import Experiment, LookPlan, PriorKind, Readout
from roadbed.modules.experiments.selectors import latest_readout, learned_prior, summary_of
from roadbed.modules.experiments.services import measuring
from roadbed.modules.experiments.services.errors import WrongStateError
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import planning, sequences
from roadbed_engines.stats.bayes import Prior
from roadbed_engines.stats.effects import Plan
from roadbed_engines.stats.multiplicity import Correction
from roadbed_engines.stats.readout import Comparison, Options

DAY = timedelta(days=1)


def prior_of(experiment: Experiment) -> Prior | None:
    """Return what is believed beforehand; None for nothing, and where past experiments are too few to teach."""
    if experiment.prior == PriorKind.WRITTEN:
        return Prior(experiment.prior_mean, experiment.prior_deviation)
    if experiment.prior == PriorKind.LEARNED:
        return learned_prior(workspace_id=experiment.workspace_id, without=experiment.pk)
    return None


def read_experiment(*, experiment: Experiment, actor: Actor, at: datetime) -> Readout:
    """Read the data as they are now, and keep the answer; where there is none, keep why.

    The data are read outside of any transaction; only the answer is written in one.

    Raises
    ------
    WrongStateError
        If it has not started.
    """
    from roadbed.analytics import document
    from roadbed.analytics import experiment as analysing

    if experiment.started_at is None:
        raise WrongStateError(f"{experiment.key} has not started, so there is nothing to read.")
    begun = time.perf_counter()
    as_of = at
    prior = prior_of(experiment)
    fixed = experiment.plan == LookPlan.FIXED
    reading = analysing.Reading(
        options=Options(
            alpha=experiment.alpha,
            plan=Plan.FIXED if fixed else Plan.SEQUENTIAL,
            tuned_for=experiment.planned_units or sequences.TUNED_FOR,
            prior=prior,
        ),
        correction=Correction(experiment.correction),
    )
    inputs: dict[str, Any] = measuring.question_of(experiment)
    try:
        measured = measuring.measure(experiment=experiment, as_of=as_of, reading=reading)
    except (SourceError, BadQuestionError, NotEnoughDataError) as error:
        said = str(error)
        return _keep(experiment, actor, at, as_of, inputs, {}, said[:1].upper() + said[1:], begun)
    inputs |= measured.inputs
    stopped = experiment.stopped_at
    days = ((stopped or as_of) - experiment.started_at) / DAY
    answer = analysing.with_state(
        measured.answer,
        planned=experiment.planned_units if fixed else 0,
        days=0.0 if stopped else days,
        minimum_days=0.0 if stopped else experiment.minimum_days,
        power=experiment.power,
        by_belief=experiment.plan == LookPlan.BAYESIAN,
        is_over=stopped is not None,
    )
    found = document.document(answer)
    found["plan"] = str(experiment.plan)
    found["days"] = days
    found["prior"] = None if prior is None else {
        "mean": prior.mean, "standard_deviation": prior.deviation, "experiments": prior.experiments,
    }  # fmt: skip
    found["novelty"] = measured.novelty
    found["interactions"] = measured.interactions
    for metric in found["metrics"]:
        for name in measured.inputs["beside"]:
            metric["by"].pop(name, None)
    found["days_left"] = _put_progress(found, answer.analysis.comparisons, experiment, days)
    if stopped or found["recommendation"]["verdict"] != "too early":
        found["days_left"] = None
    return _keep(experiment, actor, at, as_of, inputs, json.loads(json.dumps(found)), "", begun)


def _put_progress(
    found: dict[str, Any], comparisons: tuple[Comparison, ...], experiment: Experiment, days: float
) -> int | None:
    """Say of every comparison how far it has come; return the days that the primary metric still takes."""
    by_name = {(one.metric.name, one.variant): one for one in comparisons}
    design = planning.Design(
        alpha=experiment.alpha,
        power=experiment.power,
        plan=Plan.FIXED if experiment.plan == LookPlan.FIXED else Plan.SEQUENTIAL,
        tuned_for=experiment.planned_units or sequences.TUNED_FOR,
    )
    left: list[int] = []
    for metric in found["metrics"]:
        for result in metric["results"]:
            one = by_name[metric["metric"], result["variant"]]
            far = _progress(one, experiment, days, design)
            result["progress"] = far
            if metric["role"] == "primary" and far and far["days_left"]:
                left.append(far["days_left"])
    return max(left) if left else None


def _progress(
    one: Comparison, experiment: Experiment, days: float, design: planning.Design
) -> dict[str, Any] | None:
    if one.fixed is None or one.pair is None or not one.pair.control.value or not experiment.minimum_effect:
        return None
    value = abs(one.pair.control.value)
    try:
        far = planning.progress(
            effect=experiment.minimum_effect * value,
            error=one.fixed.error,
            units=one.pair.control.units + one.pair.treatment.units,
            days=days,
            design=design,
            minimum_days=experiment.minimum_days,
        )
    except NotEnoughDataError:
        return None
    return {
        "needed": far.needed,
        "reached": min(1.0, far.reached),
        "days_left": far.days_left,
        "smallest": far.smallest / value,
    }


def digest_of(inputs: Mapping[str, Any]) -> str:
    """Return the digest of what was asked, and of which data."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True, default=str).encode()).hexdigest()


@transaction.atomic
def _keep(
    experiment: Experiment,
    actor: Actor,
    at: datetime,
    as_of: datetime,
    inputs: dict[str, Any],
    found: dict[str, Any],
    problem: str,
    begun: float,
) -> Readout:
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    before = latest_readout(locked)
    last = Readout.objects.filter(experiment=locked).values_list("number", flat=True).first() or 0
    said = found.get("recommendation") or {}
    readout = Readout(
        experiment=locked,
        number=last + 1,
        at=at,
        as_of=as_of,
        inputs=inputs,
        digest=digest_of(inputs),
        document=found,
        summary=summary_of(found, is_belief=locked.plan == LookPlan.BAYESIAN) if found else [],
        problem=problem,
        verdict=said.get("verdict", ""),
        variant=said.get("variant") or "",
        is_trusted=found.get("trusted", True),
        units=found.get("units", 0),
        days_left=found.get("days_left"),
        seconds=time.perf_counter() - begun,
    )
    readout.full_clean()
    readout.save(force_insert=True)
    was = f"{before.verdict} {before.variant}".strip() if before and not before.problem else None
    now = f"{readout.verdict} {readout.variant}".strip()
    if now and now != was:
        facts = {"recommendation": [was, now], "readout": readout.number}
        records.record_activity(record=locked, actor=actor, verb="recommended", at=at, changes=facts)
    elif problem and (before is None or not before.problem):
        facts = {"problem": problem, "readout": readout.number}
        records.record_activity(record=locked, actor=actor, verb="could not be read", at=at, changes=facts)
    return readout
