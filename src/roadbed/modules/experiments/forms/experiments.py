"""The forms of an experiment: the guided document, the decision, and a link to its report."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments.models import (
    CorrectionRule,
    Decided,
    Environment,
    Experiment,
    ExperimentMetric,
    ExposureSource,
    Flag,
    Holdout,
    LookPlan,
    Metric,
    MetricRole,
    PriorKind,
    Randomised,
)
from roadbed.modules.experiments.selectors import metrics_of, targets_of
from roadbed.modules.experiments.services import MetricChoice

MOST_METRICS = 200
PER_CENT = {"step": "any", "inputmode": "decimal"}


class _Named(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django knows its fields as generic only from 6.x on
    def label_from_instance(self, obj: Any) -> str:
        return str(getattr(obj, "name", "") or obj.title)


class _Flags(forms.ModelChoiceField):  # type: ignore[type-arg]  # as above
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.flag_key}: {obj.title}" if obj.title != obj.flag_key else str(obj.flag_key)


class _Percent(forms.FloatField):
    """A share that people write in per cent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.NumberInput(attrs=PER_CENT), **options)

    def prepare_value(self, value: Any) -> Any:
        return f"{value * 100:.10g}" if isinstance(value, float) else value

    def clean(self, value: Any) -> Any:
        found = super().clean(value)
        return None if found is None else found / 100.0


class ExperimentForm(forms.Form):
    """Everything that is written down before an experiment starts."""

    title = forms.CharField(max_length=300, help_text="What is tried, in words.")
    hypothesis = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="If we change this for these people, that number moves by so much, because …",
    )
    tests = forms.CharField(
        required=False,
        max_length=300,
        label="What it tests",
        help_text="Keys of needs and features, such as N-31 F-128: its result becomes their evidence.",
    )
    owner = _Named(queryset=Member.objects.none(), required=False)
    product = forms.ModelChoiceField(queryset=Product.objects.none(), required=False)
    split_flag = _Flags(
        queryset=Flag.objects.none(),
        required=False,
        label="Flag",
        help_text="The flag that deals out the variants, if it is ours.",
    )
    environment = _Named(queryset=Environment.objects.none(), required=False)
    holdout = _Named(
        queryset=Holdout.objects.none(),
        required=False,
        help_text="Only for an experiment that measures a holdout: all that was shipped, against none of it.",
    )
    source = _Named(
        queryset=ExposureSource.objects.none(),
        required=False,
        label="Exposures from",
        help_text="Where it is written who saw which variant.",
    )
    exposure_key = forms.CharField(
        required=False,
        max_length=128,
        label="Its name there",
        help_text="Empty: the key of the flag, or of the experiment.",
    )
    randomised = forms.ChoiceField(choices=Randomised.choices, label="Dealt out to")
    cluster = forms.CharField(
        required=False,
        max_length=120,
        label="Column of the account or place",
        help_text="Whole accounts: users of one are alike, so the account is the unit. Periods: the place, if several.",
    )
    period_hours = forms.IntegerField(
        required=False, min_value=0, max_value=672, label="Hours of a period",
        help_text="Where whole periods are switched, from midnight UTC on.",
    )  # fmt: skip
    washout_minutes = forms.IntegerField(
        required=False, min_value=0, max_value=40_320, label="Left out at its beginning, minutes",
        help_text="While the variant before is still at work.",
    )  # fmt: skip
    strata = forms.CharField(
        required=False, max_length=120, label="Post-stratify by",
        help_text="A column fixed before anybody saw a variant, such as platform: it narrows the intervals.",
    )  # fmt: skip
    dimensions = forms.CharField(
        required=False,
        max_length=500,
        label="Break down by",
        help_text="Columns of the exposures, such as country, platform.",
    )
    variants = forms.CharField(
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="One a line with its weight, control first: control = 50",
    )
    plan = forms.ChoiceField(choices=LookPlan.choices, label="When it is read")
    planned_units = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=10**12,
        label="Planned size",
        help_text="Units of all variants together; a fixed plan is read once they are there.",
    )
    minimum_effect = _Percent(
        required=False, min_value=0, max_value=1000, label="Smallest effect that matters, %",
        help_text="As a lift over control: 5 for 5%.",
    )  # fmt: skip
    alpha = _Percent(
        min_value=0.0001, max_value=50, label="False alarms borne, %", help_text="5 gives 95% intervals."
    )
    power = _Percent(
        min_value=50, max_value=99.9, label="Power, %", help_text="The chance to find that effect."
    )
    minimum_days = forms.IntegerField(min_value=0, max_value=365, label="At least, days")
    correction = forms.ChoiceField(
        choices=CorrectionRule.choices,
        label="Many metrics",
        help_text="So that p-values hold for all together.",
    )
    prior = forms.ChoiceField(choices=PriorKind.choices, label="Believed beforehand")
    prior_mean = _Percent(required=False, min_value=-1000, max_value=1000, label="Mean lift, %")
    prior_deviation = _Percent(required=False, min_value=0.0001, max_value=1000, label="Its deviation, %")

    def __init__(
        self, *args: Any, workspace: Workspace, circles: Collection[int] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._workspace, self._circles = workspace, circles
        rows: dict[str, Any] = {
            "owner": Member.objects.select_related("user").filter(
                workspace=workspace, removed_at__isnull=True
            ),
            "product": Product.objects.filter(workspace=workspace, archived_at__isnull=True),
            "split_flag": Flag.objects.in_workspace(workspace.pk).not_archived().order_by("flag_key"),
            "environment": Environment.objects.filter(workspace=workspace, removed_at__isnull=True),
            "holdout": Holdout.objects.filter(workspace=workspace),
            "source": ExposureSource.objects.in_workspace(workspace.pk),
        }
        for name, queryset in rows.items():
            field = self.fields[name]
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = queryset

    def clean_tests(self) -> list[Record]:
        """Return the records that the keys name."""
        found = []
        for key in re.split(r"[\s,;]+", self.cleaned_data["tests"].strip()):
            if not key:
                continue
            rows = Record.objects.in_workspace(self._workspace.pk, circles=self._circles)
            record: Record | None = rows.by_key(key).first()
            if record is None:
                raise forms.ValidationError(f"There is nothing called {key} here.")
            found.append(record)
        return found

    def clean_dimensions(self) -> list[str]:
        """Return the columns, each once."""
        names = (name.strip() for name in self.cleaned_data["dimensions"].split(","))
        return list(dict.fromkeys(name for name in names if name))[:10]

    def clean_variants(self) -> dict[str, float]:
        """Return the weight of each variant."""
        found: dict[str, float] = {}
        for line in self.cleaned_data["variants"].splitlines():
            if not line.strip():
                continue
            name, equals, weight = line.rpartition("=")
            name = (name if equals else weight).strip()
            try:
                number = float(weight.strip().removesuffix("%")) if equals else 1.0
            except ValueError as error:
                raise forms.ValidationError(f"“{line.strip()[:60]}”: the weight is no number.") from error
            if not name or not 0 < number < 1e9:
                raise forms.ValidationError(f"“{line.strip()[:60]}”: a name, and a weight above 0.")
            if name in found:
                raise forms.ValidationError(f"{name} is there twice.")
            found[name] = number
        return found

    def settings_of(self) -> dict[str, Any]:
        """Return what the services call the fields; empty numbers fall back to the model's defaults."""
        data = dict(self.cleaned_data)
        shares = data.pop("variants")
        data.pop("tests")
        found = {
            **data,
            "shares": shares,
            "control": next(iter(shares), ""),
            **{name: data[name] or 0 for name in ("planned_units", "period_hours", "washout_minutes")},
            "minimum_effect": data["minimum_effect"] or 0.0,
        }
        for name in ("prior_mean", "prior_deviation"):
            if found[name] is None:
                found[name] = getattr(Experiment(), name)
        return found


def initial_of(experiment: Experiment | None) -> dict[str, Any]:
    """Return what the form begins with."""
    names = [name for name in ExperimentForm.base_fields if name not in {"tests", "variants", "dimensions"}]
    if experiment is None:
        blank = Experiment()
        return {name: getattr(blank, name) for name in names} | {"variants": "control = 50\nvariant = 50"}
    return {name: getattr(experiment, name) for name in names} | {
        "tests": " ".join(one.key for one in targets_of(experiment)),
        "dimensions": ", ".join(experiment.dimensions),
        "variants": "\n".join(f"{name} = {experiment.shares[name]:g}" for name in experiment.variants),
    }


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric of the workspace as the form shows it: whether it is used, and for what."""

    metric: Metric
    role: str
    margin: str
    error: str = ""


def metric_rows(
    *, workspace: Workspace, experiment: Experiment | None, sent: Mapping[str, Any] | None = None
) -> list[MetricRow]:
    """Return a row for every metric, the used ones first."""
    used: dict[int, ExperimentMetric] = {}
    if experiment is not None:
        used = {row.metric_id: row for row in metrics_of(experiment)}
    metrics = Metric.objects.in_workspace(workspace.pk).not_archived().order_by("title", "pk")[:MOST_METRICS]
    found = []
    for metric in metrics:
        row = used.get(metric.pk)
        role = row.role if row else "guardrail" if experiment is None and metric.is_guardrail else ""
        margin = f"{row.margin * 100:g}" if row and row.margin else ""
        if sent is not None:
            role, margin = str(sent.get(f"role-{metric.pk}", "")), str(sent.get(f"margin-{metric.pk}", ""))
        found.append(MetricRow(metric, role, margin))
    order = {"primary": 0, "secondary": 1, "guardrail": 2}
    return sorted(found, key=lambda one: order.get(one.role, 3))


def metric_choices(rows: list[MetricRow]) -> tuple[list[MetricChoice], list[str]]:
    """Return the chosen metrics, and what is wrong with them."""
    found, problems = [], []
    for row in rows:
        if row.role not in MetricRole.values:
            continue
        try:
            margin = float(row.margin.replace(",", ".").removesuffix("%") or 0) / 100.0
        except ValueError:
            margin = -1.0
        if not 0 <= margin <= 10:
            problems.append(f"{row.metric.title}: the margin is a percentage from 0 on.")
            continue
        found.append(MetricChoice(row.metric, MetricRole(row.role), margin))
    if sum(one.role == MetricRole.PRIMARY for one in found) > 1:
        problems.append("There is one primary metric: the one to decide by.")
    return found, problems


class DecisionForm(forms.Form):
    """What is decided, and why."""

    decided = forms.ChoiceField(choices=Decided.choices, label="Decision")
    variant = forms.ChoiceField(required=False, label="Which variant is shipped")
    why = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Wanted where you decide otherwise than is recommended.",
    )  # fmt: skip
    learned = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}), label="What we learned",
        help_text="For whoever looks through the library in a year.",
    )  # fmt: skip

    def __init__(self, *args: Any, experiment: Experiment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["variant"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", "–"), *((name, name) for name in experiment.treatments)]


class ReportShareForm(forms.Form):
    """A link to the report."""

    name = forms.CharField(max_length=120, help_text="For whom it is; they do not see this.")
    expires = forms.DateField(
        required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The last day on which it opens; empty: until you end it.",
    )  # fmt: skip
    password = forms.CharField(
        required=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Empty for none.",
    )  # fmt: skip
