"""The API of this module."""

from ninja import Router

from roadbed.modules.insights.api import outline

router = Router(tags=["insights"])
router.add_router("", outline.router)

__all__ = ["router"]
