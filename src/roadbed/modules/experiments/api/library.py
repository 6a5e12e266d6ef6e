"""The library of experiments: what all of them taught, and those that are brought in from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router
from ninja.responses import Status as Answer

from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api import library_schemas as schemas
from roadbed.modules.experiments.api.flags import plain
from roadbed.modules.experiments.api.trial_schemas import ExperimentOut
from roadbed.modules.experiments.api.trials import shown

router = Router(tags=["experiments"])


@router.get(
    "experiment-library",
    response={200: schemas.ExperimentLibraryOut, **problems.READ},
    operation_id="get_experiment_library",
    url_name="experiment-library",
)
def get_experiment_library(request: HttpRequest, workspace: Path[str]) -> dict[str, Any]:
    """Say what all experiments that are over taught together."""
    found = selectors.library(workspace_id=access_of(request).workspace.pk)
    return {
        "experiments": found.experiments,
        "imported": found.imported,
        "wins": found.wins,
        "win_rate": found.win_rate,
        "decided": found.decided,
        "shipped": found.shipped,
        "against_recommendation": found.against,
        "typical_lift": found.prior.deviation if found.prior else None,
        "refused": found.refused,
        "impacts": [
            {
                "metric": one.metric,
                "experiments": one.impact.experiments,
                "shipped": one.impact.shipped,
                "observed": one.impact.observed,
                "shrunk": one.impact.shrunk,
                "low": one.impact.low,
                "high": one.impact.high,
                "holdout": one.holdout or None,
                "holdout_experiment": one.holdout_key or None,
            }
            for one in found.impacts
        ],
    }


@router.post(
    "experiment-library",
    response={201: ExperimentOut, **problems.WRITE},
    operation_id="bring_in_past_experiment",
    url_name="experiment-library",
)
def bring_in_past_experiment(
    request: HttpRequest, workspace: Path[str], body: schemas.PastExperimentIn
) -> Answer[dict[str, Any]]:
    """Bring in an experiment that ran elsewhere; many at once come through `imports`, as past-experiments."""
    access = access_of(request, role=Role.MAKER)
    said = body.dict()
    plain({name: value for name, value in said.items() if isinstance(value, str)})
    experiment = services.bring_in_past(
        workspace=access.workspace, fields=services.past_fields(said), actor=access.actor, at=timezone.now()
    )
    return Answer(201, shown(access, experiment.key))
