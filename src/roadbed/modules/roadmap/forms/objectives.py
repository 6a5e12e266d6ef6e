"""The forms of objectives, key results, check-ins and risks."""

from __future__ import annotations

from typing import Any

from django import forms

from roadbed.core.workspaces.models import Department
from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.models import Direction, Feature, Objective, Risk


class ObjectiveForm(shapes.PlanForm):
    """Where the organisation wants to be."""

    ROWS: shapes.Rows = (
        ("title",),
        ("first_date", "last_date", "state"),
        ("owner", "department", "product"),
        ("description",),
    )

    title = forms.CharField(
        max_length=300,
        label="Objective",
        help_text="Such as: Dispatchers plan a day without calling anybody.",
    )
    first_date = shapes.day("From", required=True)
    last_date = shapes.day("Until", required=True)
    state = forms.ChoiceField(choices=Objective.State.choices, initial=Objective.State.ACTIVE)
    owner = shapes.owner()
    department = forms.ModelChoiceField(queryset=Department.objects.none(), required=False)
    product = shapes.product()
    description = shapes.words("Why it matters", help_text="Markdown works here.")
    lesson = shapes.words("What was learned", rows=3, most=5000, help_text="When it is closed.")


class KeyResultForm(shapes.PlanForm):
    """A figure that shows whether an objective was reached."""

    ROWS: shapes.Rows = (("title",), ("baseline", "target", "unit"), ("direction", "owner"))

    title = forms.CharField(max_length=200, label="What is measured")
    baseline = shapes.figure("Baseline", required=True, help_text="Where it stands at the start.")
    target = shapes.figure("Target", required=True)
    unit = forms.CharField(required=False, max_length=20, help_text="Such as %, days, €.")
    direction = forms.ChoiceField(choices=Direction.choices, initial=Direction.UP)
    owner = shapes.owner()


class CheckInForm(shapes.PlanForm):
    """How a figure stands."""

    ROWS: shapes.Rows = (("value", "confidence"), ("note",))

    value = shapes.figure("It stands at", required=True)
    confidence = forms.IntegerField(
        required=False, min_value=0, max_value=100, label="Chance to reach it, in percent"
    )
    note = forms.CharField(required=False, max_length=500, label="Why it stands there")


class DeliverForm(shapes.PlanForm):
    """Which features are for an objective."""

    features = forms.CharField(max_length=2000, label="Features", help_text="Keys, such as: F-12, T-4.")

    def clean_features(self) -> list[Feature]:
        """Return the features that the keys name."""
        return features_by_key(self.workspace.pk, self.cleaned_data["features"])


class RiskForm(shapes.PlanForm):
    """What may go wrong."""

    ROWS: shapes.Rows = (
        ("title",),
        ("probability", "low", "likely", "high"),
        ("hits",),
        ("state", "owner", "product"),
        ("answer",),
    )

    title = forms.CharField(max_length=300, label="What may happen")
    probability = forms.IntegerField(min_value=1, max_value=99, label="How likely, in percent")
    low = shapes.figure("Days: low", required=True, help_text="It costs each feature hit.")
    likely = shapes.figure("Days: likely", required=True)
    high = shapes.figure("Days: high", required=True)
    hits = forms.CharField(
        required=False, max_length=2000, label="Hits", help_text="Keys of features, such as: F-12, T-4."
    )
    state = forms.ChoiceField(choices=Risk.State.choices, initial=Risk.State.OPEN)
    owner = shapes.owner()
    product = shapes.product()
    answer = forms.CharField(required=False, max_length=500, label="What is done about it")
    description = shapes.words("Notes", help_text="Markdown works here.")

    def clean_hits(self) -> list[Feature]:
        """Return the features that the keys name."""
        return features_by_key(self.workspace.pk, self.cleaned_data["hits"])


def features_by_key(workspace_id: int, text: str) -> list[Feature]:
    """Return the features that a list of keys names, or refuse the unknown ones."""
    found: list[Any] = []
    unknown = []
    for key in dict.fromkeys(text.replace(",", " ").split()):
        feature = Feature.objects.in_workspace(workspace_id).by_key(key).first()
        if feature is None:
            unknown.append(key)
        else:
            found.append(feature)
    if unknown:
        raise forms.ValidationError(f"There is no {', '.join(unknown)} here.")
    return found
