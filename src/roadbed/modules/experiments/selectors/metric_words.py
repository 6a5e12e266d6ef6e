"""A definition in words that a person would say, and what experiments found of a metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from roadbed.modules.experiments.models import MetricVersion

WAYS = {
    "sum": "the sum of {column}", "mean": "the mean of {column}", "max": "the largest {column}",
    "count": "how many {source}", "distinct": "how many different {column}", "any": "whether there is any of {source}",
}  # fmt: skip
BY_ITSELF = {"mean": "sum", "count": "count", "ratio": "sum", "quantile": "sum"}


@dataclass(frozen=True, slots=True)
class MetricResult:
    """What one experiment found of a metric: a relative lift with its interval, as shares of control."""

    key: str
    title: str
    url: str
    version: int
    variant: str
    ended: date | None
    lift: float | None
    low: float | None
    high: float | None
    verdict: str = ""
    trusted: bool = True


Results = Callable[[int], Sequence[MetricResult]]
_RESULTS: list[Results] = []


def register_results(results: Results) -> None:
    """Let pages of metrics show what experiments found: called with the metric's id, the newest first."""
    if results not in _RESULTS:
        _RESULTS.append(results)


def results_of(metric_id: int) -> list[MetricResult]:
    """Return what experiments found of a metric."""
    return [one for each in _RESULTS for one in each(metric_id)]


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
