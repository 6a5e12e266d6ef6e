"""What makers say about a portfolio: periods, room by team, shares by objective, a line each."""

from __future__ import annotations

from typing import Any

from django import forms

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.priorities.models import Lens, Portfolio, Subject


class PortfolioForm(forms.Form):
    """The whole of it."""

    title = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autofocus": True}))
    lens = forms.ModelChoiceField(queryset=Lens.objects.none(), label="Worth and cost by", empty_label=None)
    periods = forms.CharField(
        max_length=500,
        label="Periods",
        initial="This quarter, Next quarter",
        help_text="With commas between.",
    )
    capacity = forms.CharField(
        max_length=4_000,
        label="Room",
        help_text="A team a line, one figure a period, in the unit of the lens’s cost: Mobile: 12, 14",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    targets = forms.CharField(
        required=False,
        max_length=4_000,
        label="Shares",
        help_text="A line each, of the whole room: Offline: 20% to 40%. Leave an end out where nothing is asked.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, workspace: Workspace, **more: Any) -> None:
        super().__init__(*args, **more)
        field: Any = self.fields["lens"]
        rows = Lens.objects.in_workspace(workspace.pk).filter(kind="lens").exclude(subject=Subject.NEEDS)
        field.queryset = rows.order_by("pk")

    @staticmethod
    def initial_of(portfolio: Portfolio) -> dict[str, Any]:
        """Return what the form shows of a portfolio."""
        return {
            "title": portfolio.title,
            "lens": portfolio.lens_id,
            "periods": ", ".join(portfolio.periods),
            "capacity": "\n".join(
                f"{team}: {', '.join(f'{room:g}' for room in rooms)}"
                for team, rooms in portfolio.capacity.items()
            ),
            "targets": "\n".join(_target_line(one) for one in portfolio.targets),
        }

    def clean_periods(self) -> list[str]:
        """Read the names of the periods."""
        return [part.strip() for part in self.cleaned_data["periods"].split(",") if part.strip()]

    def clean_capacity(self) -> dict[str, list[float]]:
        """Read a team a line."""
        found: dict[str, list[float]] = {}
        for line in self.cleaned_data["capacity"].splitlines():
            if not line.strip():
                continue
            team, colon, rooms = line.rpartition(":")
            try:
                found[team.strip()] = [float(part.strip()) for part in rooms.split(",")]
            except ValueError as error:
                raise forms.ValidationError(f"“{line[:60]}” holds no figures.") from error
            if not colon or not team.strip():
                raise forms.ValidationError(f"“{line[:60]}” names no team. Write Mobile: 12, 14.")
        return found

    def clean_targets(self) -> list[dict[str, Any]]:
        """Read a share a line."""
        found = []
        for line in self.cleaned_data["targets"].splitlines():
            if not line.strip():
                continue
            name, colon, shares = line.rpartition(":")
            low, _, high = shares.partition("to")
            try:
                least, most = (
                    float(part.strip().rstrip("%")) / 100 if part.strip() else None for part in (low, high)
                )
            except ValueError as error:
                raise forms.ValidationError(
                    f"“{line[:60]}” holds no shares. Write Offline: 20% to 40%."
                ) from error
            if not colon:
                raise forms.ValidationError(f"“{line[:60]}” names no objective.")
            found.append({"objective": name.strip(), "least": least, "most": most})
        return found


def _target_line(one: dict[str, Any]) -> str:
    least = "" if one["least"] is None else f"{one['least'] * 100:g}%"
    most = "" if one["most"] is None else f"{one['most'] * 100:g}%"
    return f"{one['objective']}: {least} to {most}"
