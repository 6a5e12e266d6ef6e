"""The plan along the days: bars from start to P50 and on to P85, promised dates, and what each team has a week."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.records import kinds
from roadbed.core.workspaces.access import Access, page
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms import timeline as forms
from roadbed.modules.roadmap.models import ForecastRow, PlanForecast
from roadbed.modules.roadmap.selectors import forecasts
from roadbed.modules.roadmap.views import forecasts as sheets
from roadbed.modules.roadmap.views import shared
from roadbed.web import formats, responses

SIZE = 400
"""Rows on a page."""
BEFORE = timedelta(weeks=2)
LONGEST = 104
"""Weeks, where nobody chose how far to look."""
STEP = 30
"""The height of a row in the drawing of what waits for what."""
LATE = 1.02
"""More planned than there is, beyond rounding."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Days as percentages of the width, so that a drawing fits any screen without a style."""

    first: date
    last: date

    def at(self, day: date) -> float:
        """Return where a day begins, in percent; what lies outside stands at the edge.

        >>> Scale(date(2026, 3, 1), date(2026, 3, 11)).at(date(2026, 3, 6))
        50.0
        """
        share = (day - self.first).days / max(1, (self.last - self.first).days)
        return round(min(1.0, max(0.0, share)) * 100, 2)

    def span(self, start: date, last: date) -> tuple[float, float]:
        """Return where a stretch begins and how wide it is; its last day belongs to it."""
        begin = self.at(start)
        return begin, round(self.at(last + timedelta(days=1)) - begin, 2)

    def has(self, day: date) -> bool:
        """Whether a day is shown."""
        return self.first <= day <= self.last

    def months(self) -> list[dict[str, Any]]:
        """Return the months that begin in it, with as many names as there is room for."""
        found = []
        year, month = self.first.year, self.first.month
        while True:
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)
            day = date(year, month, 1)
            if day >= self.last:
                break
            found.append(day)
        every = max(1, -(-len(found) // 9))
        return [
            {
                "at": self.at(day),
                "name": (f"{day:%b %Y}" if day.month == 1 or turn == 0 else f"{day:%b}")
                if turn % every == 0 and self.at(day) < 96
                else "",
            }
            for turn, day in enumerate(found)
        ]


def scale_of(rows: Sequence[ForecastRow], *, weeks: int | None, begin: date) -> Scale:
    """Return the days that are shown: from two weeks before the first planned one to the last P85, or as chosen."""
    first = begin - BEFORE
    first -= timedelta(days=first.weekday())
    if weeks is not None:
        return Scale(first, first + timedelta(weeks=weeks))
    ends = [max(row.p85, row.due or row.p85) for row in rows]
    last = max([*ends, begin + timedelta(weeks=8)]) + timedelta(days=10)
    return Scale(first, min(last, first + timedelta(weeks=LONGEST)))


def line(access: Access, row: ForecastRow, scale: Scale, *, today: date) -> dict[str, Any]:
    """What a row of the timeline needs."""
    day: Callable[[date], str] = lambda value: formats.day(value, today=today)  # noqa: E731 - said often
    middle = max(row.start, row.p50)
    sure, sure_width = scale.span(row.start, middle)
    faded, faded_width = scale.span(middle + timedelta(days=1), row.p85)
    words = f"{row.record.key}: {day(row.start)} until {day(row.p50)} in half of the futures, {day(row.p85)} in 85%"
    if row.due is not None and row.chance is not None:
        words += (
            f"; {formats.percent(row.chance)} by the {'promised' if row.is_hard else 'wished'} {day(row.due)}"
        )
    return {
        "row": row,
        "record": row.record,
        "url": kinds.url_of(row.record, workspace=access.workspace.slug),
        "sheet": sheets.sheet_url(access, row.record),
        "words": words,
        "sure": sure,
        "sure_width": max(sure_width, 0.3),
        "faded": faded,
        "faded_width": max(faded_width, 0.0),
        "due": scale.at(row.due) if row.due is not None and scale.has(row.due) else None,
        "tone": sheets.tone_of(row.chance),
        "chance": formats.percent(row.chance) if row.chance is not None else "",
        "p85": day(row.p85),
    }


def strip(weeks: Iterable[forecasts.Week], scale: Scale, *, today: date) -> dict[str, Any] | None:
    """Return a team's weeks as bars, and in words; None where there are none."""
    shown = [week for week in weeks if scale.first <= week.monday < scale.last]
    most = max((max(week.there, week.planned) for week in shown), default=0.0)
    if not most:
        return None
    bars = []
    for week in shown:
        begin, width = scale.span(week.monday, week.monday + timedelta(days=6))
        bars.append(
            {
                "at": begin,
                "width": round(max(0.1, width - 0.25), 2),
                "there": round(36 * week.there / most, 1),
                "planned": round(36 * week.planned / most, 1),
                "is_over": week.planned > week.there * LATE + 0.5,
            }
        )
    for bar in bars:
        bar["there_y"], bar["planned_y"] = round(38 - bar["there"], 1), round(38 - bar["planned"], 1)
    there, planned = sum(week.there for week in shown), sum(week.planned for week in shown)
    free = next((week for week in shown if week.there > 1 and week.planned < 0.5 * week.there), None)
    words = f"{formats.number(planned)} of {formats.number(there)} person-days planned"
    if free is not None:
        words += f"; half free from the week of {formats.day(free.monday, today=today)}"
    return {"bars": bars, "words": words, "weeks": shown}


def _group_of(row: ForecastRow, by: str) -> tuple[str, str]:
    if by == "release":
        return (str(row.release_id or ""), row.release.title if row.release else "In no release")
    if by == "product":
        product = row.record.product
        return (str(product.pk) if product else "", product.name if product else "Of no product")
    return (str(row.team_id or ""), row.team.name if row.team else "Nobody’s")


def _groups(
    access: Access, run: PlanForecast, rows: Sequence[ForecastRow], scale: Scale, *, by: str, today: date
) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        key, name = _group_of(row, by)
        group = found.setdefault(key, {"name": name, "lines": [], "key": key})
        group["lines"].append(line(access, row, scale, today=today))
    if by == "team":
        loads = {str(load.team_id): load.weeks for load in forecasts.loads_of(run)}
        for key, group in found.items():
            group["strip"] = strip(loads.get(key, ()), scale, today=today)
    if by == "release":
        ends = {
            str(row.record_id): row
            for row in forecasts.rows_of(
                run, kinds=[ForecastRow.Kind.RELEASE], circles=sorted(access.circle_ids)
            )
        }
        for key, group in found.items():
            if key in ends:
                group["note"] = sheets.headline(ends[key], today=today)
                group["sheet"] = sheets.sheet_url(access, ends[key].record)
                group["tone"] = sheets.tone_of(ends[key].chance)
    return sorted(found.values(), key=lambda group: (not group["key"], group["lines"][0]["row"].place))


def around(access: Access, run: PlanForecast, key: str, *, today: date) -> dict[str, Any] | None:
    """Return the drawing of what a row waits for and what waits for it; None where nothing does."""
    circles = sorted(access.circle_ids)
    record = next(
        iter(forecasts.names_of([key], workspace_id=access.workspace.pk, circles=circles).values()), None
    )
    row = forecasts.rows_of(run, circles=circles).filter(record=record).first() if record else None
    if row is None:
        return None
    near = forecasts.neighbours_of(row, circles=circles)
    rows = [*near.before, row, *near.after]
    scale = scale_of(rows, weeks=None, begin=run.first)
    lines = [
        {
            **line(access, one, scale, today=today),
            "y": turn * STEP,
            "middle": turn * STEP + STEP / 2,
            "is_it": one.pk == row.pk,
        }
        for turn, one in enumerate(rows)
    ]
    here = next(one for one in lines if one["is_it"])
    ties = []
    for one in lines:
        if one["is_it"]:
            continue
        earlier, later = (one, here) if one["middle"] < here["middle"] else (here, one)
        ties.append(
            {
                "from_x": round(earlier["sure"] + earlier["sure_width"], 2),
                "from_y": earlier["middle"],
                "to_x": later["sure"],
                "to_y": later["middle"],
            }
        )
    return {
        "record": record,
        "lines": lines,
        "ties": ties,
        "height": len(lines) * STEP,
        "months": scale.months(),
        "today": scale.at(today),
    }


def _page_number(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 5 and int(text) > 0 else 1


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """Draw the newest forecast along the days."""
    path = f"{shared.base(access)}timeline/"
    today = timezone.localdate()
    state = forms.FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    run = forecasts.latest_run(workspace_id=access.workspace.pk)
    context: dict[str, Any] = {
        "base": shared.base(access),
        "switch": shared.switch(access, "timeline"),
        "state": state,
        "run": run,
    }
    if run is not None:
        context |= _drawn(request, access, run, state, today=today)
    return responses.page(request, "roadmap/timeline.html", context)


def _drawn(
    request: HttpRequest, access: Access, run: PlanForecast, state: Any, *, today: date
) -> dict[str, Any]:
    by = state.values.get("by", "team")
    weeks = int(state.values["weeks"]) if "weeks" in state.values else None
    narrowing = {name: value for name, value in state.values.items() if name not in forms.OWN}
    rows = forecasts.rows_of(run, kinds=[ForecastRow.Kind.WORK], circles=sorted(access.circle_ids))
    if narrowing:
        # A row's team and release may come from above it, so these two are the row's own.
        team, release = narrowing.pop("team", None), narrowing.pop("release", None)
        rows = rows.filter(team_id=team) if team else rows
        rows = rows.filter(release__number=release) if release else rows
        if narrowing:
            features = selectors.filter_features(workspace_id=access.workspace.pk, filters=narrowing)
            rows = rows.filter(record__in=features.order_by().values("pk"))
    total = rows.count()
    pages = max(1, -(-total // SIZE))
    number = min(pages, _page_number(request.GET.get("page", "")))
    shown = list(rows[(number - 1) * SIZE : number * SIZE])
    scale = scale_of(shown, weeks=weeks, begin=run.first)
    sums = forecasts.sum_of(forecasts.loads_of(run)) if by != "team" else []
    joint = "&" if state.querystring else ""
    focus = request.GET.get("focus", "")[:40].replace("\x00", "")
    return {
        "groups": _groups(access, run, shown, scale, by=by, today=today),
        "months": scale.months(),
        "today": scale.at(today),
        "total": total,
        "strip": strip(sums, scale, today=today),
        "focus": around(access, run, focus, today=today) if focus else None,
        "refused": sheets.refusals(access, run),
        "trust": sheets.trust_words(forecasts.record_for(run, team_id=None)),
        "note": f"{formats.plural(total, 'piece')} of work",
        "earlier": f"{state.path}?{state.querystring}{joint}page={number - 1}" if number > 1 else "",
        "later": f"{state.path}?{state.querystring}{joint}page={number + 1}" if number < pages else "",
    }
