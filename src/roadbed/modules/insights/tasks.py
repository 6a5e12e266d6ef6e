"""Long work of this module, as jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from roadbed.core.jobs import services as jobs
from roadbed.modules.insights import services


@jobs.task("insights.recount", label="Count the evidence anew", timeout=timedelta(hours=1))
def recount(context: jobs.Context) -> dict[str, Any] | None:
    """Count every need and feature of the workspace anew, batch by batch; running it twice does no harm."""
    if context.workspace_id is None:
        raise jobs.GiveUpError("This job belongs to a workspace.")
    done = 0
    for done in services.recount_everything(workspace_id=context.workspace_id, at=context.now()):
        context.progress(done, note="Counting")
    return {"text": f"Counted the evidence of {done} needs and features."}
