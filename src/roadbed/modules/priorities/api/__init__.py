"""Priorities for programs."""

from ninja import Router

from roadbed.modules.priorities.api import figures, lenses, portfolios

router = Router(tags=["Priorities"])
router.add_router("", lenses.router)
router.add_router("", figures.router)
router.add_router("", portfolios.router)

__all__ = ["router"]
