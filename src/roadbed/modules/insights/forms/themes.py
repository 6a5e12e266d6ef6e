"""The filters and orders of the lists of themes, and the form that makes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from roadbed.modules.insights.models import Feedback, Origin, Theme
from roadbed.modules.insights.selectors import themes as selectors
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

if TYPE_CHECKING:
    ThemeFormBase = forms.ModelForm[Theme]
else:
    ThemeFormBase = forms.ModelForm

DIRECTIONS = (
    Option("rising", "Rising"),
    Option("steady", "Steady"),
    Option("falling", "Falling"),
    Option("unclear", "Unclear"),
)
MADE = tuple(Option(value, label) for value, label in Origin.choices)
MOODS = (
    Option("problem", "Problem"),
    Option("request", "Request"),
    Option("praise", "Praise"),
    Option("question", "Question"),
    Option("negative", "Sounds negative"),
    Option("positive", "Sounds positive"),
)

THEMES = FilterSet(
    filters=(
        Text("q", "Search themes", search=True),
        MultiChoice("trend", "Trend", options=DIRECTIONS, pinned=True),
        Choice("segment", "Segment", pinned=True),
        Choice("within", "Within"),
        Choice(
            "level",
            "Level",
            options=(Option("fine", "Fine"), Option("broad", "Broad"), Option("both", "Both")),
        ),
        Boolean("alert", "Alert", yes="louder than usual", no="as usual"),
        NumberRange("people", "People"),
        NumberRange("revenue", "Revenue"),
        DateRange("heard", "Last heard"),
        Choice("made", "Made", options=MADE),
        Boolean("pinned", "Pinned", yes="pinned", no="not pinned"),
        Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        SortOption("people", "People"),
        SortOption("accounts", "Customers"),
        SortOption("revenue", "Revenue"),
        SortOption("change", "Trend"),
        SortOption("recent", "Last four weeks"),
        SortOption("latest", "Last heard"),
        SortOption("title", "Name", first="asc"),
    ),
    default_sort="-people",
)
THEMES_ORDER = {
    "people": "tally__people",
    "accounts": "tally__accounts",
    "revenue": "tally__revenue",
    "change": "change",
    "recent": "recent",
    "latest": "tally__latest_at",
    "title": "title",
}

PIECES = FilterSet(
    filters=(
        Choice("segment", "Segment", pinned=True),
        MultiChoice("mood", "What it is", options=MOODS, pinned=True),
        Choice(
            "sure",
            "How sure",
            options=(Option("sure", "Sure"), Option("likely", "Likely"), Option("unsure", "Unsure")),
        ),
        Choice("by", "Put here", options=(Option("machine", "By a run"), Option("person", "By hand"))),
        MultiChoice("source", "Source"),
        DateRange("said", "Said"),
    ),
    sorts=(SortOption("said", "Said"), SortOption("sure", "How sure")),
    default_sort="-said",
)
PIECES_ORDER = {"said": "said_at", "sure": "confidence"}

POOL = FilterSet(
    filters=(
        Text("q", "Search", search=True),
        MultiChoice(
            "state",
            "State",
            options=tuple(Option(value, label) for value, label in Feedback.State.choices),
            pinned=True,
        ),
        MultiChoice("source", "Source", pinned=True),
        DateRange("said", "Said"),
    ),
    sorts=(SortOption("said", "Said"),),
    default_sort="-said",
)
POOL_ORDER = {"said": "said_at"}


class ThemeForm(ThemeFormBase):
    """A theme in a person's words."""

    word_list = forms.CharField(
        label="Words",
        required=False,
        max_length=2000,
        help_text="Feedback with one of these belongs here. Separate them by commas.",
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Theme
        fields = ["title", "description", "parent"]
        labels = {"title": "Name", "parent": "Within"}
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, workspace_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theme = self.instance
        if theme.pk and not self.is_bound:
            self.initial.setdefault("word_list", ", ".join(theme.words))
        field = self.fields["parent"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = selectors.live(workspace_id=workspace_id).filter(is_broad=True).order_by("title")
            field.empty_label = "Stands by itself"
        if theme.is_broad:
            del self.fields["parent"]

    def values(self) -> dict[str, Any]:
        """Return what the services take."""
        found = {
            name: self.cleaned_data[name]
            for name in ("title", "description", "parent")
            if name in self.fields
        }
        found["words"] = [word for word in self.cleaned_data["word_list"].split(",") if word.strip()]
        return found
