"""What a readout asks of its flag's ramps: a broken guardrail rolls back, a sample that is there goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.modules.experiments.models import Experiment, FlagState, Readout
from roadbed.modules.experiments.selectors import percent
from roadbed.modules.experiments.services import ramps
from roadbed_engines.stats.effects import Direction, Standing, stand


def watch_ramps(*, experiment: Experiment, readout: Readout, actor: Actor, at: datetime) -> list[str]:
    """Roll the flag's ramps back where a guardrail is broken, or note what sample they have; say what was done.

    A broken guardrail is one whose always-valid interval lies beyond the harm that would be borne, whatever the plan:
    a ramp is looked at again and again. A readout that cannot be trusted moves nothing.
    """
    flag, place = experiment.split_flag, experiment.environment
    if (
        not experiment.is_running
        or readout.problem
        or not readout.is_trusted
        or flag is None
        or place is None
    ):
        return []
    state = FlagState.objects.filter(flag=flag, environment=place).first()
    rules = [rule for rule in (state.definition.get("rules", []) if state else []) if rule.get("ramp")]
    broken = list(_broken(readout.document))
    done = []
    for rule in rules:
        if broken:
            made = ramps.roll_back(
                flag=flag,
                environment=place,
                rule=rule["id"],
                why=f"{experiment.key}: {broken[0]}",
                actor=actor,
                at=at,
            )
        else:
            made = ramps.reach_sample(
                flag=flag, environment=place, rule=rule["id"], units=readout.units, actor=actor, at=at
            )
        if made is not None:
            done.append(made.summary)
    return done


def _broken(document: dict[str, Any]) -> Iterator[str]:
    """Return a sentence for each guardrail that is broken."""
    for metric in document.get("metrics", []):
        if metric["role"] != "guardrail":
            continue
        for result in metric["results"]:
            found = result.get("always_valid") or {}
            low, high = found.get("relative_ci_low"), found.get("relative_ci_high")
            if low is None or high is None:
                continue
            standing = stand(
                low=low, high=high, wanted=Direction(metric["desired"]), margin=metric["margin"] or 0.0
            )
            if standing is Standing.WORSE:
                yield f"{metric['metric']} is worse in {result['variant']}: {percent(low)} to {percent(high)}"
