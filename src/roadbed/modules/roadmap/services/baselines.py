"""Freezing the plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.models import Baseline, FrozenState, Status
from roadbed.modules.roadmap.selectors import baselines as selectors

BATCH = 1_000


@transaction.atomic
def freeze_plan(*, workspace: Workspace, name: str, actor: Actor, at: datetime) -> Baseline:
    """Freeze the plan under a name.

    Raises
    ------
    ValidationError
        If it has no name, or one that is too long.
    """
    name = " ".join(name.split())
    if not name:
        raise ValidationError({"name": "Say what this baseline is for, such as “as promised to the board”."})
    if len(name) > 120 or "\x00" in name:
        raise ValidationError({"name": "A name has at most 120 characters."})
    return _freeze(workspace, kind=Baseline.Kind.NAMED, name=name, day=at.date(), actor=actor, at=at)


@transaction.atomic
def freeze_day(*, workspace: Workspace, actor: Actor, at: datetime) -> Baseline | None:
    """Freeze the plan of this day, once; None where that was done already."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    day = at.date()
    if Baseline.objects.filter(workspace=workspace, kind=Baseline.Kind.DAILY, day=day).exists():
        return None
    return _freeze(workspace, kind=Baseline.Kind.DAILY, name="", day=day, actor=actor, at=at)


def _freeze(workspace: Workspace, *, kind: str, name: str, day: date, actor: Actor, at: datetime) -> Baseline:
    """Close the states that hold no longer and open the new ones; what did not change costs nothing."""
    Workspace.objects.select_for_update().get(
        pk=workspace.pk
    )  # one at a time, so that numbers follow each other
    newest = Baseline.objects.filter(workspace=workspace).aggregate(most=Max("number"))["most"] or 0
    number = newest + 1
    now = selectors.states_now(workspace_id=workspace.pk)
    held = {row.record_id: row for row in FrozenState.objects.filter(workspace=workspace, last__isnull=True)}
    ended = [row.pk for pk, row in held.items() if now.get(pk) != row.state]
    for start in range(0, len(ended), BATCH):
        FrozenState.objects.filter(pk__in=ended[start : start + BATCH]).update(last=newest)
    FrozenState.objects.bulk_create(
        [
            FrozenState(workspace=workspace, record_id=pk, first=number, state=state)
            for pk, state in now.items()
            if pk not in held or held[pk].state != state
        ],
        batch_size=BATCH,
    )
    return Baseline.objects.create(
        workspace=workspace,
        number=number,
        kind=kind,
        name=name,
        day=day,
        at=at,
        by_id=actor.user_id,
        totals=totals_of(now),
    )


def totals_of(states: Mapping[int, Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return planned and done by scope. Areas are no work of their own, and what was dropped is not planned.

    >>> totals_of({1: {"kind": "feature", "level": "story", "status": "shipped", "p50": 4.0, "product_id": 3}})
    {'all': [1, 1, 4.0, 4.0, 0], 'product:3': [1, 1, 4.0, 4.0, 0]}
    """
    found: dict[str, list[float]] = {"all": [0, 0, 0.0, 0.0, 0]}
    for state in states.values():
        if state["kind"] != "feature" or state["level"] == "area" or state["status"] == Status.DROPPED:
            continue
        scopes = ["all"]
        if state.get("product_id"):
            scopes.append(f"product:{state['product_id']}")
        if state.get("release_id"):
            scopes.append(f"release:{state['release_id']}")
        is_done = state["status"] == Status.SHIPPED
        effort = state.get("p50")
        for scope in scopes:
            sums = found.setdefault(scope, [0, 0, 0.0, 0.0, 0])
            sums[0] += 1
            sums[1] += is_done
            sums[2] = round(sums[2] + (effort or 0.0), 2)
            sums[3] = round(sums[3] + (effort or 0.0) * is_done, 2)
            sums[4] += effort is None
    return found
