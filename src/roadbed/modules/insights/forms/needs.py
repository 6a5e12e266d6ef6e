"""The form of a need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from roadbed.core.workspaces.models import Product
from roadbed.modules.insights.models import Need

# Only the type checker knows that a form is generic.
if TYPE_CHECKING:
    NeedModelForm = forms.ModelForm[Need]
else:
    NeedModelForm = forms.ModelForm

FIELDS = ("title", "expectation", "description", "product", "importance", "satisfaction", "rated_from")


class NeedForm(NeedModelForm):
    """A need in a person's words, and how badly it is met. `version` tells whether somebody was quicker."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Need
        fields = FIELDS
        labels = {
            "title": "What people want to get done",
            "expectation": "What they expect",
            "description": "Background",
            "importance": "Importance, 0 to 10",
            "satisfaction": "Satisfaction today, 0 to 10",
            "rated_from": "Where the two figures come from",
        }
        help_texts = {
            "title": "Their goal, not a feature: “Change a run without calling the driver”.",
            "expectation": "How they would know that it works.",
            "description": "Markdown works here.",
            "rated_from": "Such as “Survey of 212 dispatchers, October”.",
        }
        widgets = {
            "title": forms.TextInput(attrs={"autocomplete": "off"}),
            "expectation": forms.Textarea(attrs={"rows": 3}),
            "description": forms.Textarea(attrs={"rows": 6}),
            "importance": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            "satisfaction": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, workspace_id: int, **options: Any) -> None:
        super().__init__(*args, **options)
        products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
        chooser = forms.ModelChoiceField(queryset=products, required=False, empty_label="All of them")
        chooser.label = "Product"
        self.fields["product"] = chooser

    def values(self) -> dict[str, Any]:
        """What was typed, by the field's name."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class RatingForm(forms.Form):
    """One figure of a need, typed where it is read; nothing typed takes it away."""

    value = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=10,
        max_digits=3,
        decimal_places=1,
        error_messages={
            "min_value": "From 0 to 10.",
            "max_value": "From 0 to 10.",
            "invalid": "A number from 0 to 10.",
            "max_decimal_places": "One digit after the point at most.",
            "max_digits": "A number from 0 to 10.",
        },
    )
