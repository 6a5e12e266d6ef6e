"""The filters and orders of this module's lists. The pages and the API read the same declarations."""

from __future__ import annotations

from roadbed.modules.insights.models import Feedback, Intent, Sentiment
from roadbed.web.filters import (
    Boolean,
    Choice,
    DateRange,
    FilterSet,
    MultiChoice,
    NumberRange,
    Option,
    SortOption,
    Text,
)

UNKNOWN = Option("unknown", "Not known")
STATES = tuple(Option(value, label) for value, label in Feedback.State.choices)

FEEDBACK = FilterSet(
    filters=(
        Text("q", "Search feedback", search=True),
        MultiChoice("state", "State", options=STATES, pinned=True),
        MultiChoice("source", "Source", pinned=True),
        Choice("segment", "Segment", pinned=True),
        DateRange("said", "Said"),
        NumberRange("rating", "Rating"),
        Text("locale", "Language", hint="One or several, such as de, en"),
        Text("account", "Account", hint="A key, such as A-12"),
        Text("person", "Person", hint="A key, such as P-31"),
        Text("theme", "Theme", hint="A key, such as TH-3"),
        Text("backs", "Backs", hint="The key of a need or a feature"),
        MultiChoice("tag", "Tag"),
        MultiChoice(
            "intent", "Intent", options=(*(Option(*one) for one in Intent.choices), UNKNOWN), pinned=True
        ),
        MultiChoice(
            "sentiment", "Sentiment", options=(*(Option(*one) for one in Sentiment.choices), UNKNOWN)
        ),
        MultiChoice("spoken", "Language read"),
        Boolean("private", "Private words", yes="to look at", no="or none"),
        Boolean("linked", "Linked", yes="to a need or a feature", no="to nothing yet"),
        Choice("product", "Product"),
        Choice("circle", "Circle"),
    ),
    sorts=(SortOption("said", "Said"), SortOption("rating", "Rating"), SortOption("added", "Added")),
    default_sort="-said",
)
FEEDBACK_ORDER = {"said": "said_at", "rating": "rating", "added": "pk"}

ACCOUNTS = FilterSet(
    filters=(
        Text("q", "Search accounts", search=True),
        Choice("segment", "Segment", pinned=True),
        MultiChoice("plan", "Plan", pinned=True),
        MultiChoice("country", "Country"),
        NumberRange("revenue", "Revenue"),
        MultiChoice("tag", "Tag"),
        Boolean("heard", "Heard", yes="said something", no="silent so far"),
    ),
    sorts=(
        SortOption("name", "Name", first="asc"),
        SortOption("revenue", "Revenue"),
        SortOption("added", "Added"),
    ),
    default_sort="-revenue",
)
ACCOUNTS_ORDER = {"name": "title", "revenue": "revenue", "added": "created_at"}

PEOPLE = FilterSet(
    filters=(
        Text("q", "Search people", search=True),
        Text("account", "Account", hint="A key, such as A-12"),
        Choice("segment", "Segment", pinned=True),
        MultiChoice("tag", "Tag"),
    ),
    sorts=(SortOption("name", "Name", first="asc"), SortOption("added", "Added")),
    default_sort="name",
)
PEOPLE_ORDER = {"name": "title", "added": "created_at"}

SEGMENTS = FilterSet(
    filters=(Text("q", "Search segments", search=True),),
    sorts=(SortOption("name", "Name", first="asc"), SortOption("added", "Added")),
    default_sort="name",
)
SEGMENTS_ORDER = {"name": "title", "added": "created_at"}
