"""Its API."""

from ninja import Router

from roadbed.modules.portal.api import tellings

router = Router(tags=["Portal"])
router.add_router("", tellings.router)
