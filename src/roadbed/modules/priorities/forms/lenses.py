"""What makers say about a lens."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.priorities.models import Lens, Subject
from roadbed_engines.priority import methods

FIELDS = ("label", "unit", "worst", "best", "weight", "figure", "evidence")


class NewLensForm(forms.Form):
    """A lens begins with a method."""

    title = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autofocus": True}))
    method = forms.ChoiceField(
        label="Method",
        choices=[(one.name, f"{one.title}: {one.about}") for one in methods.METHODS.values()],
        widget=forms.RadioSelect,
        initial="rice",
    )
    subject = forms.ChoiceField(label="Ranks", choices=Subject.choices, initial=Subject.FEATURES)
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, label="Product", empty_label="All products"
    )
    cut = forms.IntegerField(
        min_value=1,
        max_value=500,
        initial=10,
        label="Places that matter",
        help_text="How many are about to be done.",
    )

    def __init__(self, *args: Any, workspace: Workspace, **more: Any) -> None:
        super().__init__(*args, **more)
        field: Any = self.fields["product"]
        field.queryset = Product.objects.filter(workspace=workspace, archived_at__isnull=True)


class LensForm(forms.Form):
    """Everything that may be changed about a lens; its inputs are read from rows beside the form."""

    title = forms.CharField(max_length=120, label="Name")
    about = forms.CharField(
        required=False, max_length=2_000, label="What it is for", widget=forms.Textarea(attrs={"rows": 2})
    )
    subject = forms.ChoiceField(label="Ranks", choices=Subject.choices)
    cut = forms.IntegerField(min_value=1, max_value=500, label="Places that matter")
    unit = forms.CharField(
        required=False, max_length=20, label="Counts benefit in", help_text="points, € a year, …"
    )
    wait = forms.FloatField(
        min_value=0.1, max_value=520, label="Weeks of waiting", help_text="For profiles of delay."
    )
    formula = forms.CharField(max_length=1_000, label="Score", widget=forms.Textarea(attrs={"rows": 2}))
    worth = forms.CharField(
        required=False, max_length=1_000, label="Benefit", help_text="Empty: the score itself."
    )
    cost = forms.CharField(
        required=False, max_length=1_000, label="Cost", help_text="What a place takes, such as effort."
    )
    studies = forms.CharField(
        required=False,
        max_length=20_000,
        label="Ways to learn",
        help_text="A line each: name | kind | inputs it answers | share of the range left | cost | weeks",
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono"}),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def initial_of(lens: Lens) -> dict[str, Any]:
        """Return what the form shows of a lens."""
        return {
            "title": lens.title,
            "about": lens.about,
            "subject": lens.subject,
            "cut": lens.cut,
            "unit": lens.unit,
            "wait": lens.wait,
            "formula": lens.definition["formula"],
            "worth": lens.definition["worth"],
            "cost": lens.definition["cost"],
            "studies": "\n".join(
                " | ".join(
                    [one["name"], one["kind"], ", ".join(one["answers"])]
                    + [f"{one[name]:g}" for name in ("narrows_to", "cost", "weeks")]
                )
                for one in lens.studies
            ),
            "version": lens.version,
        }

    def clean_studies(self) -> list[dict[str, Any]]:
        """Read the lines of studies."""
        found = []
        for line in self.cleaned_data["studies"].splitlines():
            if not line.strip():
                continue
            parts = [part.strip() for part in line.split("|")]
            if len(parts) < 4:
                raise forms.ValidationError(
                    f"“{line[:60]}” is short of a part: name, kind, inputs, share left."
                )
            try:
                numbers = [float(part) for part in [*parts[3:6], "0", "0"][:3]]
            except ValueError as error:
                raise forms.ValidationError(f"“{line[:60]}” ends with figures.") from error
            answers = [name.strip() for name in parts[2].split(",") if name.strip()]
            found.append(
                {"name": parts[0], "kind": parts[1], "answers": answers, "narrows_to": numbers[0],
                 "cost": numbers[1], "weeks": numbers[2]}
            )  # fmt: skip
        return found


def read_inputs(sent: Any, definition: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs as the rows of the form say them; a row without a name of an input is left out.

    Raises
    ------
    ValidationError
        If a figure is none.
    """
    known = {one["name"]: one for one in definition["inputs"]}
    found = []
    names = sent.getlist("input")
    for at, raw in enumerate(names):
        name = raw.replace("\x00", "").strip()
        if not name:
            continue
        row: dict[str, Any] = {**known.get(name, {"least": None, "divides": False, "hint": ""}), "name": name}
        for field in FIELDS:
            values = sent.getlist(f"input-{field}")
            text = values[at].replace("\x00", "").strip() if at < len(values) else ""
            row[field] = _number(text, name) if field in {"worst", "best", "weight"} else text
        row["weight"] = row["weight"] or 0.0
        found.append(row)
    return found


def _number(text: str, name: str) -> float | None:
    if not text:
        return None
    try:
        return float(text.replace(",", ".").replace("−", "-"))
    except ValueError as error:
        raise forms.ValidationError(f"{name}: “{text[:20]}” is no figure.") from error


def as_json(value: Any) -> str:
    """Return a definition for people who want it whole."""
    return json.dumps(value, indent=1, ensure_ascii=False)
