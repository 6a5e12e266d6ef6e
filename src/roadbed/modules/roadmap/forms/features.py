"""The forms of features and releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from roadbed.core.workspaces.models import Member, Product, Team, Workspace
from roadbed.modules.roadmap.models import (
    Feature,
    Hardness,
    Horizon,
    Lane,
    Level,
    Release,
    Size,
    Status,
    Work,
)

if TYPE_CHECKING:
    _MemberChoice = forms.ModelChoiceField[Member]
else:
    # Django itself knows its fields as generic only from 6.x on.
    _MemberChoice = forms.ModelChoiceField


class MemberField(_MemberChoice):
    """A choice of people, by name."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the member's name."""
        return str(obj.name)


class FeatureForm(forms.Form):
    """Everything that a person may say about a feature."""

    title = forms.CharField(max_length=300, widget=forms.TextInput(attrs={"autofocus": True}))
    description = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Markdown works here.",
    )
    level = forms.ChoiceField(choices=Level.choices, initial=Level.FEATURE)
    status = forms.ChoiceField(choices=Status.choices, initial=Status.IDEA)
    status_reason = forms.CharField(
        required=False, max_length=300, label="Reason", help_text="Why it stands there; needed to drop it."
    )
    horizon = forms.ChoiceField(choices=Horizon.choices, initial=Horizon.NONE)
    release = forms.ModelChoiceField(queryset=Release.objects.none(), required=False)
    owner = MemberField(queryset=Member.objects.none(), required=False)
    team = forms.ModelChoiceField(queryset=Team.objects.none(), required=False)
    target_start = forms.DateField(
        required=False, label="Target from", widget=forms.DateInput(attrs={"type": "date"})
    )
    target_end = forms.DateField(
        required=False, label="Target until", widget=forms.DateInput(attrs={"type": "date"})
    )

    work = forms.ChoiceField(choices=Work.choices, required=False, label="Kind of work")
    size = forms.ChoiceField(
        choices=Size.choices, required=False, help_text="Finds finished work of the same size."
    )
    not_before = forms.DateField(
        required=False,
        label="Not before",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Work cannot start earlier.",
    )
    due_date = forms.DateField(required=False, label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    due_kind = forms.ChoiceField(
        choices=Hardness.choices,
        required=False,
        initial=Hardness.SOFT,
        label="How firm",
        help_text="A hard date is a promise to somebody.",
    )
    due_to = forms.CharField(required=False, max_length=120, label="Promised to, or why")
    actual_days = forms.FloatField(
        required=False,
        min_value=0.01,
        max_value=100_000,
        label="Took, in person-days",
        help_text="Once it is finished: others are estimated by it.",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    public_title = forms.CharField(
        required=False, max_length=200, label="Public name", help_text="What people outside read instead."
    )

    def clean_due_kind(self) -> str:
        """Return how firm the day is; soft where nobody said."""
        return str(self.cleaned_data["due_kind"] or Hardness.SOFT)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
        for name, rows in (
            ("release", Release.objects.in_workspace(workspace.pk).order_by("-ship_date")),
            ("owner", members),
            ("team", Team.objects.filter(workspace=workspace)),
        ):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows


class NewFeatureForm(FeatureForm):
    """What is asked of a new feature besides: where it belongs."""

    lane = forms.ChoiceField(choices=Lane.choices, initial=Lane.PRODUCT)
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)
    parent = forms.CharField(
        required=False,
        max_length=20,
        label="Under",
        help_text="The key of the node it lies under, such as F-12.",
    )
    field_order = ["title", "lane", "level", "parent", "product", "description"]

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        self._workspace = workspace
        product = self.fields["product"]
        if isinstance(product, forms.ModelChoiceField):
            product.queryset = Product.objects.filter(workspace=workspace, archived_at__isnull=True)

    def clean_parent(self) -> Feature | None:
        """Return the node that the key names."""
        key = self.cleaned_data["parent"].strip()
        if not key:
            return None
        found: Feature | None = Feature.objects.in_workspace(self._workspace.pk).by_key(key).first()
        if found is None:
            raise forms.ValidationError(f"There is no feature {key} here.")
        return found


class ReleaseForm(forms.Form):
    """Everything that a person may say about a release."""

    title = forms.CharField(max_length=300, label="Name", widget=forms.TextInput(attrs={"autofocus": True}))
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)
    start_date = forms.DateField(
        required=False, label="Starts", widget=forms.DateInput(attrs={"type": "date"})
    )
    ship_date = forms.DateField(required=False, label="Ships", widget=forms.DateInput(attrs={"type": "date"}))
    form = forms.ChoiceField(
        choices=Release.Form.choices, required=False, initial=Release.Form.RELEASE, label="What it is"
    )
    date_kind = forms.ChoiceField(
        choices=Hardness.choices,
        required=False,
        initial=Hardness.SOFT,
        label="How firm",
        help_text="A hard date is a promise to somebody.",
    )
    date_to = forms.CharField(required=False, max_length=120, label="Promised to, or why")
    notes = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What it brings. Markdown works here.",
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        product = self.fields["product"]
        if isinstance(product, forms.ModelChoiceField):
            product.queryset = Product.objects.filter(workspace=workspace, archived_at__isnull=True)

    def clean_form(self) -> str:
        """Return what it is; a release where nobody said."""
        return str(self.cleaned_data["form"] or Release.Form.RELEASE)

    def clean_date_kind(self) -> str:
        """Return how firm the day is; soft where nobody said."""
        return str(self.cleaned_data["date_kind"] or Hardness.SOFT)
