"""Days as places in a drawing: bars, months, and what a team has a week. Used by the timeline and by branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from roadbed.core.records import kinds
from roadbed.core.workspaces.access import Access
from roadbed.modules.roadmap.models import ForecastRow
from roadbed.modules.roadmap.selectors import forecasts
from roadbed.modules.roadmap.views import forecasts as sheets
from roadbed.web import formats

BEFORE = timedelta(weeks=2)
LONGEST = 104
"""Weeks, where nobody chose how far to look."""
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


def scale_of(ends: Iterable[date], *, weeks: int | None, begin: date) -> Scale:
    """Return the days that are shown: from two weeks before the first planned one to the last P85, or as chosen."""
    first = begin - BEFORE
    first -= timedelta(days=first.weekday())
    if weeks is not None:
        return Scale(first, first + timedelta(weeks=weeks))
    last = max([*ends, begin + timedelta(weeks=8)]) + timedelta(days=10)
    return Scale(first, min(last, first + timedelta(weeks=LONGEST)))


def line(
    access: Access, row: ForecastRow, scale: Scale, *, today: date, branch: int | None = None
) -> dict[str, Any]:
    """What a row of the timeline needs; of a branch, its bar leads to the form that moves it there."""
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
        "sheet": sheets.sheet_url(access, row.record)
        if branch is None
        else f"/w/{access.workspace.slug}/roadmap/timeline/form/{row.record.key.lower()}/?branch={branch}",
        "words": words,
        "sure": sure,
        "sure_width": max(sure_width, 0.3),
        "faded": faded,
        "faded_width": max(faded_width, 0.0),
        "due": scale.at(row.due) if row.due is not None and scale.has(row.due) else None,
        "tone": sheets.tone_of(row.chance),
        "chance": formats.percent(row.chance) if row.chance is not None else "",
        "p85": day(row.p85),
        "start": row.start.isoformat(),
        "end": row.p85.isoformat(),
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
