"""Long work of this module, as jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.core.accounts.actors import SYSTEM
from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.roadmap.services import baselines, forecasting, proposing
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.schedule.plan import PlanError


@jobs.task("roadmap.freeze_day", label="Freeze the plan of the day", priority=-5)
def freeze_day(context: jobs.Context) -> dict[str, Any] | None:
    """Freeze the plan of one workspace; without a workspace, of each."""
    if context.workspace_id is None:
        for workspace_id in Workspace.objects.filter(closed_at__isnull=True).values_list("pk", flat=True):
            jobs.enqueue("roadmap.freeze_day", workspace_id=workspace_id, key="freeze")
            context.raise_if_cancelled()
        return None
    workspace = Workspace.objects.get(pk=context.workspace_id)
    made = baselines.freeze_day(workspace=workspace, actor=SYSTEM, at=context.now())
    return {"text": f"Baseline {made.number} is kept." if made else "The plan of this day is kept already."}


@jobs.task("roadmap.forecast", label="Work out when everything is done", priority=-2)
def forecast(context: jobs.Context, *, asked: bool = False) -> dict[str, Any] | None:
    """Forecast the plan of one workspace, where it has changed or somebody asked; without a workspace, of each."""
    if context.workspace_id is None:
        for workspace_id in Workspace.objects.filter(closed_at__isnull=True).values_list("pk", flat=True):
            jobs.enqueue("roadmap.forecast", workspace_id=workspace_id, key="forecast")
            context.raise_if_cancelled()
        return None
    workspace = Workspace.objects.get(pk=context.workspace_id)
    made = forecasting.forecast_plan(
        workspace=workspace, seed=workspace.pk, actor=SYSTEM, at=context.now(), is_asked=asked
    )
    if made is None:
        return {"text": "Nothing has changed since the last forecast."}
    if made.problem:
        return {"text": f"The plan cannot be put in time: {made.problem}."}
    refused = f", {len(made.refused)} could not be placed" if made.refused else ""
    pieces = "1 piece of work has dates" if made.placed == 1 else f"{made.placed} pieces of work have dates"
    return {"text": f"{pieces}{refused}."}


@jobs.task("roadmap.propose", label="Look for a better order of the plan", priority=-1)
def propose(context: jobs.Context, *, seconds: float = proposing.SECONDS) -> dict[str, Any] | None:
    """Look for a better order of one workspace's plan, and set it up as a branch."""
    if context.workspace_id is None:
        return None
    workspace = Workspace.objects.get(pk=context.workspace_id)
    context.raise_if_cancelled()
    try:
        made = proposing.propose(
            workspace=workspace, actor=SYSTEM, at=context.now(), seconds=seconds, seed=workspace.pk
        )
    except (NotEnoughDataError, PlanError) as error:
        return {"text": f"No order can be proposed: {error}."}
    if made is None:
        return {"text": "No better order was found: the plan stands in the best one that was looked at."}
    path = f"/w/{workspace.slug}/roadmap/branches/{made.number}/"
    return {"text": f"{made.key} {made.title}.", "url": path}


jobs.schedule("roadmap.freeze_day", every=timedelta(days=1))
jobs.schedule("roadmap.forecast", every=timedelta(hours=6))
