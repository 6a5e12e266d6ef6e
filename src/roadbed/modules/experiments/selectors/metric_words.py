"""A definition in words that a person would say, and what experiments found of a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadbed.modules.experiments.models import ExperimentMetric, Metric, MetricVersion, Readout

WAYS = {
    "sum": "the sum of {column}", "mean": "the mean of {column}", "max": "the largest {column}",
    "count": "how many {source}", "distinct": "how many different {column}", "any": "whether there is any of {source}",
}  # fmt: skip
MOST_RESULTS = 200
BY_ITSELF = {"mean": "sum", "count": "count", "ratio": "sum", "quantile": "sum"}


@dataclass(frozen=True, slots=True)
class MetricResult:
    """What one experiment found of a metric: a relative lift with its interval, as shares of control."""

    key: str
    title: str
    url: str
    version: int
    ended: date | None
    state: str
    variant: str = ""
    lift: float | None = None
    low: float | None = None
    high: float | None = None
    said: str = ""
    trusted: bool = True


def results_of(metric: Metric, *, workspace: str) -> list[MetricResult]:
    """Return what experiments found of a metric, by their last readout, the newest first; two queries."""
    uses = list(
        ExperimentMetric.objects.filter(metric=metric, experiment__deleted_at__isnull=True)
        .select_related("experiment", "pinned")
        .order_by("-experiment__started_at", "-experiment_id")[:MOST_RESULTS]
    )
    readouts = {
        one.experiment_id: one
        for one in Readout.objects.filter(experiment__in=[use.experiment_id for use in uses]).order_by(
            "number"
        )
    }
    found: list[MetricResult] = []
    for use in uses:
        experiment, readout = use.experiment, readouts.get(use.experiment_id)
        head: dict[str, Any] = {
            "key": experiment.key,
            "title": experiment.title,
            "url": f"/w/{workspace}/experiments/{experiment.key.lower()}/",
            "version": use.pinned.number if use.pinned else metric.latest,
            "ended": experiment.stopped_at.date() if experiment.stopped_at else None,
            "state": experiment.get_state_display(),
        }
        lines = [one for one in readout.summary if one.get("metric") == metric.title] if readout else []
        for line in lines:
            shown = line.get("shown") or (None, None, None)
            found.append(
                MetricResult(
                    **head,
                    variant=str(line.get("variant", "")),
                    low=shown[0], lift=shown[1], high=shown[2],
                    said=str(line.get("text") or line.get("refused") or ""),
                    trusted=bool(readout and readout.is_trusted),
                )
            )  # fmt: skip
        if not lines:
            found.append(MetricResult(**head, said="Not read yet."))
    return found


def describe_version(version: MetricVersion) -> list[tuple[str, str]]:
    """Return a definition as names and words."""
    said = version.definition
    found = [("Kind", version.get_kind_display())]
    if said.get("steps"):
        found += [(f"Step {at + 1}", _filters(step)) for at, step in enumerate(said["steps"])]
    else:
        found.append(("Counts", _part(version.kind, said.get("facts") or {})))
    if said.get("per"):
        found.append(("Divided by", _part(version.kind, said["per"])))
    if said.get("level"):
        found.append(("Percentile", f"{said['level'] * 100:g}"))
    found.append(("Window", _window(said)))
    if cut := said.get("winsorise"):
        zeros = ", of values that are not nought" if cut.get("ignore_zeros") else ""
        low, high = cut.get("lower", 0) * 100, cut.get("upper", 1) * 100
        found.append(("Limited to", f"percentiles {low:g} to {high:g}, pooled over all variants{zeros}"))
    if said.get("before_days"):
        found.append(("Adjusted by", f"the {said['before_days']} days before exposure"))
    if said.get("population"):
        found.append(("History of", f"all units in {said['population']}"))
    found.append(("Better is", "higher" if version.desired == "up" else "lower"))
    if version.margin:
        found.append(("As a guardrail", f"up to {version.margin * 100:g}% worse is borne"))
    if version.matters:
        found.append(("Matters from", f"{version.matters * 100:g}%"))
    return found


def _part(kind: str, part: Mapping[str, Any]) -> str:
    how = part.get("how") or BY_ITSELF.get(kind, "any")
    text = WAYS[how].format(column=part.get("column", ""), source=part.get("source", ""))
    if how in {"sum", "mean", "max", "distinct"}:
        text += f" in {part.get('source', '')}"
    return text + (f", where {_filters(part['filters'])}" if part.get("filters") else "")


def _filters(given: Sequence[Mapping[str, Any]]) -> str:
    return " and ".join(_filter(each) for each in given)


def _filter(one: Mapping[str, Any]) -> str:
    compared, value = one.get("compared", "=="), one.get("value")
    said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{one.get('column')} {'is' if compared == '==' else compared} {said}"


def _window(said: Mapping[str, Any]) -> str:
    start, end = said.get("from_hours", 0), said.get("to_hours", 168)
    if not start:
        return f"{_length(end)} from first exposure"
    return f"from {_length(start)} to {_length(end)} after first exposure"


def _length(hours: float) -> str:
    if hours >= 48 and hours % 24 == 0:
        return f"{hours / 24:g} days"
    return f"{hours:g} hours"
