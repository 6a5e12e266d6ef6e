"""Forms of notify's settings."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from roadbed.core.notify.models import Endpoint, Frequency, Topic
from roadbed.core.records import kinds
from roadbed.core.workspaces.models import Department, Workspace

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def words(text: str) -> list[str]:
    """Split words by commas or lines."""
    return [part.strip() for part in re.split(r"[,\n]", text) if part.strip()]


class PreferenceForm(forms.Form):
    """How often mail comes, topic by topic."""

    hour = forms.TypedChoiceField(
        label="Time of day", coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    weekday = forms.TypedChoiceField(
        label="Day of the weekly mail", coerce=int, choices=list(enumerate(WEEKDAYS))
    )

    field_order = [*Topic.values, "hour", "weekday"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for topic in Topic:
            self.fields[topic.value] = forms.ChoiceField(label=topic.label, choices=Frequency.choices)
        self.order_fields(self.field_order)


class ChannelForm(forms.Form):
    """Which news goes to which department."""

    name = forms.CharField(max_length=80, help_text="Such as “Problems to support”.")
    department = forms.ModelChoiceField(Department.objects.none())
    kinds = forms.MultipleChoiceField(
        label="Kinds of record",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen means all.",
    )
    verbs = forms.CharField(
        label="Deeds", required=False, max_length=2000, help_text="Such as created, changed. Empty means all."
    )
    tags = forms.CharField(
        label="Tags",
        required=False,
        max_length=2000,
        help_text="The record has one of these. Empty means any.",
    )
    to_inbox = forms.BooleanField(label="To the inbox of each member of the department", required=False)
    email = forms.EmailField(label="To an e-mail address", required=False)
    endpoint = forms.ModelChoiceField(Endpoint.objects.none(), label="To a webhook", required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = self.fields["department"]
        endpoints = self.fields["endpoint"]
        assert isinstance(departments, forms.ModelChoiceField)  # noqa: S101 - declared above
        assert isinstance(endpoints, forms.ModelChoiceField)  # noqa: S101 - declared above
        departments.queryset = Department.objects.filter(workspace=workspace)
        endpoints.queryset = Endpoint.objects.filter(workspace=workspace)
        chosen = self.fields["kinds"]
        assert isinstance(chosen, forms.MultipleChoiceField)  # noqa: S101 - declared above
        chosen.choices = [(kind.name, kind.plural) for kind in kinds.all_kinds()]

    def clean_verbs(self) -> list[str]:
        """Return the deeds in small letters."""
        return [word.lower() for word in words(self.cleaned_data["verbs"])]

    def clean_tags(self) -> list[str]:
        """Return the tags."""
        return words(self.cleaned_data["tags"])


class EndpointForm(forms.Form):
    """Where events are sent, and which."""

    url = forms.CharField(label="Address", max_length=500, help_text="https://…, reachable from this server.")
    description = forms.CharField(label="What it is for", max_length=120, required=False)
    events = forms.CharField(
        label="Events",
        required=False,
        initial="*",
        max_length=2000,
        help_text="Patterns with commas between them: * for all, need.* for needs, feature.changed for one deed. "
        "Empty sends only what channels lead here.",
    )

    def clean_events(self) -> list[str]:
        """Return the patterns."""
        return words(self.cleaned_data["events"])
