"""Charts: one grammar (Vega-Lite, written with Altair), drawn to SVG on the server in the colours of the page.

A specification uses the names of `INK`; the drawing gets the style sheet's variables in their place, so that it
follows light, dark and print without being drawn again. Downloads get the light colours. The figures stand beside
every chart as a table, and download as CSV.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.safestring import SafeString, mark_safe

from roadbed.web import formats
from roadbed.web.cells import guard_formula

VALIDATED = False
"""Whether Altair holds each chart against its grammar's schema. That takes as long as all else about it, and finds
what a program wrote wrongly, not what its readers asked for: the tests have it on."""

# Colours that occur nowhere else: each stands for a variable of the style sheet until the drawing is finished.
# The client resolves the same names (frontend/src/chart.ts).
INK = {
    "accent": "#0a0b01",
    "accent-soft": "#0a0b02",
    "good": "#0a0b03",
    "warn": "#0a0b04",
    "bad": "#0a0b05",
    "ink": "#0a0b06",
    "ink-2": "#0a0b07",
    "line": "#0a0b08",
    "surface": "#0a0b09",
    "series-1": "#0a0b11",
    "series-2": "#0a0b12",
    "series-3": "#0a0b13",
    "series-4": "#0a0b14",
    "series-5": "#0a0b15",
    "series-6": "#0a0b16",
}
LIGHT = {
    "accent": "#1f5590",
    "accent-soft": "#e0eefd",
    "good": "#1c6b40",
    "warn": "#7d5200",
    "bad": "#ab2a22",
    "ink": "#1b1f2a",
    "ink-2": "#565b67",
    "line": "#dfddd8",
    "surface": "#ffffff",
    "series-1": "#1f5590",
    "series-2": "#b97a2d",
    "series-3": "#1f7a5c",
    "series-4": "#85489c",
    "series-5": "#bf5b5f",
    "series-6": "#737783",
}
SERIES = tuple(INK[f"series-{index}"] for index in range(1, 7))
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
CONFIG: dict[str, Any] = {
    "background": None,
    "font": "Inter, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK["ink-2"],
        "titleColor": INK["ink-2"],
        "gridColor": INK["line"],
        "domainColor": INK["line"],
        "tickColor": INK["line"],
        "labelFontSize": 11.5,
        "titleFontSize": 11.5,
        "titleFontWeight": "normal",
        "labelPadding": 6,
        "tickCount": 5,
        "tickSize": 4,
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "legend": {
        "labelColor": INK["ink-2"],
        "titleColor": INK["ink-2"],
        "labelFontSize": 11.5,
        "title": None,
        "orient": "top",
        "symbolType": "square",
    },
    "text": {"color": INK["ink-2"], "fontSize": 11.5},
    "rule": {"color": INK["ink-2"]},
    "line": {"color": INK["accent"], "strokeWidth": 2},
    "area": {"color": INK["accent"], "opacity": 0.18},
    "bar": {"color": INK["accent"], "cornerRadiusEnd": 2},
    "point": {"color": INK["accent"], "filled": True, "size": 36},
    "range": {"category": list(SERIES)},
}

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as ``components/chart.html`` draws it.

    `summary` says in a sentence what the drawing shows; screen readers get it instead of the drawing. `columns`
    names the figures of the table in order; without it the keys of the first row are used.
    """

    id: str
    title: str
    summary: str
    spec: Mapping[str, Any]
    rows: Rows
    columns: tuple[tuple[str, str], ...] = ()
    note: str = ""
    interactive: bool = True

    @property
    def headings(self) -> tuple[tuple[str, str], ...]:
        """The columns of the table: key and what people read."""
        if self.columns or not self.rows:
            return self.columns
        return tuple((key, key.replace("_", " ").capitalize()) for key in self.rows[0])

    @property
    def table(self) -> list[list[str]]:
        """The figures as people read them."""
        return [[_shown(row.get(key)) for key, _ in self.headings] for row in self.rows]

    @property
    def svg(self) -> SafeString:
        """The drawing, for the page."""
        drawing = _render(self.spec)
        for name, placeholder in INK.items():
            drawing = drawing.replace(placeholder, f"var(--{name})")
        # The figures stand in the table; of the drawing a reader needs one sentence, not each mark.
        label = SafeString(_attribute(self.summary))
        drawing = re.sub(
            r"<svg [^>]*?(viewBox=\"[^\"]+\")[^>]*>",
            rf'<svg \1 role="img" aria-label="{label}">',
            drawing,
            count=1,
        )
        return mark_safe(_quieten(drawing))  # noqa: S308 - Vega escapes text; styles and roles are taken out


def _quieten(drawing: str) -> str:
    """Take out inline styles, which the policy forbids, and the roles of marks, which would be read one by one."""
    head, tail = drawing.split(">", 1)
    tail = re.sub(r' (?:style|role|aria-[a-z]+|class)="[^"]*"', "", tail)
    return f"{head}>{tail}"


def _attribute(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\\", "\\\\")


def warm() -> None:
    """Draw a chart that nobody sees: the first one in a process waits for its libraries, the next ones do not."""
    import vl_convert  # as below

    spec = lines([{"x": "2026-01-01", "y": 1}], x="x", y="y")
    vl_convert.vegalite_to_svg(json.dumps(spec))


def _render(spec: Mapping[str, Any]) -> str:
    text = json.dumps(spec, sort_keys=True, default=str)
    key = f"roadbed.web.chart:{hashlib.sha256(text.encode()).hexdigest()}"
    drawing: str | None = cache.get(key)
    if drawing is None:
        import vl_convert  # 88 MB of library that most processes never need

        drawing = vl_convert.vegalite_to_svg(text)
        cache.set(key, drawing, timeout=60 * 60 * 24)
    return drawing


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return formats.number(value)
    if isinstance(value, float):
        return formats.number(value, digits=0 if value == int(value) else 2)
    return "–" if value is None else str(value)


def download(request: HttpRequest, chart: Chart) -> HttpResponse | None:
    """Answer ``?chart=<id>&as=svg|png|csv|json``; None when this request is for the page, or for another chart."""
    if request.GET.get("chart") != chart.id:
        return None
    kind = request.GET.get("as", "")
    if kind == "json":
        return JsonResponse(dict(chart.spec))
    if kind not in {"svg", "png", "csv"}:
        return None
    content: bytes | str
    if kind == "csv":
        content, media = _csv(chart), "text/csv; charset=utf-8"
    else:
        import vl_convert  # as above

        spec = json.dumps(chart.spec, default=str)
        for name, placeholder in INK.items():
            spec = spec.replace(placeholder, LIGHT[name])
        if kind == "svg":
            content, media = vl_convert.vegalite_to_svg(spec), "image/svg+xml"
        else:
            content, media = vl_convert.vegalite_to_png(spec, scale=2), "image/png"
    response = HttpResponse(content, content_type=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{chart.id}.{kind}"'
    return response


def _csv(chart: Chart) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([guard_formula(label) for _, label in chart.headings])
    for row in chart.rows:
        writer.writerow([guard_formula(row.get(key)) for key, _ in chart.headings])
    return out.getvalue()


def finish(
    chart: Any, *, data: Mapping[str, Rows] | None = None, width: int = 720, height: int = 200
) -> dict[str, Any]:
    """Return the specification of an Altair chart in the look of the house.

    Parameters
    ----------
    data : mapping of str to rows, optional
        What the chart names with ``alt.NamedData``. Altair walks through inline rows one by one, several times; named
        ones are put in as they are.
    """
    spec: dict[str, Any] = chart.properties(width=width, height=height).to_dict(validate=VALIDATED)
    if data:
        spec["datasets"] = {name: [dict(row) for row in rows] for name, rows in data.items()}
    spec["$schema"] = SCHEMA
    spec["config"] = CONFIG
    return spec


def lines(
    rows: Rows,
    *,
    x: str,
    y: str,
    series: str = "",
    x_title: str = "",
    y_title: str = "",
    temporal: bool = True,
    **size: int,
) -> dict[str, Any]:
    """Return lines over time (or over numbers), one for each value of `series`."""
    import altair as alt  # half a second to import: only where a chart is drawn

    channels: dict[str, Any] = {
        "x": alt.X(field=x, type="temporal" if temporal else "quantitative", title=x_title or None),
        "y": alt.Y(field=y, type="quantitative", title=y_title or None),
        "tooltip": [alt.Tooltip(field=name) for name in (x, y, series) if name],
    }
    base = alt.Chart(alt.NamedData(name="rows")).encode(**channels)
    data = {"rows": rows}
    if series:
        coloured = base.encode(color=alt.Color(field=series, type="nominal"))
        return finish(coloured.mark_line(point=True), data=data, **size)
    return finish(alt.layer(base.mark_area(), base.mark_line(point=True)), data=data, **size)


def bars(
    rows: Rows, *, x: str, y: str, series: str = "", x_title: str = "", order: str | None = "-x", **size: int
) -> dict[str, Any]:
    """Return horizontal bars, the longest first; with `series` they are stacked."""
    import altair as alt  # as above

    channels: dict[str, Any] = {
        "x": alt.X(field=x, type="quantitative", title=x_title or None),
        "y": alt.Y(field=y, type="nominal", title=None, sort=order),
        "tooltip": [alt.Tooltip(field=name) for name in (y, series, x) if name],
    }
    if series:
        channels["color"] = alt.Color(field=series, type="nominal")
    base = alt.Chart(alt.NamedData(name="rows")).encode(**channels)
    size.setdefault("height", max(60, 26 * len({row[y] for row in rows})))
    return finish(base.mark_bar(), data={"rows": rows}, **size)


def intervals(
    rows: Rows,
    *,
    y: str,
    low: str,
    mid: str,
    high: str,
    tone: str = "",
    x_title: str = "",
    zero: bool = True,
    **size: int,
) -> dict[str, Any]:
    """Return estimates with their intervals, one line each; `tone` names a column with good, warn, bad or nothing."""
    import altair as alt  # as above

    data = alt.NamedData(name="rows")
    line = alt.Y(field=y, type="nominal", title=None, sort=None)
    colour: Any = alt.value(INK["ink-2"])
    if tone:
        colour = alt.Color(field=tone, type="nominal", legend=None).scale(
            domain=["good", "warn", "bad", ""], range=[INK["good"], INK["warn"], INK["bad"], INK["ink-2"]]
        )
    hint = [alt.Tooltip(field=name) for name in (y, low, mid, high)]
    span = (
        alt.Chart(data)
        .mark_rule(strokeWidth=3)
        .encode(
            x=alt.X(field=low, type="quantitative", title=x_title or None, scale=alt.Scale(zero=zero)),
            x2=alt.X2(field=high),
            y=line,
            color=colour,
            tooltip=hint,
        )
    )
    point = (
        alt.Chart(data)
        .mark_point(size=64, opacity=1)
        .encode(x=alt.X(field=mid, type="quantitative"), y=line, color=colour, tooltip=hint)
    )
    layers = [span, point]
    if zero:
        nought = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(strokeDash=[3, 3])
        layers.insert(0, nought.encode(x=alt.X(field="at", type="quantitative")))
    size.setdefault("height", max(60, 32 * len(rows)))
    return finish(alt.layer(*layers), data={"rows": rows}, **size)
