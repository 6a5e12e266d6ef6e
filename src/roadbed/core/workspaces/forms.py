"""The forms of settings pages and invitations."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from django import forms

from roadbed.core.accounts.models import User
from roadbed.core.workspaces.models import ApiToken, Department, Member, currency_code
from roadbed.core.workspaces.roles import Role


class WorkspaceForm(forms.Form):
    """A workspace's name and currency."""

    name = forms.CharField(max_length=120)
    currency = forms.CharField(
        max_length=3,
        validators=[currency_code],
        help_text="Three letters, such as EUR. Amounts are not converted.",
    )


class OpenForm(forms.Form):
    """A new workspace."""

    name = forms.CharField(label="Name of the organisation", max_length=120)
    product = forms.CharField(label="First product", max_length=120, required=False)
    currency = forms.CharField(max_length=3, initial="EUR", validators=[currency_code])


class CloseForm(forms.Form):
    """The name, typed once more."""

    confirmation = forms.CharField(label="Name of the workspace", max_length=120)


if TYPE_CHECKING:
    _UserModelForm = forms.ModelForm[User]
else:
    # Django itself knows its form as generic only from 6.x on.
    _UserModelForm = forms.ModelForm


class ProfileForm(_UserModelForm):
    """What a person is called and how they like their pages."""

    time_zone = forms.ChoiceField(choices=lambda: [(name, name) for name in sorted(available_timezones())])

    class Meta:
        model = User
        fields = ["name", "time_zone", "theme", "shortcuts"]
        labels = {"theme": "Colours", "shortcuts": "Single keys do something on their own"}
        widgets = {"theme": forms.RadioSelect}
        help_texts = {"shortcuts": "J and K to move, C to create; Ctrl-K works either way."}


class MemberForm(forms.Form):
    """A role and a department."""

    role = forms.ChoiceField(choices=Role.choices)
    department = forms.ModelChoiceField(
        queryset=Department.objects.none(), required=False, empty_label="None"
    )

    def __init__(self, *args: Any, workspace_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["department"]
        choices.queryset = Department.objects.filter(workspace_id=workspace_id)


class InviteForm(MemberForm):
    """An address to ask in."""

    email = forms.EmailField(label="E-mail address")
    field_order = ["email", "role", "department"]


class NameForm(forms.Form):
    """A department's name."""

    name = forms.CharField(max_length=80)


class ProductForm(forms.Form):
    """A product's name and what it is."""

    name = forms.CharField(max_length=120)
    description = forms.CharField(max_length=2000, required=False, widget=forms.Textarea)


class TeamForm(forms.Form):
    """A team's name and its people."""

    name = forms.CharField(max_length=80)
    members = forms.ModelMultipleChoiceField(
        queryset=Member.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, workspace_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["members"]
        choices.queryset = Member.objects.select_related("user").filter(
            workspace_id=workspace_id, removed_at__isnull=True
        )


class CircleForm(TeamForm):
    """A circle's name, what it is for, and its people."""

    description = forms.CharField(
        label="What for", max_length=300, required=False, help_text="Everybody in the workspace can read it."
    )
    field_order = ("name", "description", "members")


class TokenForm(forms.Form):
    """A program's key."""

    LIFETIMES = [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is revoked")]

    name = forms.CharField(max_length=80, help_text="What will use it, such as “nightly import”.")
    scope = forms.ChoiceField(
        label="It may", choices=ApiToken.Scope.choices, widget=forms.RadioSelect, initial="read"
    )
    days = forms.ChoiceField(label="Expires after", choices=LIFETIMES, required=False, initial="90")

    def expires_at(self, *, now: datetime) -> datetime | None:
        """Return when the token ends: at the end of the last of its days."""
        days = self.cleaned_data["days"]
        if not days:
            return None
        return datetime.combine((now + timedelta(days=int(days))).date(), time.max, tzinfo=UTC)
