"""The form that moves work on the timeline, for whoever does not drag."""

from __future__ import annotations

from django import forms

from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.forms.branches import feature_of
from roadbed.modules.roadmap.models import Feature


class MoveForm(shapes.PlanForm):
    """A day before which it does not start, and what it comes right before."""

    not_before = shapes.day("Not before", help_text="Empty: as early as it may.")
    before = forms.CharField(
        required=False,
        max_length=20,
        label="Comes right before",
        help_text="The key of another card, such as F-12; empty: its place stays.",
    )

    def clean_before(self) -> Feature | None:
        """Return the card that it is to stand in front of."""
        key = self.cleaned_data["before"]
        return feature_of(self.workspace.pk, key) if key else None
