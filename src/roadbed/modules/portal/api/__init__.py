"""Its API."""

from ninja import Router

from roadbed.modules.portal.api import boards, listings, news, tellings

router = Router(tags=["Portal"])
router.add_router("", boards.router)
router.add_router("", listings.router)
router.add_router("", news.router)
router.add_router("", tellings.router)
