"""Fields that several of the plan's forms share, and the shape of a form: which fields stand in one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from roadbed.core.workspaces.models import Department, Member, Product, Workspace
from roadbed.modules.roadmap.forms.features import MemberField

if TYPE_CHECKING:
    _PeopleChoice = forms.ModelMultipleChoiceField[Member]
else:
    # Django itself knows its fields as generic only from 6.x on.
    _PeopleChoice = forms.ModelMultipleChoiceField

Rows = tuple[tuple[str, ...], ...]


def day(label: str, *, required: bool = False, help_text: str = "") -> forms.DateField:
    """Return a field for a day."""
    return forms.DateField(
        required=required, label=label, help_text=help_text, widget=forms.DateInput(attrs={"type": "date"})
    )


def figure(label: str, *, required: bool = False, help_text: str = "", **limits: Any) -> forms.FloatField:
    """Return a field for a figure that may have decimals."""
    return forms.FloatField(
        required=required,
        label=label,
        help_text=help_text,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        **limits,
    )


def words(label: str, *, rows: int = 5, most: int = 20_000, help_text: str = "") -> forms.CharField:
    """Return a field for a text."""
    return forms.CharField(
        required=False,
        label=label,
        max_length=most,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class PlanForm(forms.Form):
    """A form of the plan: `ROWS` says which fields stand beside each other; choices come from the workspace."""

    ROWS: Rows = ()

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        members = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
        rows: dict[str, Any] = {
            "owner": members,
            "member": members,
            "asked": members,
            "product": Product.objects.filter(workspace=workspace, archived_at__isnull=True),
            "department": Department.objects.filter(workspace=workspace),
        }
        for name, choices in rows.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = choices

    @property
    def rows(self) -> list[list[forms.BoundField]]:
        """The fields as they stand on the page."""
        placed = [name for row in self.ROWS for name in row]
        rest = tuple((name,) for name in self.fields if name not in placed)
        return [[self[name] for name in row if name in self.fields] for row in (*self.ROWS, *rest)]


class PeopleField(_PeopleChoice):
    """A choice of several people, by name."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        """Return the member's name."""
        return str(obj.name)


def owner(label: str = "Owner", help_text: str = "") -> MemberField:
    """Return a field for a member."""
    return MemberField(queryset=Member.objects.none(), required=False, label=label, help_text=help_text)


def product() -> forms.ModelChoiceField:  # type: ignore[type-arg]  # Django itself knows it as generic from 6.x on
    """Return a field for a product."""
    return forms.ModelChoiceField(queryset=Product.objects.none(), required=False)
