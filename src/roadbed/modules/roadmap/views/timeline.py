"""The plan along the days: bars from start to P50 and on to P85, promised dates, and what each team has a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.workspaces.access import Access, page
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms import timeline as forms
from roadbed.modules.roadmap.models import Branch, ForecastRow, PlanForecast
from roadbed.modules.roadmap.selectors import forecasts
from roadbed.modules.roadmap.selectors import timeline as reading
from roadbed.modules.roadmap.views import forecasts as sheets
from roadbed.modules.roadmap.views import moving, shared
from roadbed.modules.roadmap.views.timeline_drawing import Scale, line, scale_of, strip
from roadbed.web import formats, responses

SIZE = 2_000
"""Rows on a page."""
PART = 120
"""So many rows are drawn at first; the others follow while people look at them."""
STEP = 30
"""The height of a row in the drawing of what waits for what."""


def _group_of(row: ForecastRow, by: str) -> tuple[str, str]:
    if by == "release":
        return (str(row.release_id or ""), row.release.title if row.release else "In no release")
    if by == "product":
        product = row.record.product
        return (str(product.pk) if product else "", product.name if product else "Of no product")
    return (str(row.team_id or ""), row.team.name if row.team else "Nobody’s")


def _groups(
    access: Access, part: Part, scale: Scale, *, by: str, branch: int | None, today: date
) -> list[dict[str, Any]]:
    """Gather a part's rows; a group that goes on from the part before has no heading, one that goes on no strip."""
    run = part.lines.run
    found: dict[str, dict[str, Any]] = {}
    for row in part.lines.read(part.spots):
        key, name = _group_of(row, by)
        group = found.setdefault(key, {"name": name, "lines": [], "key": key})
        group["lines"].append(line(access, row, scale, today=today, branch=branch))
    for group in found.values():
        group["count"] = sum(one.key == group["key"] for one in part.lines.spots)
        group["goes_on"] = part.before is not None and part.before.key == group["key"]
        group["is_cut"] = part.after is not None and part.after.key == group["key"]
    if by == "team":
        loads = {str(load.team_id): load.weeks for load in forecasts.loads_of(run)}
        for key, group in found.items():
            if not group["is_cut"]:
                group["strip"] = strip(loads.get(key, ()), scale, today=today)
    if by == "release" and run.pk:
        rows = forecasts.rows_of(run, kinds=[ForecastRow.Kind.RELEASE], circles=sorted(access.circle_ids))
        ends = {str(row.record_id): row for row in rows}
        for key, group in found.items():
            if key in ends and not group["goes_on"]:
                group["note"] = sheets.headline(ends[key], today=today)
                group["sheet"] = sheets.sheet_url(access, ends[key].record)
    return list(found.values())


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
    ends = [max(one.p85, one.due or one.p85) for one in rows]
    scale = scale_of(ends, weeks=None, begin=run.first)
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


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 5 and int(text) > 0 else 1


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that are drawn at once, and those right before and behind them."""

    lines: reading.Lines
    spots: Sequence[reading.Spot]
    before: reading.Spot | None
    after: reading.Spot | None


def part_of(lines: reading.Lines, *, first: int, last: int, begin: int, end: int) -> Part:
    """Return a part of the page that holds the rows from `begin` to `end`."""
    spots = lines.spots
    return Part(
        lines,
        spots[first:last],
        spots[first - 1] if first > begin else None,
        spots[last] if last < min(end, len(spots)) else None,
    )


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """Draw the newest forecast, or that of a branch, along the days."""
    path = f"{shared.base(access)}timeline/"
    today = timezone.localdate()
    state = forms.FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    branch = moving.branch_asked(access, request.GET.get("branch", ""))
    run = (
        reading.run_of_branch(branch)
        if branch is not None
        else forecasts.latest_run(workspace_id=access.workspace.pk)
    )
    context: dict[str, Any] = {
        "base": shared.base(access),
        "switch": shared.switch(access, "timeline"),
        "state": state,
        "run": run,
        "branch": branch,
        "branch_url": f"{shared.base(access)}branches/{branch.number}/" if branch else "",
        "move_url": f"{path}move/" if access.can_make and (branch is None or branch.is_open) else "",
    }
    if run is not None:
        context |= _drawn(request, access, run, state, branch=branch, today=today)
    fragment = "part" if request.GET.get("part") and responses.wants_fragment(request) else ""
    return responses.page(request, "roadmap/timeline.html", context, fragment=fragment)


def _drawn(
    request: HttpRequest, access: Access, run: PlanForecast, state: Any, *, branch: Branch | None, today: date
) -> dict[str, Any]:
    by = state.values.get("by", "team")
    weeks = int(state.values["weeks"]) if "weeks" in state.values else None
    narrowing = {name: value for name, value in state.values.items() if name not in forms.OWN}
    circles = sorted(access.circle_ids)
    lines = (
        reading.of_branch(branch, run, by=by, narrowing=narrowing, circles=circles)
        if branch is not None
        else reading.of_plan(run, by=by, narrowing=narrowing, circles=circles)
    )
    total = len(lines.spots)
    pages = max(1, -(-total // SIZE))
    number = min(pages, _number(request.GET.get("page", "")))
    begin, end = (number - 1) * SIZE, number * SIZE
    first = min(begin + (_number(request.GET.get("part", "")) - 1) * PART, max(begin, total - 1))
    last = min(first + PART, end)
    scale = scale_of((one.last for one in lines.spots[begin:end]), weeks=weeks, begin=run.first)
    part = part_of(lines, first=first, last=last, begin=begin, end=end)
    sums = forecasts.sum_of(forecasts.loads_of(run)) if by != "team" and part.after is None else []
    asked = "&".join(one for one in (state.querystring, f"branch={branch.number}" if branch else "") if one)
    joint = "&" if asked else ""
    here = f"{state.path}?{asked}{joint}page="
    focus = request.GET.get("focus", "")[:40].replace("\x00", "") if branch is None else ""
    following = (first - begin) // PART + 2
    return {
        "groups": _groups(access, part, scale, by=by, branch=branch.number if branch else None, today=today),
        "months": scale.months(),
        "first": scale.first,
        "last": scale.last,
        "today": scale.at(today),
        "total": total,
        "strip": strip(sums, scale, today=today),
        "focus": around(access, run, focus, today=today) if focus else None,
        "refused": sheets.refusals(access, run),
        "trust": sheets.trust_words(forecasts.record_for(run, team_id=None)) if run.pk else "",
        "note": f"{formats.plural(total, 'piece')} of work",
        "more": f"{here}{number}&part={following}" if part.after is not None else "",
        "earlier": f"{here}{number - 1}" if number > 1 else "",
        "later": f"{here}{number + 1}" if number < pages else "",
    }
