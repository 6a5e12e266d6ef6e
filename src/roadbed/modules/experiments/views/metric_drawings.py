"""Charts of a metric: its days with their intervals, and what experiments found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadbed.modules.experiments.models import MetricDay, MetricVersion
from roadbed.modules.experiments.selectors import MetricResult
from roadbed.web import charts, formats

Z = 1.959963984540054
SHARES = {"proportion", "retention", "funnel"}


def figure(value: float | None, *, kind: str) -> str:
    """Return a metric's value as people read it: shares in per cent."""
    if value is None:
        return "–"
    if kind in SHARES:
        return formats.percent(value, digits=1)
    size = abs(value)
    return formats.number(value, digits=0 if size >= 1000 else 1 if size >= 100 else 2 if size >= 1 else 4)


def of_days(days: Sequence[MetricDay], version: MetricVersion) -> charts.Chart | None:
    """Return a metric by day, with 95% of chance as a band; None where fewer than two days tell anything."""
    told = [day for day in days if day.value is not None and day.error is not None]
    if len(told) < 2:
        return None
    scale = 100.0 if version.kind in SHARES else 1.0
    rows = [
        {
            "day": day.day.isoformat(),
            "value": round(day.value * scale, 6),
            "low": round((day.value - Z * day.error) * scale, 6),
            "high": round((day.value + Z * day.error) * scale, 6),
            "units": day.units,
        }
        for day in told
        if day.value is not None and day.error is not None
    ]
    last, first = told[-1], told[0]
    open_days = sum(not day.is_final for day in told)
    note = f"{formats.plural(open_days, 'day')} may still change: windows are not over." if open_days else ""
    return charts.Chart(
        id="days",
        title="By day",
        summary=(
            f"{figure(first.value, kind=version.kind)} on {first.day:%-d %B}, "
            f"{figure(last.value, kind=version.kind)} on {last.day:%-d %B}. {note}"
        ).strip(),
        spec=_band(rows, "% of units" if scale > 1 else "Value"),
        rows=rows,
        columns=(("day", "Day"), ("value", "Value"), ("low", "95% from"), ("high", "to"), ("units", "Units")),
    )


def _band(rows: Sequence[dict[str, Any]], title: str) -> dict[str, Any]:
    import altair as alt  # half a second to import: only where a chart is drawn

    base = alt.Chart(alt.NamedData(name="rows")).encode(x=alt.X(field="day", type="temporal", title=None))
    scale = alt.Scale(zero=False)
    band = base.mark_area().encode(
        y=alt.Y(field="low", type="quantitative", title=title, scale=scale), y2=alt.Y2(field="high")
    )
    hint = [alt.Tooltip(field=name) for name in ("day", "value", "low", "high", "units")]
    line = base.mark_line().encode(y=alt.Y(field="value", type="quantitative", scale=scale), tooltip=hint)
    return charts.finish(alt.layer(band, line), data={"rows": rows}, height=190)


def of_results(results: Sequence[MetricResult], *, desired: str) -> charts.Chart | None:
    """Return what experiments found, one interval each; None where none is there."""
    told = [one for one in results if one.lift is not None and one.low is not None and one.high is not None]
    if not told:
        return None
    rows = [
        {
            "experiment": f"{one.key} {one.variant}",
            "low": round((one.low or 0.0) * 100, 3),
            "lift": round((one.lift or 0.0) * 100, 3),
            "high": round((one.high or 0.0) * 100, 3),
            "tone": _tone(one, desired),
        }
        for one in told
    ]
    return charts.Chart(
        id="results",
        title="What experiments found",
        summary=f"{formats.plural(len(told), 'result')}, as a lift over control with its interval.",
        spec=charts.intervals(
            rows, y="experiment", low="low", mid="lift", high="high", tone="tone", x_title="Lift, %"
        ),
        rows=rows,
        columns=(("experiment", "Experiment"), ("lift", "Lift, %"), ("low", "from"), ("high", "to")),
    )


def _tone(one: MetricResult, desired: str) -> str:
    low, high = one.low or 0.0, one.high or 0.0
    if not one.trusted or low <= 0.0 <= high:
        return ""
    return "good" if (low > 0.0) == (desired == "up") else "bad"
