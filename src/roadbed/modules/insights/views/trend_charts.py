"""Lines over weeks, with the releases and the loud weeks marked on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from roadbed.core.workspaces.access import Access
from roadbed.modules.insights.models import Dimension, TrendAlert
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.selectors.trends import Line
from roadbed.modules.insights.services import alerts as services
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import who_said
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.roadmap.facade import ReleaseMark
from roadbed.web import charts, formats
from roadbed_engines.text.trends import WEEK, ChangePoint, Weeks

HEIGHT = 190
STATE_TONES = {"new": "bad", "known": "", "no": "outline"}


def releases(access: Access, *, first: dt.date, last: dt.date) -> list[ReleaseMark]:
    """Return the releases that went out in these weeks."""
    return roadmap.releases_shipped(
        access.workspace.pk, access.workspace.slug, first=first, last=last + dt.timedelta(days=6)
    )


def _rows(weeks: Weeks) -> list[dict[str, Any]]:
    return [
        {"week": weeks.week(place).isoformat(), "pieces": count} for place, count in enumerate(weeks.counts)
    ]


def _smooth(weeks: Weeks) -> list[dict[str, Any]]:
    """Return the mean of each week and the three before it: several lines of single weeks are a thicket."""
    counts = weeks.counts
    return [
        {
            "week": weeks.week(place).isoformat(),
            "pieces": round(sum(counts[max(0, place - 3) : place + 1]) / min(4, place + 1), 2),
        }
        for place in range(len(counts))
    ]


def _releases(marks: Sequence[ReleaseMark]) -> list[dict[str, str]]:
    return [{"week": mark.day.isoformat(), "release": mark.title} for mark in marks]


def _layers(marks: Sequence[ReleaseMark], *, series: bool) -> Any:
    """Return the releases as dashed rules with their names, and the lines above them; over named rows."""
    import altair as alt  # half a second to import: only where a chart is drawn

    x = alt.X(field="week", type="temporal", title=None)
    y = alt.Y(
        field="pieces",
        type="quantitative",
        title="Pieces a week, mean of four" if series else "Pieces a week",
        scale=alt.Scale(zero=True),
    )
    base = alt.Chart(alt.NamedData(name="rows")).encode(x=x, y=y)
    if series:
        layers = [
            base.encode(
                color=alt.Color(field="name", type="nominal", sort=None),
                tooltip=[alt.Tooltip(field=name) for name in ("week", "name", "pieces")],
            ).mark_line(strokeWidth=1.8)
        ]
    else:
        hint = [alt.Tooltip(field=name) for name in ("week", "pieces")]
        layers = [base.mark_area(), base.encode(tooltip=hint).mark_line()]
    if marks:
        rules = alt.Chart(alt.NamedData(name="releases")).encode(
            x=alt.X(field="week", type="temporal"), tooltip=[alt.Tooltip(field="release")]
        )
        layers.append(rules.mark_rule(strokeDash=[3, 3], color=charts.INK["ink-2"]))
        layers.append(
            rules.encode(text=alt.Text(field="release")).mark_text(
                align="left", dx=4, y=6, baseline="top", color=charts.INK["ink-2"], fontSize=10.5
            )
        )
    return layers


def one_line(
    *, id: str, name: str, weeks: Weeks, marks: Sequence[ReleaseMark], alerts: Sequence[TrendAlert]
) -> charts.Chart:
    """Return one line with its releases and its loud weeks."""
    import altair as alt  # as above

    rows = _rows(weeks)
    layers = _layers(marks, series=False)
    loud = {alert.week.isoformat(): alert for alert in alerts}
    points = [{**row, "usual": round(loud[row["week"]].expected, 1)} for row in rows if row["week"] in loud]
    if points:
        layers.append(
            alt.Chart(alt.NamedData(name="loud"))
            .encode(
                x=alt.X(field="week", type="temporal"),
                y=alt.Y(field="pieces", type="quantitative"),
                tooltip=[alt.Tooltip(field=one) for one in ("week", "pieces", "usual")],
            )
            .mark_point(color=charts.INK["bad"], size=90, filled=True, opacity=1)
        )
    total, recent = sum(weeks.counts), sum(weeks.counts[-4:])
    summary = (
        f"{formats.plural(total, 'piece')} in {len(weeks.counts)} weeks, {recent} in the last four"
        + (f"; louder than usual in {formats.plural(len(points), 'week')}" if points else "")
        + (f"; {formats.plural(len(marks), 'release')} marked" if marks else "")
        + "."
    )
    return charts.Chart(
        id=id,
        title=f"{name}: pieces a week",
        summary=summary,
        spec=charts.finish(
            alt.layer(*layers),
            data={"rows": rows, "releases": _releases(marks), "loud": points},
            height=HEIGHT,
        ),
        rows=rows,
        columns=(("week", "Week of"), ("pieces", "Pieces")),
    )


def many_lines(*, id: str, title: str, lines: Sequence[Line], marks: Sequence[ReleaseMark]) -> charts.Chart:
    """Return several lines in one drawing, with a column each in its table."""
    import altair as alt  # as above

    rows = [
        {**row, "name": line.name if len(line.name) <= 24 else f"{line.name[:23]}…"}
        for line in lines
        for row in _smooth(line.weeks)
    ]
    table = (
        [
            {
                "week": lines[0].weeks.week(place).isoformat(),
                **{line.value: line.weeks.counts[place] for line in lines},
            }
            for place in range(len(lines[0].weeks.counts))
        ]
        if lines
        else []
    )
    loudest = ", ".join(f"{line.name} {formats.number(line.total)}" for line in lines[:3])
    return charts.Chart(
        id=id,
        title=title,
        summary=f"Most was said of {loudest}." if lines else "Nothing was said in these weeks.",
        spec=charts.finish(
            alt.layer(*_layers(marks, series=True)),
            data={"rows": rows, "releases": _releases(marks)},
            width=1080,
            height=260,
        ),
        rows=table,
        columns=(("week", "Week of"), *((line.value, line.name) for line in lines)),
    )


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as a page shows it."""

    alert: TrendAlert
    sentence: str
    tone: str
    url: str
    """Where its deeds are."""
    subject_url: str
    feedback_url: str
    pieces: tuple[dict[str, str], ...]
    times: str


def alert_lines(access: Access, alerts: Sequence[TrendAlert]) -> list[AlertLine]:
    """Return alerts with a few of their pieces, in one query."""
    pieces = selectors.pieces_of(alerts=alerts)
    segments = selectors.segments_behind(workspace_id=access.workspace.pk, alerts=alerts)
    base = shared.place(access)
    found = []
    for alert in alerts:
        last = alert.week + WEEK - dt.timedelta(days=1)
        said = f"said_from={alert.week.isoformat()}&said_to={last.isoformat()}"
        subject = ""
        if alert.theme is not None:
            subject = f"{base}themes/{alert.theme.number}/"
            said += f"&theme={alert.theme.key}"
        elif alert.value in segments:
            segment = segments[alert.value]
            subject = f"{base}segments/{segment.number}/"
            said += f"&segment={segment.key}"
        elif alert.dimension == Dimension.SOURCE:
            said += f"&{urlencode({'source': alert.value})}"
        found.append(
            AlertLine(
                alert=alert,
                sentence=services.sentence(alert),
                tone=STATE_TONES[alert.state],
                url=f"{base}alerts/{alert.pk}/",
                subject_url=subject,
                feedback_url=f"{base}feedback/?{said}",
                pieces=tuple(
                    {
                        "key": one.key,
                        "text": one.title,
                        "who": who_said(one),
                        "url": f"{base}feedback/{one.number}/",
                    }
                    for one in pieces.get(alert.pk, [])
                ),
                times=f"{alert.seen / alert.expected:.0f}×" if alert.expected >= 0.1 else "new",
            )
        )
    return found


def change_words(change: ChangePoint) -> str:
    """Return a change point as a person would say it."""
    words = f"From {change.week:%-d %B %Y} on {change.after:.1f} a week, before {change.before:.1f}"
    return f"{words}, after {change.marker}" if change.marker else words
