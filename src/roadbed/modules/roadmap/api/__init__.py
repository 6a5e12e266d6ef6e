"""The API of the roadmap."""

from ninja import Router

from roadbed.modules.roadmap.api import baselines, features, forecasts, releases

router = Router(tags=["roadmap"])
router.add_router("", features.router)
router.add_router("", releases.router)
router.add_router("", baselines.router)
router.add_router("", forecasts.router)

__all__ = ["router"]
