"""The API of the workspace itself: who one is, members, departments, teams, products, tokens."""

from ninja import Router

from roadbed.core.workspaces.api import circles, people, place, structure, tokens

router = Router(tags=["workspace"])
for _part in (place, people, circles, structure, tokens):
    router.add_router("", _part.router)
root_router = place.root_router

__all__ = ["root_router", "router"]
