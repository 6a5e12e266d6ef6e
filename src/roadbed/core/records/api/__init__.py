"""The API of what every record shares."""

from ninja import Router

from roadbed.core.records.api import annotations, history, records

router = Router(tags=["records"])
router.add_router("", records.router)
router.add_router("", annotations.router)
router.add_router("", history.router)

__all__ = ["router"]
