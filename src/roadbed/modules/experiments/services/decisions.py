"""What a person decides of an experiment, and what that asks of its flag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.modules.experiments.models import (
    Decided,
    Experiment,
    ExperimentDecision,
    ExperimentState,
    FlagDraft,
    FlagState,
    PastResult,
    Readout,
)
from roadbed.modules.experiments.selectors import latest_readout
from roadbed.modules.experiments.services import drafts
from roadbed.modules.experiments.services.errors import WrongStateError
from roadbed.modules.experiments.services.experiments import move_state, stop_experiment
from roadbed_engines.stats.decision import Verdict

FOLLOWS: dict[str, set[str]] = {
    Verdict.SHIP: {Decided.SHIP},
    Verdict.ROLL_BACK: {Decided.ROLL_BACK, Decided.KEEP},
    Verdict.NO_DIFFERENCE: {Decided.KEEP, Decided.ROLL_BACK, Decided.NOTHING},
    Verdict.UNHEALTHY: {Decided.NOTHING, Decided.ROLL_BACK, Decided.KEEP},
    Verdict.TOO_EARLY: {Decided.NOTHING, Decided.KEEP},
    Verdict.JUDGEMENT: set(Decided.values),
}
"""Which decisions follow which recommendation; every other one is against it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decides, and why."""

    decided: Decided
    variant: str = ""
    why: str = ""
    learned: str = ""


def is_against(*, choice: Choice, readout: Readout | None) -> bool:
    """Whether a choice differs from what was recommended."""
    if readout is None or readout.problem:
        return choice.decided == Decided.SHIP
    if choice.decided not in FOLLOWS.get(readout.verdict, set()):
        return True
    return readout.verdict == Verdict.SHIP and choice.variant != readout.variant


@transaction.atomic
def decide_experiment(
    *, experiment: Experiment, choice: Choice, actor: Actor, at: datetime
) -> ExperimentDecision:
    """Keep what was decided, with what was recommended beside it. One that still runs is stopped.

    Raises
    ------
    WrongStateError
        If it has not started, or is decided already.
    ValidationError
        If a variant is shipped that is none, or nothing says why it goes against the recommendation.
    """
    if experiment.is_draft:
        raise WrongStateError(f"{experiment.key} has not started: there is nothing to decide yet.")
    if experiment.state == ExperimentState.DECIDED:
        raise WrongStateError(f"{experiment.key} is decided. Withdraw that decision first.")
    variant = choice.variant if choice.decided == Decided.SHIP else ""
    if choice.decided == Decided.SHIP and variant not in experiment.treatments:
        raise ValidationError({"variant": f"Ship one of: {', '.join(experiment.treatments)}."})
    readout = latest_readout(experiment)
    against = is_against(choice=Choice(choice.decided, variant), readout=readout)
    if against and not choice.why.strip():
        said = readout.verdict if readout and not readout.problem else "there is no readout yet"
        raise ValidationError({"why": f"Say why, since it goes against what the data say ({said})."})
    if experiment.is_running:
        stop_experiment(experiment=experiment, actor=actor, at=at)
    decision = ExperimentDecision(
        experiment=experiment,
        readout=readout,
        decided=choice.decided,
        variant=variant,
        why=choice.why.strip(),
        learned=choice.learned.strip(),
        recommended=readout.verdict if readout else "",
        recommended_variant=readout.variant if readout else "",
        reasons=(readout.document.get("recommendation") or {}).get("reasons", []) if readout else [],
        differs=against,
        at=at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
    )
    decision.full_clean()
    decision.save(force_insert=True)
    facts: dict[str, Any] = {
        "decision": str(decision),
        "recommended": _recommended(decision),
        "why": decision.why,
    }
    if against:
        facts["against the recommendation"] = True
    move_state(experiment, ExperimentState.DECIDED, verb="decided", actor=actor, at=at, facts=facts)
    return decision


def _recommended(decision: ExperimentDecision) -> str:
    return f"{decision.recommended} {decision.recommended_variant}".strip()


@transaction.atomic
def withdraw_decision(*, experiment: Experiment, actor: Actor, at: datetime) -> Experiment:
    """Take a decision back; what was decided stays in the history.

    Raises
    ------
    WrongStateError
        If nothing was decided.
    """
    decision = ExperimentDecision.objects.filter(experiment=experiment).first()
    if decision is None or experiment.state != ExperimentState.DECIDED:
        raise WrongStateError(f"{experiment.key} is not decided.")
    if PastResult.objects.filter(experiment=experiment).exists():
        raise WrongStateError(
            f"{experiment.key} was brought in with its decision: delete it, or bring it in anew."
        )
    facts = {"decision": str(decision), "why": decision.why}
    decision.delete()
    return move_state(
        experiment, ExperimentState.STOPPED, verb="withdrew decision", actor=actor, at=at, facts=facts
    )


@transaction.atomic
def propose_on_flag(*, experiment: Experiment, actor: Actor, at: datetime) -> FlagDraft:
    """Draft what the decision asks of the flag: everybody gets what was shipped, or control. Somebody publishes it.

    Raises
    ------
    WrongStateError
        If nothing was decided, or the experiment has no flag.
    FlagRefusedError
        If the flag has no such variant.
    """
    decision = ExperimentDecision.objects.filter(experiment=experiment).first()
    if decision is None:
        raise WrongStateError(f"{experiment.key} is not decided.")
    if experiment.split_flag is None or experiment.environment is None:
        raise WrongStateError(f"{experiment.key} has no flag that could be changed.")
    everybody = decision.variant or experiment.control
    state = FlagState.objects.get(flag=experiment.split_flag, environment=experiment.environment)
    rules = [rule for rule in state.definition.get("rules", []) if not _deals_out(rule, experiment)]
    definition = {**state.definition, "default": everybody, "rules": rules}
    if not rules:
        del definition["rules"]
    return drafts.save_draft(
        flag=experiment.split_flag,
        environment=experiment.environment,
        definition=definition,
        note=f"{experiment.key}: {decision}",
        actor=actor,
        at=at,
    )


def _deals_out(rule: dict[str, Any], experiment: Experiment) -> bool:
    """Whether a rule is the one that dealt out the experiment's variants."""
    return set(rule.get("split") or {}) >= set(experiment.variants)
