"""What the pages of experiments share: addresses, chips, the drawing of intervals, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.core.workspaces.access import Access
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import Decided, Experiment, ExperimentState
from roadbed.modules.experiments.selectors import Line
from roadbed.web import charts, parts

STATES = {
    ExperimentState.DRAFT: "outline",
    ExperimentState.RUNNING: "accent",
    ExperimentState.STOPPED: "",
    ExperimentState.DECIDED: "good",
}
VERDICTS = {
    "unhealthy": "bad",
    "too early": "",
    "ship": "good",
    "roll back": "bad",
    "no meaningful difference": "",
    "needs your judgement": "warn",
}
DECISIONS = {Decided.SHIP: "good", Decided.ROLL_BACK: "bad", Decided.KEEP: "", Decided.NOTHING: "outline"}
WIDTH, HEIGHT = 320.0, 26.0
PAD = 10.0


def base(access: Access) -> str:
    """The address of the experiments."""
    return f"/w/{access.workspace.slug}/experiments/"


def experiment_url(access: Access, experiment: Experiment) -> str:
    """The address of an experiment."""
    return f"{base(access)}{experiment.key.lower()}/"


def experiment_or_404(access: Access, key: str) -> Experiment:
    """Return the experiment; a stranger's and a missing one look the same."""
    try:
        return selectors.access_experiment(workspace_id=access.workspace.pk, key=key)
    except Experiment.DoesNotExist as error:
        raise Http404 from error


def state_chip(experiment: Experiment) -> SafeString:
    """How far it has come, in its tone."""
    return parts.chip(experiment.get_state_display(), tone=STATES[ExperimentState(experiment.state)])


def verdict_words(verdict: str, variant: str, *, days_left: int | None = None) -> str:
    """The recommendation in words: Ship map; Too early, 6 days left."""
    if not verdict:
        return ""
    words = f"{verdict[:1].upper()}{verdict[1:]}" + (f" {variant}" if variant else "")
    if verdict == "too early" and days_left:
        words += f", about {days_left} day{'' if days_left == 1 else 's'} left"
    return words


def verdict_chip(verdict: str, variant: str, *, days_left: int | None = None) -> SafeString:
    """The recommendation as a chip."""
    return parts.chip(verdict_words(verdict, variant, days_left=days_left), tone=VERDICTS.get(verdict, ""))


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to the drawing; what lies beyond its ends is cut with an arrow."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """The place of a value, kept inside the drawing."""
        reach = self.high - self.low
        inside = min(max(value, self.low), self.high)
        return round(PAD + (inside - self.low) / reach * (WIDTH - 2 * PAD), 1)


def scale_of(lines: Sequence[Line]) -> Scale:
    """Return a scale that holds nought and most of the intervals: a hopeless one must not flatten the others."""
    told = [one for one in lines if not one.refused]
    if not told:
        return Scale(-1.0, 1.0)
    ends = sorted(max(abs(one.low), abs(one.high)) for one in told)
    middle = ends[len(ends) // 2]
    most = max([abs(end) for one in told if one.role == "primary" for end in (one.low, one.high)] or [0.0])
    reach = max(min(ends[-1], 3.0 * middle), most) or 1.0
    low = min(0.0, max(-reach, min(one.low for one in told)))
    high = max(0.0, min(reach, max(one.high for one in told)))
    room = 0.06 * (high - low) or 1.0
    return Scale(low - room, high + room)


def drawing(one: Line, scale: Scale, *, tone: str, margin: float = 0.0) -> SafeString:
    """Draw an interval; the words beside it say the same, so a screen reader skips it."""
    middle = HEIGHT / 2
    nought, low, high, mid = (scale.at(value) for value in (0.0, one.low, one.high, one.effect))
    arrows = []
    if one.low < scale.low:
        arrows.append(f"{low - 7},{middle} {low + 1},{middle - 5} {low + 1},{middle + 5}")
    if one.high > scale.high:
        arrows.append(f"{high + 7},{middle} {high - 1},{middle - 5} {high - 1},{middle + 5}")
    cut = SafeString("").join(
        format_html('<polygon class="forest__mark" points="{}"/>', points) for points in arrows
    )
    bound = SafeString("")
    if margin:
        place = scale.at(-margin if one.wanted == "up" else margin)
        bound = format_html(
            '<line class="forest__margin" x1="{}" x2="{}" y1="4" y2="{}"/>', place, place, HEIGHT - 4
        )
    return format_html(
        '<svg class="forest__drawing forest__drawing--{}" viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' aria-hidden="true" focusable="false"><line class="forest__nought" x1="{}" x2="{}" y1="0" y2="{}"/>{}'
        '<line class="forest__span" x1="{}" x2="{}" y1="{}" y2="{}"/>{}'
        '<line class="forest__point" x1="{}" x2="{}" y1="{}" y2="{}"/></svg>',
        tone or "plain", int(WIDTH), int(HEIGHT), nought, nought, HEIGHT, bound, low, high, middle, middle, cut,
        mid, mid, middle, middle,
    )  # fmt: skip


def forest_chart(lines: Sequence[Line], *, title: str) -> charts.Chart:
    """Return the same intervals as a chart to download, with every figure in its table."""
    told = [one for one in lines if not one.refused]
    rows = [
        {
            "line": one.metric
            if len({each.variant for each in told}) < 2
            else f"{one.metric}, {one.variant}",
            "metric": one.metric,
            "role": one.role,
            "variant": one.variant,
            "control_value": one.control_value,
            "value": one.value,
            "unit": "lift, %" if one.is_lift else "difference",
            "effect": one.effect * (100 if one.is_lift else 1),
            "low": one.low * (100 if one.is_lift else 1),
            "high": one.high * (100 if one.is_lift else 1),
            "p": one.p_value,
            "adjusted": one.adjusted,
            "tone": one.tone,
        }
        for one in told
    ]
    columns = (
        ("metric", "Metric"), ("role", "Role"), ("variant", "Variant"), ("control_value", "Control"),
        ("value", "Variant’s value"), ("unit", "Effect as"), ("effect", "Effect"), ("low", "Low"), ("high", "High"),
        ("p", "p"), ("adjusted", "p, adjusted"),
    )  # fmt: skip
    lifts = [row for row in rows if row["unit"] == "lift, %"]
    return charts.Chart(
        id="forest",
        title=title,
        summary="; ".join(f"{one.metric} {one.text}" for one in told[:3]),
        spec=charts.intervals(
            lifts, y="line", low="low", mid="effect", high="high", tone="tone", x_title="Lift, %"
        )
        if lifts
        else {},
        rows=rows,
        columns=columns,
    )


def history_chart(readouts: Sequence[Any], *, metric: str, variant: str) -> charts.Chart | None:
    """Return how the primary interval has narrowed from readout to readout; None before the third."""
    rows = []
    for one in reversed(readouts):
        line = next(
            (each for each in one.summary if each["role"] == "primary" and each["variant"] == variant), None
        )
        if line is None or line.get("shown") is None:
            continue
        low, mid, high = (100 * each for each in line["shown"])
        rows.append({"day": one.as_of.isoformat(), "low": low, "lift": mid, "high": high, "units": one.units})
    if len(rows) < 3:
        return None
    return charts.Chart(
        id="narrowing",
        title=f"{metric} over the readouts",
        summary=f"The interval was {rows[0]['low']:+.1f} to {rows[0]['high']:+.1f}% at first, and is"
        f" {rows[-1]['low']:+.1f} to {rows[-1]['high']:+.1f}% now.",
        spec=band(rows),
        rows=rows,
        columns=(("day", "Read"), ("units", "Units"), ("lift", "Lift, %"), ("low", "Low"), ("high", "High")),
    )


def band(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a line with its interval over time."""
    import altair as alt  # half a second to import: only where a chart is drawn

    chart = alt.Chart(alt.NamedData(name="rows"))
    at = alt.X(field="day", type="temporal", title=None)
    area = chart.mark_area().encode(
        x=at, y=alt.Y(field="low", type="quantitative", title="Lift, %"), y2=alt.Y2(field="high")
    )
    line = chart.mark_line(point=True).encode(x=at, y=alt.Y(field="lift", type="quantitative"))
    nought = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(strokeDash=[3, 3])
    zero = nought.encode(y=alt.Y(field="at", type="quantitative"))
    return charts.finish(alt.layer(area, zero, line), data={"rows": rows}, height=180)


def novelty_chart(line: Mapping[str, Any], *, metric: str) -> charts.Chart | None:
    """Return the effect by days since the exposure."""
    points = [one for one in line.get("points", []) if one.get("relative_lift") is not None]
    if len(points) < 3:
        return None
    rows = [
        {
            "stretch": f"day {point['from_day']:g} to {point['to_day']:g}",
            "low": 100 * point["relative_ci_low"],
            "lift": 100 * point["relative_lift"],
            "high": 100 * point["relative_ci_high"],
            "units": point["units"],
        }
        for point in points
    ]
    return charts.Chart(
        id="novelty",
        title=f"{metric} by days since a unit first saw it",
        summary=course_words(line),
        spec=charts.intervals(rows, y="stretch", low="low", mid="lift", high="high", x_title="Lift, %"),
        rows=rows,
        columns=(
            ("stretch", "Since exposure"),
            ("units", "Units"),
            ("lift", "Lift, %"),
            ("low", "Low"),
            ("high", "High"),
        ),
    )


def course_words(line: Mapping[str, Any]) -> str:
    """What the line through the effects says."""
    if "refused" in line:
        return f"Whether it changes with time cannot be told: {line['refused']}."
    p = f"p = {line['p_value']:.2g}"
    return {
        "fades": f"The effect fades the longer a unit has it ({p}): part of it is novelty.",
        "grows": f"The effect grows the longer a unit has it ({p}): units learn.",
    }.get(line["course"], f"No change with time was found ({p}).")
