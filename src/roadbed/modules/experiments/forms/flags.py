"""The forms of a flag: what is said about it, and how it begins."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django import forms

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments.models import Environment, EnvironmentKey, FlagType, Purpose
from roadbed.modules.experiments.services.flags import FlagFields
from roadbed_engines.flags.moves import Names


class _Members(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django knows its fields as generic only from 6.x on
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class FlagForm(forms.Form):
    """What is said about a flag."""

    title = forms.CharField(max_length=300, required=False, help_text="What it does, in words.")
    description = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Markdown works here.",
    )
    purpose = forms.ChoiceField(
        choices=Purpose.choices,
        initial=Purpose.RELEASE,
        help_text="Flags of operation and permissions last; the others are to be removed one day.",
    )
    owner = _Members(queryset=Member.objects.none(), required=False)
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)
    remove_by = forms.DateField(
        required=False, label="Remove by", widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
        products = Product.objects.filter(workspace=workspace, archived_at__isnull=True)
        for name, rows in (("owner", members), ("product", products)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows


class NewFlagForm(FlagForm):
    """A new flag besides: its key, its type and its variants."""

    flag_key = forms.CharField(
        max_length=128,
        label="Key",
        help_text="What code asks for, such as new-map. It stays.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "off", "spellcheck": "false"}),
    )
    type = forms.ChoiceField(choices=FlagType.choices, initial=FlagType.BOOLEAN)
    values = forms.CharField(
        required=False,
        max_length=20_000,
        label="Variants",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono"}),
        help_text="One a line, such as name = value; a yes-or-no flag needs none. The first is given while it is off.",
    )
    tests = forms.CharField(
        required=False, max_length=20, label="Lets out", help_text="The key of a feature, such as F-128."
    )
    field_order = ["flag_key", "title", "type", "values", "purpose", "tests", "description"]

    def __init__(self, *args: Any, workspace: Workspace, circles: Collection[int], **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        self._workspace, self._circles = workspace, circles

    def clean_tests(self) -> Record | None:
        """Return the record that the key names."""
        key = self.cleaned_data["tests"].strip()
        if not key:
            return None
        rows = Record.objects.in_workspace(self._workspace.pk, circles=self._circles)
        found: Record | None = rows.by_key(key).first()
        if found is None:
            raise forms.ValidationError(f"There is nothing called {key} here.")
        return found

    def clean(self) -> dict[str, Any]:
        """Read the variants as values of the flag's type."""
        data = super().clean() or {}
        kind = data.get("type", FlagType.BOOLEAN)
        names = Names()
        for line in (data.get("values") or "").splitlines():
            name, equals, text = line.partition("=")
            if not line.strip():
                continue
            try:
                value = value_of((text if equals else name).strip(), kind)
            except ValueError:
                self.add_error(
                    "values", f"“{line.strip()[:60]}” is not of the type {FlagType(kind).label.lower()}."
                )
                continue
            names.variants[name.strip() if equals else names.of(value)] = value
        if kind != FlagType.BOOLEAN and not names.variants and "values" not in self.errors:
            self.add_error("values", "Which values may it have?")
        data["variants"] = names.variants
        return data

    def fields_of(self) -> FlagFields:
        """Return the flag that the form describes."""
        data = self.cleaned_data
        variants = data["variants"]
        first = next(iter(variants), "")
        if "off" in variants:
            first = "off"
        return FlagFields(
            flag_key=data["flag_key"],
            title=data["title"],
            type=FlagType(data["type"]),
            variants=variants,
            default=first,
            off=first,
            purpose=Purpose(data["purpose"]),
            description=data["description"],
            owner=data["owner"],
            product=data["product"],
            remove_by=data["remove_by"],
            tests=data["tests"],
        )


def value_of(text: str, kind: str) -> Any:
    """Return what a person wrote as a value of a type.

    Raises
    ------
    ValueError
        If it is none.
    """
    if kind == FlagType.STRING:
        return text
    if kind == FlagType.BOOLEAN:
        words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
        if text.lower() not in words:
            raise ValueError(text)
        return words[text.lower()]
    found = json.loads(text)
    if kind == FlagType.JSON and not isinstance(found, dict | list):
        raise ValueError(text)
    if kind in {FlagType.INTEGER, FlagType.FLOAT} and (
        isinstance(found, bool) or not isinstance(found, int | float)
    ):
        raise ValueError(text)
    if kind == FlagType.INTEGER and not isinstance(found, int):
        raise ValueError(text)
    return found


class EnvironmentForm(forms.Form):
    """A new environment."""

    name = forms.CharField(max_length=60)
    key = forms.SlugField(max_length=40, help_text="Such as staging. It stays.")
    approvals = forms.IntegerField(
        min_value=0,
        max_value=5,
        initial=0,
        help_text="How many others must approve before a flag is published.",
    )


class EnvironmentFieldsForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    """What may change about an environment."""

    class Meta:
        model = Environment
        fields = ("name", "approvals")


class KeyForm(forms.Form):
    """A new key of an environment."""

    name = forms.CharField(max_length=80, help_text="Who uses it, such as dispatch-api.")
    kind = forms.ChoiceField(
        choices=EnvironmentKey.Kind.choices,
        initial=EnvironmentKey.Kind.SERVER,
        help_text="A browser’s key is public: whoever has it can ask what anybody gets, and nothing else.",
    )
    origins = forms.CharField(
        required=False,
        max_length=1000,
        help_text="For a browser’s key: the sites that may use it, separated by spaces; empty for all.",
    )


class ImportForm(forms.Form):
    """Definitions from elsewhere, as a file or pasted."""

    environment = forms.ChoiceField()
    file = forms.FileField(
        required=False, help_text="As GrowthBook’s or Unleash’s API serves them, or exported here."
    )
    text = forms.CharField(
        required=False,
        max_length=2_000_000,
        label="Or paste them",
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono"}),
    )

    def __init__(self, *args: Any, environments: list[Environment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["environment"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(each.key, each.name) for each in environments]

    def clean(self) -> dict[str, Any]:
        """Read the JSON."""
        data = super().clean() or {}
        file = data.get("file")
        raw = file.read() if file else (data.get("text") or "").encode()
        if not raw.strip():
            self.add_error("file", "Choose a file, or paste its words.")
            return data
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError) as error:
            self.add_error("file" if file else "text", f"This is no JSON: {error}")
            return data
        if not isinstance(found, dict):
            self.add_error("file" if file else "text", "This is no JSON object.")
            return data
        if b"\\u0000" in raw or b"\x00" in raw:
            self.add_error("file" if file else "text", "A NUL character cannot be kept.")
        data["payload"] = found
        return data
