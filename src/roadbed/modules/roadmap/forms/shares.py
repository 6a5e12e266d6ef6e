"""The form of a link for people outside."""

from __future__ import annotations

from django import forms

from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.models import Share


class ShareForm(shapes.PlanForm):
    """Who is to see what, until when."""

    ROWS: shapes.Rows = (("name",), ("audience", "form"), ("expires", "password"), ("query",))

    name = forms.CharField(max_length=120, label="Name", help_text="Those who open it read it as the title.")
    audience = forms.ChoiceField(choices=Share.Audience.choices, label="For whom")
    form = forms.ChoiceField(choices=Share.Form.choices, label="What it is", initial=Share.Form.PAGE)
    expires = shapes.day("Until", help_text="Empty: until you end it.")
    password = forms.CharField(
        required=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Empty: the address alone opens it. A calendar has none: programs could not type it.",
    )
    query = forms.CharField(
        required=False,
        max_length=2000,
        label="Filters",
        help_text="As the list writes them in its address, such as status=planned. Empty: everything.",
    )
