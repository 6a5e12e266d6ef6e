"""The API of this module."""

from ninja import Router

from roadbed.modules.insights.api import (
    customers,
    demand,
    feedback,
    needs,
    outline,
    readings,
    sources,
    themes,
    trends,
    votes,
)

router = Router(tags=["insights"])
for part in (feedback, customers, needs, outline, demand, votes, sources, themes, trends, readings):
    router.add_router("", part.router)

__all__ = ["router"]
