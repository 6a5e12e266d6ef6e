"""Its tables."""

from roadbed.modules.portal.models.boards import Audience, Board
from roadbed.modules.portal.models.listings import (
    Follow,
    GuestVote,
    Listing,
    ListingQuerySet,
    State,
    StatusNote,
)
from roadbed.modules.portal.models.news import News
from roadbed.modules.portal.models.remarks import Remark
from roadbed.modules.portal.models.statuses import Standing, Wording
from roadbed.modules.portal.models.tellings import Change, Letter, Silence, Telling, Words
from roadbed.modules.portal.models.visitors import EntryLink, Visitor

__all__ = [
    "Audience",
    "Board",
    "Change",
    "EntryLink",
    "Follow",
    "GuestVote",
    "Letter",
    "Listing",
    "ListingQuerySet",
    "News",
    "Remark",
    "Silence",
    "Standing",
    "State",
    "StatusNote",
    "Telling",
    "Visitor",
    "Wording",
    "Words",
]
