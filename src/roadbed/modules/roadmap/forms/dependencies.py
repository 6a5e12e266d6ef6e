"""The forms for what waits for what."""

from __future__ import annotations

from typing import Any

from django import forms

from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.models import External, Feature, Tie
from roadbed.modules.roadmap.models.dependencies import MOST_LAG


class TieForm(shapes.PlanForm):
    """How one waits for the other."""

    ROWS: shapes.Rows = (("tie", "lag"), ("note",))

    tie = forms.ChoiceField(choices=Tie.choices, label="How", initial=Tie.FINISH_START)
    lag = forms.IntegerField(
        required=False,
        initial=0,
        min_value=-MOST_LAG,
        max_value=MOST_LAG,
        label="Working days between",
        help_text="A negative number lets them overlap.",
    )
    note = forms.CharField(required=False, max_length=300, label="Why")


class DependencyForm(TieForm):
    """What a feature waits for."""

    ROWS: shapes.Rows = (("on",), ("tie", "lag"), ("note",))

    on = forms.CharField(
        max_length=20,
        label="Waits for",
        help_text="A key: F-12 or T-4 of the plan, X-3 of what others have promised.",
    )
    field_order = ["on", "tie", "lag", "note"]

    def clean_on(self) -> Feature | External:
        """Return what the key names."""
        key = self.cleaned_data["on"].strip()
        model: Any = External if key.upper().startswith("X-") else Feature
        found: Feature | External | None = model.objects.in_workspace(self.workspace.pk).by_key(key).first()
        if found is None:
            raise forms.ValidationError(f"There is no {key} here.")
        return found


class ExternalForm(shapes.PlanForm):
    """Something that others owe."""

    ROWS: shapes.Rows = (
        ("title",),
        ("promised_by", "contact"),
        ("earliest", "latest"),
        ("owner", "product"),
        ("state", "delivered_date"),
    )

    title = forms.CharField(max_length=300, label="What")
    promised_by = forms.CharField(max_length=120, label="Promised by", help_text="Who outside owes it.")
    contact = forms.CharField(required=False, max_length=200, label="How to reach them")
    earliest = shapes.day("Promised from", required=True, help_text="Rarely earlier.")
    latest = shapes.day("Promised until", required=True, help_text="Rarely later.")
    owner = shapes.owner(help_text="Who here keeps after it.")
    product = shapes.product()
    state = forms.ChoiceField(choices=External.State.choices, initial=External.State.WAITING)
    delivered_date = shapes.day("Delivered on")
    description = shapes.words("Notes", help_text="Markdown works here.")
