"""What makers say about a session: items by key, criteria a line each."""

from __future__ import annotations

from typing import Any

from django import forms

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Department, Workspace
from roadbed.modules.alignment.services import CriterionDraft


class SessionForm(forms.Form):
    """A session to begin."""

    title = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autofocus": True}))
    about = forms.CharField(
        required=False,
        max_length=2_000,
        label="What is to be settled",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    items = forms.CharField(
        max_length=2_000,
        label="Items",
        help_text="Keys of features or needs, with commas or spaces between: F-12, F-31, N-4",
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono"}),
    )
    criteria = forms.CharField(
        max_length=4_000,
        label="Criteria",
        initial="Customer value | 1 to 5 | value\nEffort | 1 to 5 | | Engineering",
        help_text="A line each: name | scale | input of lenses it becomes | departments. Only the name is needed.",
        widget=forms.Textarea(attrs={"rows": 4, "class": "mono"}),
    )

    def __init__(self, *args: Any, workspace: Workspace, **more: Any) -> None:
        super().__init__(*args, **more)
        self.workspace = workspace

    def clean_items(self) -> list[Record]:
        """Find the records."""
        found: list[Record] = []
        for key in dict.fromkeys(self.cleaned_data["items"].replace(",", " ").upper().split()[:100]):
            record = Record.objects.in_workspace(self.workspace.pk).by_key(key).first()
            if record is None:
                raise forms.ValidationError(f"There is no {key[:20]} here.")
            found.append(record)
        return found

    def clean_criteria(self) -> list[CriterionDraft]:
        """Read a criterion a line."""
        departments = {
            one.name.casefold(): one for one in Department.objects.filter(workspace=self.workspace)
        }
        found = []
        for line in self.cleaned_data["criteria"].splitlines():
            parts = [part.strip() for part in line.split("|")]
            if not parts[0]:
                continue
            parts += [""] * (4 - len(parts))
            low, high = _scale(parts[1])
            asked = []
            for name in (each.strip() for each in parts[3].split(",")):
                if name and name.casefold() not in departments:
                    raise forms.ValidationError(f"There is no department {name[:60]}.")
                if name:
                    asked.append(departments[name.casefold()])
            found.append(
                CriterionDraft(
                    label=parts[0][:60], low=low, high=high, figure=parts[2], departments=tuple(asked)
                )
            )
        return found


def _scale(text: str) -> tuple[float, float]:
    if not text:
        return 1.0, 5.0
    low, _, high = text.partition("to")
    try:
        ends = (float(low), float(high))
    except ValueError as error:
        raise forms.ValidationError(f"“{text[:30]}” is no scale. Write 1 to 5.") from error
    if not (abs(ends[0]) < 1e9 and abs(ends[1]) < 1e9 and ends[0] < ends[1]):
        raise forms.ValidationError(f"“{text[:30]}” runs from a lower end to a higher one.")
    return ends
