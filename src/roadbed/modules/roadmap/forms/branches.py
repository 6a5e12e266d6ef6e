"""The forms of what-if plans."""

from __future__ import annotations

from typing import Any

from django import forms

from roadbed.core.workspaces.models import Member, Team
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap.forms import shapes
from roadbed.modules.roadmap.forms.features import MemberField
from roadbed.modules.roadmap.models import External, Feature, Hardness, Horizon, Release, Tie
from roadbed.modules.roadmap.models.dependencies import MOST_LAG
from roadbed.modules.roadmap.services.branching import STATUSES


def feature_of(workspace_id: int, key: str) -> Feature:
    """Return the feature of a key, or say that there is none."""
    found: Feature | None = Feature.objects.in_workspace(workspace_id).by_key(key.strip()).first()
    if found is None:
        raise forms.ValidationError(f"There is no {key.strip()[:20]} in the plan.")
    return found


class BranchForm(shapes.PlanForm):
    """What a branch is called, and why it is there."""

    title = forms.CharField(
        max_length=300, label="What if …", widget=forms.TextInput(attrs={"autofocus": True})
    )
    description = shapes.words("What it is to show", help_text="Markdown works here.")


class PickForm(shapes.PlanForm):
    """Which feature is to be changed in a branch."""

    feature = forms.CharField(max_length=20, help_text="Its key, such as F-12.")

    def clean_feature(self) -> Feature:
        """Return what the key names."""
        return feature_of(self.workspace.pk, self.cleaned_data["feature"])


class BranchFeatureForm(shapes.PlanForm):
    """What a branch says of one feature; what is left as it is stays as in the plan."""

    ROWS: shapes.Rows = (
        ("horizon", "before"),
        ("low", "likely", "high"),
        ("team", "release"),
        ("status", "not_before"),
        ("target_start", "target_end"),
        ("due_date", "due_kind"),
    )

    horizon = forms.ChoiceField(choices=Horizon.choices, label="Stands under")
    before = forms.CharField(
        required=False,
        max_length=20,
        label="Comes right before",
        help_text="The key of another card of that column; at its end without.",
    )
    low = shapes.figure("Effort, low", min_value=0.01, help_text="Person-days.")
    likely = shapes.figure("Likely", min_value=0.01)
    high = shapes.figure("High", min_value=0.01)
    team = forms.ModelChoiceField(queryset=Team.objects.none(), required=False)
    release = forms.ModelChoiceField(queryset=Release.objects.none(), required=False)
    status = forms.ChoiceField(choices=[(one.value, one.label) for one in STATUSES])
    not_before = shapes.day("Not before", help_text="Work cannot start earlier.")
    target_start = shapes.day("Target from")
    target_end = shapes.day("Target until")
    due_date = shapes.day("Due")
    due_kind = forms.ChoiceField(choices=Hardness.choices, label="How firm")
    why = forms.CharField(required=False, max_length=300, label="Why", help_text="Needed to drop it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("team", Team.objects.filter(workspace=self.workspace)),
            ("release", Release.objects.in_workspace(self.workspace.pk).order_by("-ship_date")),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows

    def clean_before(self) -> Feature | None:
        """Return the card that it is to stand in front of."""
        key = self.cleaned_data["before"]
        return feature_of(self.workspace.pk, key) if key else None

    def clean(self) -> dict[str, Any]:
        """Hold that an effort is said whole or not at all."""
        data: dict[str, Any] = super().clean() or {}
        said = [data.get(name) for name in ("low", "likely", "high")]
        if any(said) and not all(said):
            raise forms.ValidationError("Say all three of an effort: low, likely and high.")
        return data


class BranchWaitForm(shapes.PlanForm):
    """What waits for what in a branch."""

    ROWS: shapes.Rows = (("feature", "on"), ("tie", "lag"))

    feature = forms.CharField(max_length=20, help_text="Its key, such as F-12.")
    on = forms.CharField(max_length=20, label="Waits for", help_text="F-12 or T-4 of the plan, or X-3.")
    tie = forms.ChoiceField(
        choices=[*Tie.choices, ("none", "No longer waits for it")], label="How", initial=Tie.FINISH_START
    )
    lag = forms.IntegerField(
        required=False, initial=0, min_value=-MOST_LAG, max_value=MOST_LAG, label="Working days between"
    )
    why = forms.CharField(required=False, max_length=300, label="Why")

    def clean_feature(self) -> Feature:
        """Return what the key names."""
        return feature_of(self.workspace.pk, self.cleaned_data["feature"])

    def clean_on(self) -> Feature | External:
        """Return what the key names."""
        key = self.cleaned_data["on"].strip()
        if not key.upper().startswith("X-"):
            return feature_of(self.workspace.pk, key)
        rows: Any = External.objects.in_workspace(self.workspace.pk)
        found: External | None = rows.by_key(key).first()
        if found is None:
            raise forms.ValidationError(f"There is no {key} here.")
        return found


class ApprovalForm(shapes.PlanForm):
    """Who is to decide."""

    approver = MemberField(queryset=Member.objects.none(), label="Who is to decide")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["approver"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = Member.objects.select_related("user").filter(
                workspace=self.workspace, removed_at__isnull=True, role__in=[Role.OWNER, Role.MAKER]
            )
