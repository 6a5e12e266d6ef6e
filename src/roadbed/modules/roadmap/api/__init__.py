"""The API of the roadmap."""

from ninja import Router

from roadbed.modules.roadmap.api import (
    baselines,
    branches,
    capacity,
    dependencies,
    estimates,
    features,
    forecasts,
    objectives,
    releases,
    risks,
    shares,
    throughput,
)

router = Router(tags=["roadmap"])
router.add_router("", features.router)
router.add_router("", releases.router)
router.add_router("", baselines.router)
router.add_router("", branches.router)
router.add_router("", forecasts.router)
router.add_router("", estimates.router)
router.add_router("", dependencies.router)
router.add_router("", capacity.router)
router.add_router("", objectives.router)
router.add_router("", risks.router)
router.add_router("", shares.router)
router.add_router("", throughput.router)

__all__ = ["router"]
