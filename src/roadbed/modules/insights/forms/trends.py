"""The filters of the page of trends."""

from __future__ import annotations

from roadbed.modules.insights.models import Dimension, TrendAlert
from roadbed.modules.insights.selectors.trends import SPANS
from roadbed.web.filters import Choice, FilterSet, MultiChoice, Option, SortOption

BY = tuple(Option(value, label) for value, label in Dimension.choices if value != Dimension.ALL)
TRENDS = FilterSet(
    filters=(
        Choice("by", "By", options=BY),
        Choice(
            "span", "Weeks", options=tuple(Option(str(span), f"{span} weeks") for span in SPANS), pinned=True
        ),
        MultiChoice(
            "alerts",
            "Alerts",
            options=tuple(Option(value, label) for value, label in TrendAlert.State.choices),
            pinned=True,
        ),
    ),
    sorts=(SortOption("week", "Week"), SortOption("z", "How loud")),
    default_sort="-week",
)
ALERTS_ORDER = {"week": "week", "z": "z"}
