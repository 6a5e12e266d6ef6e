"""The API of this module."""

from ninja import Router

from roadbed.modules.insights.api import customers, feedback, needs, outline

router = Router(tags=["insights"])
for part in (feedback, customers, needs, outline):
    router.add_router("", part.router)

__all__ = ["router"]
