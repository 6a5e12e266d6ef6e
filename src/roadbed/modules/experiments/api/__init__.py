"""The API of experiments."""

from ninja import Router

from roadbed.modules.experiments.api import (
    environments,
    events,
    flags,
    groups,
    library,
    metrics,
    publishing,
    sources,
    trial_results,
    trials,
)
from roadbed.modules.experiments.api.events import root_router

router = Router(tags=["flags"])
for part in (
    environments,
    flags,
    publishing,
    groups,
    events,
    metrics,
    sources,
    trials,
    trial_results,
    library,
):
    router.add_router("", part.router)

__all__ = ["root_router", "router"]
