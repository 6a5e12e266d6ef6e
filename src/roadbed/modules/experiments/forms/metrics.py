"""The form of a metric: what is said about it, and its definition in fields instead of JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments.models import Desired, FactSource, MetricKind, MetricVersion
from roadbed.modules.experiments.services.metrics import MetricFields

COMPARED = re.compile(r"^\s*(.+?)\s*(==|!=|<=|>=|=|<|>|\bin\b)\s*(.+?)\s*$", re.IGNORECASE)
WAYS = (
    ("", "as the kind does by itself"),
    ("sum", "sum of a column"),
    ("mean", "mean of a column"),
    ("max", "largest of a column"),
    ("count", "number of facts"),
    ("distinct", "number of different values of a column"),
)
FILTERS_HELP = "One a line, such as name = order placed, or plan in pro, team. All of them must hold."


class _Members(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django knows its fields as generic only from 6.x on
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


def _value(text: str) -> Any:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text.casefold() in {"true", "false"}:
        return text.casefold() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and "." not in text and "e" not in text.casefold() else number


def read_filters(text: str) -> list[dict[str, Any]]:
    """Return filters from lines (or parts between “and”).

    >>> read_filters("name = order")
    [{'column': 'name', 'compared': '==', 'value': 'order'}]

    Raises
    ------
    forms.ValidationError
        If a line is no comparison.
    """
    found = []
    for line in re.split(r"\n|\band\b", text):
        if not line.strip():
            continue
        match = COMPARED.match(line)
        if match is None:
            raise forms.ValidationError(f"“{line.strip()[:60]}” compares nothing: write column = value.")
        column, compared, said = match.groups()
        compared = compared.casefold()
        value = [_value(each) for each in said.split(",")] if compared == "in" else _value(said)
        found.append({"column": column, "compared": "==" if compared == "=" else compared, "value": value})
    return found


def write_filters(given: Sequence[Mapping[str, Any]], *, between: str = "\n") -> str:
    """Return filters as lines that `read_filters` reads."""
    return between.join(_line(each) for each in given)


def _line(one: Mapping[str, Any]) -> str:
    compared = one.get("compared", "==")
    value = one["value"]
    said = ", ".join(_say(each) for each in value) if isinstance(value, list) else _say(value)
    return f"{one['column']} {'=' if compared == '==' else compared} {said}"


def _say(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and _value(text) != text else text


class AboutForm(forms.Form):
    """What is said about a metric."""

    title = forms.CharField(max_length=300, help_text="Such as: orders a customer in the first week.")
    description = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Markdown works here.",
    )
    is_guardrail = forms.BooleanField(
        required=False,
        label="Guardrail",
        help_text="Every new experiment watches it, so that nothing breaks unseen.",
    )
    owner = _Members(queryset=Member.objects.none(), required=False)
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        members = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
        products = Product.objects.filter(workspace=workspace, archived_at__isnull=True)
        for name, rows in (("owner", members), ("product", products)):
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows


class DefinitionForm(forms.Form):
    """A definition, field by field."""

    kind = forms.ChoiceField(choices=MetricKind.choices, initial=MetricKind.PROPORTION)
    source = forms.ChoiceField(label="Facts from")
    how = forms.ChoiceField(label="Put together as", choices=WAYS, required=False)
    column = forms.CharField(max_length=120, required=False)
    filters = forms.CharField(
        required=False, max_length=4000, label="Only facts where", help_text=FILTERS_HELP,
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
    )  # fmt: skip
    per_source = forms.ChoiceField(label="Divided by facts from", required=False)
    per_how = forms.ChoiceField(label="Put together as", choices=WAYS, required=False)
    per_column = forms.CharField(max_length=120, required=False, label="Column")
    per_filters = forms.CharField(
        required=False, max_length=4000, label="Only facts where",
        widget=forms.Textarea(attrs={"rows": 2, "class": "mono", "spellcheck": "false"}),
    )  # fmt: skip
    steps = forms.CharField(
        required=False, max_length=4000, label="Steps", help_text="One a line, such as name = cart and plan = pro.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )  # fmt: skip
    level = forms.FloatField(
        required=False,
        min_value=0.1,
        max_value=99.9,
        label="Percentile",
        help_text="90 for the slowest tenth.",
    )
    from_days = forms.FloatField(
        required=False,
        min_value=0,
        max_value=366,
        label="From day",
        initial=0,
        help_text="0 is the exposure itself.",
    )
    to_days = forms.FloatField(
        min_value=0.01,
        max_value=366,
        label="To day",
        initial=7,
        help_text="Counted from a unit’s first exposure.",
    )
    lower = forms.FloatField(
        required=False,
        min_value=0,
        max_value=100,
        label="Lower percentile",
        help_text="Values below are raised to it.",
    )
    upper = forms.FloatField(
        required=False,
        min_value=0,
        max_value=100,
        label="Upper percentile",
        help_text="Such as 99. Empty: no limit.",
    )
    ignore_zeros = forms.BooleanField(required=False, label="Percentiles of values that are not nought")
    before_days = forms.IntegerField(
        required=False, min_value=0, max_value=90, label="Days before", initial=0,
        help_text="What units did before makes results more precise (CUPED). Empty: not used.",
    )  # fmt: skip
    population = forms.ChoiceField(
        required=False, label="History of all units in", help_text="Whose history the page and planning tell."
    )
    desired = forms.ChoiceField(choices=Desired.choices, initial=Desired.UP)
    margin = forms.FloatField(
        required=False, min_value=0, max_value=99, label="Harm that is borne, %",
        help_text="As a guardrail, up to how much worse is not worse.",
    )  # fmt: skip
    matters = forms.FloatField(
        required=False,
        min_value=0,
        max_value=900,
        label="Smallest effect that matters, %",
        help_text="Plans how long experiments run.",
    )
    note = forms.CharField(
        required=False, max_length=300, label="Why", help_text="For whoever reads the versions."
    )

    def __init__(self, *args: Any, sources: Sequence[FactSource], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.key, each.name) for each in sources]
        for name, first in (("source", None), ("per_source", "–"), ("population", "the same source")):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices if first is None else [("", first), *choices]

    def clean(self) -> dict[str, Any]:
        """Put the fields together to a definition."""
        data = super().clean() or {}
        if self.errors:
            return data
        kind = data["kind"]
        definition: dict[str, Any] = {"facts": {"source": data["source"]}}
        try:
            if kind == MetricKind.FUNNEL:
                lines = [line for line in data["steps"].splitlines() if line.strip()]
                definition["steps"] = [read_filters(line) for line in lines]
            else:
                definition["facts"] = self._part(data, "", data["source"])
        except forms.ValidationError as error:
            self.add_error("steps" if kind == MetricKind.FUNNEL else "filters", error)
        try:
            if kind == MetricKind.RATIO:
                definition["per"] = self._part(data, "per_", data["per_source"] or data["source"])
        except forms.ValidationError as error:
            self.add_error("per_filters", error)
        definition["from_hours"] = round((data.get("from_days") or 0) * 24, 6)
        definition["to_hours"] = round(data["to_days"] * 24, 6)
        if kind == MetricKind.QUANTILE:
            definition["level"] = round((data.get("level") or 50) / 100, 6)
        if kind in {MetricKind.MEAN, MetricKind.COUNT, MetricKind.RATIO} and (
            data.get("lower") or data.get("upper")
        ):
            definition["winsorise"] = {
                "lower": round((data.get("lower") or 0) / 100, 6),
                "upper": round((100 if data.get("upper") is None else data["upper"]) / 100, 6),
                "ignore_zeros": bool(data.get("ignore_zeros")),
            }
        if data.get("before_days") and kind not in {
            MetricKind.QUANTILE,
            MetricKind.RETENTION,
            MetricKind.FUNNEL,
        }:
            definition["before_days"] = data["before_days"]
        if data.get("population"):
            definition["population"] = data["population"]
        data["definition"] = definition
        return data

    def _part(self, data: Mapping[str, Any], prefix: str, source: str) -> dict[str, Any]:
        found: dict[str, Any] = {"source": source}
        if data["kind"] not in {MetricKind.PROPORTION, MetricKind.RETENTION}:
            if how := data.get(f"{prefix}how"):
                found["how"] = how
            if column := data.get(f"{prefix}column"):
                found["column"] = column
        if filters := read_filters(data.get(f"{prefix}filters") or ""):
            found["filters"] = filters
        return found

    def changes(self) -> dict[str, Any]:
        """Return the fields of a version."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "definition": data["definition"],
            "desired": data["desired"],
            "margin": round((data.get("margin") or 0) / 100, 6),
            "matters": round((data.get("matters") or 0) / 100, 6),
        }


class NewMetricForm(AboutForm, DefinitionForm):
    """A new metric with its first definition."""

    field_order = ["title", "kind"]

    def fields_of(self) -> MetricFields:
        """Return the metric that the form describes."""
        data = self.cleaned_data
        return MetricFields(
            title=data["title"],
            description=data["description"],
            is_guardrail=data["is_guardrail"],
            owner=data["owner"],
            product=data["product"],
            **self.changes(),
        )


def initial_of(version: MetricVersion) -> dict[str, Any]:
    """Return the fields of a definition as the form shows them."""
    said = version.definition
    facts, per = said.get("facts") or {}, said.get("per") or {}
    cut = said.get("winsorise") or {}
    return {
        "kind": version.kind,
        "source": facts.get("source", ""),
        "how": facts.get("how", ""),
        "column": facts.get("column", ""),
        "filters": write_filters(facts.get("filters") or []),
        "per_source": per.get("source", ""),
        "per_how": per.get("how", ""),
        "per_column": per.get("column", ""),
        "per_filters": write_filters(per.get("filters") or []),
        "steps": "\n".join(write_filters(step, between=" and ") for step in said.get("steps") or []),
        "level": said["level"] * 100 if said.get("level") else None,
        "from_days": said.get("from_hours", 0) / 24,
        "to_days": said.get("to_hours", 168) / 24,
        "lower": cut["lower"] * 100 if cut.get("lower") else None,
        "upper": cut["upper"] * 100 if "upper" in cut else None,
        "ignore_zeros": bool(cut.get("ignore_zeros")),
        "before_days": said.get("before_days") or None,
        "population": said.get("population", ""),
        "desired": version.desired,
        "margin": version.margin * 100 or None,
        "matters": version.matters * 100 or None,
    }
