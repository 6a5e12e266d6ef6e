"""Forms of feedback: taking it in, and what is known about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from roadbed.core.workspaces.models import Circle, Product

MOMENT = "%Y-%m-%dT%H:%M"


def _moment_widget() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)


class FactsForm(forms.Form):
    """What is known about a piece of feedback besides its words."""

    account_name = forms.CharField(
        label="Account",
        max_length=300,
        required=False,
        help_text="The customer organisation; found by name or made.",
    )
    person_name = forms.CharField(label="Person", max_length=300, required=False)
    person_email = forms.EmailField(label="Their e-mail", required=False)
    source = forms.CharField(
        max_length=60, required=False, help_text="Where it was said: e-mail, call, app store…"
    )
    url = forms.URLField(label="Address", max_length=500, required=False, assume_scheme="https")
    said_at = forms.DateTimeField(
        label="Said on", widget=_moment_widget(), input_formats=[MOMENT, "%Y-%m-%d"]
    )
    rating = forms.DecimalField(required=False, min_value=0, max_value=10, max_digits=4, decimal_places=1)
    locale = forms.CharField(
        label="Language", max_length=12, required=False, help_text="Such as en or de-AT."
    )
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)

    def __init__(self, *args: Any, workspace_id: int, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        products = Product.objects.filter(workspace_id=workspace_id, archived_at__isnull=True)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]  # it is a model choice field
        self.fields["said_at"].initial = timezone.localtime(now)


class FeedbackForm(FactsForm):
    """One thing one person said."""

    text = forms.CharField(
        label="What they said",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="In their own words. It is never changed later.",
    )
    circle = forms.ModelChoiceField(
        label="Who sees it",
        queryset=Circle.objects.none(),
        required=False,
        empty_label="Everybody in the workspace",
        help_text="What is private to a circle is part of no figure that others read.",
    )

    def __init__(self, *args: Any, circles: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if circles is None or not circles.exists():
            # Who is in no circle has nothing to choose.
            del self.fields["circle"]
        else:
            self.fields["circle"].queryset = circles  # type: ignore[attr-defined]  # it is a model choice field

    field_order = ("text", "account_name", "person_name", "person_email", "source", "said_at", "rating")
