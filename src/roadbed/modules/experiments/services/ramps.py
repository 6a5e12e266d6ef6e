"""Walking a ramp: starting it, approving a step, noting a sample, rolling it back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.modules.experiments.models import Environment, Flag, FlagRevision, FlagState
from roadbed.modules.experiments.selectors import flag_definition
from roadbed.modules.experiments.services import publishing
from roadbed.modules.experiments.services.errors import NotApprovedError
from roadbed_engines.flags import ramps


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _walk(
    *,
    flag: Flag,
    environment: Environment,
    rule: str,
    deed: Callable[[dict[str, Any], ramps.Standing], str],
    verb: str,
    actor: Actor,
    at: datetime,
) -> FlagRevision | None:
    """Change the ramp of a rule that is live; `deed` changes it and returns a note, or nothing to leave it."""
    state = FlagState.objects.select_for_update().get(flag=flag, environment=environment)
    definition = copy.deepcopy(state.definition)
    ramp = next(
        (each["ramp"] for each in definition.get("rules", []) if each["id"] == rule and each.get("ramp")),
        None,
    )
    if ramp is None:
        raise ValidationError(f"There is no ramp on a rule {rule} in {environment.name}.")
    read = flag_definition(flag.flag_key, state.definition)
    known = next(each.ramp for each in read.rules if each.id == rule)
    assert known is not None  # noqa: S101 - its JSON is there; tells the types
    note = deed(ramp, ramps.standing(known, at=at))
    if not note:
        return None
    return publishing.put_live(
        flag=flag, environment=environment, definition=definition, actor=actor, at=at, verb=verb, note=note
    )


@transaction.atomic
def start_ramp(
    *, flag: Flag, environment: Environment, rule: str, actor: Actor, at: datetime
) -> FlagRevision | None:
    """Begin a ramp now, or begin it anew after it was rolled back.

    Raises
    ------
    NotApprovedError
        If it was rolled back where others must approve: that takes a draft.
    """

    def deed(ramp: dict[str, Any], stands: ramps.Standing) -> str:
        if "stopped" in stands.waits_for and environment.approvals:
            raise NotApprovedError(f"It was rolled back. {environment.name} asks for approval to begin anew.")
        if "start" not in stands.waits_for and "stopped" not in stands.waits_for:
            return ""
        ramp["started_at"] = _moment(at)
        for name in ("stopped_at", "stopped_why", "approved", "reached"):
            ramp.pop(name, None)
        return "ramp begun"

    return _walk(
        flag=flag, environment=environment, rule=rule, deed=deed, verb="began ramp", actor=actor, at=at
    )


@transaction.atomic
def approve_step(
    *, flag: Flag, environment: Environment, rule: str, actor: Actor, at: datetime
) -> FlagRevision | None:
    """Approve that a ramp leaves the step on which it stands."""

    def deed(ramp: dict[str, Any], stands: ramps.Standing) -> str:
        if "approval" not in stands.waits_for:
            return ""
        ramp["approved"] = {**ramp.get("approved", {}), str(stands.step): _moment(at)}
        return f"step {stands.step + 1} approved"

    return _walk(
        flag=flag, environment=environment, rule=rule, deed=deed, verb="approved step", actor=actor, at=at
    )


@transaction.atomic
def reach_sample(
    *, flag: Flag, environment: Environment, rule: str, units: int, actor: Actor, at: datetime
) -> FlagRevision | None:
    """Note how many units a ramp's step has seen; it goes on where that is enough. The analysis calls this."""

    def deed(ramp: dict[str, Any], stands: ramps.Standing) -> str:
        wanted = int(ramp["steps"][stands.step].get("sample") or 0)
        if "sample" not in stands.waits_for or units < wanted:
            return ""
        ramp["reached"] = {**ramp.get("reached", {}), str(stands.step): _moment(at)}
        return f"step {stands.step + 1} has seen {units:,} units"

    return _walk(
        flag=flag, environment=environment, rule=rule, deed=deed, verb="reached sample", actor=actor, at=at
    )


@transaction.atomic
def roll_back(
    *, flag: Flag, environment: Environment, rule: str, why: str, actor: Actor, at: datetime
) -> FlagRevision | None:
    """Bring a ramp back to nobody: a person's deed, or a guardrail's. It asks nobody, as a kill switch does."""

    def deed(ramp: dict[str, Any], stands: ramps.Standing) -> str:
        if "stopped" in stands.waits_for:
            return ""
        ramp["stopped_at"] = _moment(at)
        ramp["stopped_why"] = why.strip()[:200]
        return f"rolled back: {why.strip()[:150]}" if why.strip() else "rolled back"

    return _walk(
        flag=flag, environment=environment, rule=rule, deed=deed, verb="rolled back", actor=actor, at=at
    )
