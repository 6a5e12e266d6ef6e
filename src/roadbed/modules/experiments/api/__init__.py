"""The API of experiments."""

from ninja import Router

from roadbed.modules.experiments.api import environments, flags, groups, publishing

router = Router(tags=["flags"])
for part in (environments, flags, publishing, groups):
    router.add_router("", part.router)

__all__ = ["router"]
