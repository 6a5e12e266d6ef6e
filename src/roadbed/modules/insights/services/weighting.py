"""Changing what a voice counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Segment, Weighting
from roadbed.modules.insights.models.demand import Weights, parse_weights
from roadbed.modules.insights.selectors import weighting


class StaleWeightsError(ValidationError):
    """Somebody changed the weights since they were read."""


@transaction.atomic
def set_weights(
    *,
    workspace: Workspace,
    weights: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_edition: int | None = None,
) -> Weights:
    """Let voices count differently from now on, and count every need and feature anew. Same weights change nothing.

    Raises
    ------
    StaleWeightsError
        If `expected_edition` is given and another edition holds by now.
    ValidationError
        If a weight cannot be read, or a segment is not there.
    """
    # The row that is locked: two editions at the same moment would both want the same number.
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    before = weighting.weights_of(workspace_id=workspace.pk)
    if expected_edition is not None and expected_edition != before.edition:
        raise StaleWeightsError("Somebody changed the weights meanwhile. Look at them again.")
    wanted = parse_weights(weights, edition=before.edition + 1)
    known = set(
        Segment.objects.in_workspace(workspace.pk)
        .filter(number__in=wanted.segments)
        .values_list("number", flat=True)
    )
    missing = sorted(set(wanted.segments) - known)
    if missing:
        raise ValidationError({"segments": f"There is no segment S-{missing[0]} here."})
    old, new = before.as_json(), wanted.as_json()
    if old == new:
        return before
    Weighting.objects.create(
        workspace=workspace,
        edition=wanted.edition,
        weights=new,
        created_at=at,
        created_by_id=actor.user_id,
    )
    changes: dict[str, Any] = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    records.record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="changed weights of demand",
        at=at,
        changes={"edition": [before.edition, wanted.edition], **changes},
    )
    jobs.enqueue_on_commit("insights.recount", workspace_id=workspace.pk, key="recount")
    return wanted
