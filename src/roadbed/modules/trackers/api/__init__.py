"""The API of this module."""

from ninja import Router

from roadbed.modules.trackers.api import connections, decisions

router = Router(tags=["trackers"])
for part in (connections, decisions):
    router.add_router("", part.router)

__all__ = ["router"]
