"""The filters of the timeline: those of the lists, with what the rows are gathered by and how far it reaches."""

from __future__ import annotations

from roadbed.modules.roadmap.forms import lists
from roadbed.web import filters

BY = (
    filters.Option("team", "team"),
    filters.Option("release", "release"),
    filters.Option("product", "product"),
)
REACH = (
    filters.Option("13", "a quarter"),
    filters.Option("26", "half a year"),
    filters.Option("52", "a year"),
)
OWN = ("by", "weeks")
_FROM_LISTS = ("q", "product", "status", "lane", "level", "horizon", "release", "team", "owner", "tag")
FILTERS = filters.FilterSet(
    filters=(
        *(one for one in lists.FILTERS.filters if one.name in _FROM_LISTS),
        filters.Choice("by", "Rows by", options=BY, pinned=True),
        filters.Choice("weeks", "Shows", options=REACH, pinned=True),
    ),
    sorts=(filters.SortOption("plan", "Order of the plan"),),
    default_sort="plan",
)
