"""What-if plans: the list, and one of them beside the plan or another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.records import kinds, markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Team
from roadbed.modules.roadmap.models import Branch
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.selectors import forecasts
from roadbed.modules.roadmap.services import branching
from roadbed.modules.roadmap.views import shared
from roadbed.modules.roadmap.views.timeline_drawing import Scale, strip
from roadbed.web import formats, pagination, parts, responses, tables

TONES = {
    Branch.State.OPEN: "accent",
    Branch.State.ASKED: "warn",
    Branch.State.APPROVED: "good",
    Branch.State.MERGED: "good",
    Branch.State.DISCARDED: "outline",
}
COLUMNS = (
    tables.Column("title", "Branch", main=True),
    tables.Column("state", "State", tight=True),
    tables.Column("changes", "Differs in", numeric=True, hint="Fields that are not merged"),
    tables.Column("who", "Set up by", tight=True),
    tables.Column("at", "Changed", tight=True),
)
MOST_LINES = 24
WEEKS = 26


def base(access: Access) -> str:
    """The address of the list."""
    return f"{shared.base(access)}branches/"


def branch_url(access: Access, branch: Branch) -> str:
    """The address of a branch."""
    return f"{base(access)}{branch.number}/"


def branch_or_404(access: Access, number: int) -> Branch:
    """Return the branch; a stranger's and a missing one look the same."""
    try:
        return reading.access_branch(workspace_id=access.workspace.pk, number=number)
    except Branch.DoesNotExist as error:
        raise Http404 from error


def state_chip(branch: Branch) -> str:
    """Where it stands."""
    state = Branch.State(branch.state)
    return parts.chip(state.label, tone=TONES[state])


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every branch, the newest first."""
    rows = reading.branches_of(workspace_id=access.workspace.pk)
    rows = rows.annotate(differing=Count("changes", filter=Q(changes__merged_at__isnull=True)))
    found = pagination.paginate(rows, order=("-number", "-pk"), cursor=request.GET.get("after", "")[:200])
    table = tables.Table(
        id="branches",
        caption="Branches",
        noun="branches",
        columns=COLUMNS,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(one.pk),
                label=one.key,
                url=branch_url(access, one),
                cells={
                    "title": parts.title(one.title, url=branch_url(access, one), key_text=one.key),
                    "state": state_chip(one),
                    "changes": formats.number(getattr(one, "differing", 0)),
                    "who": parts.person(one.created_by.display_name) if one.created_by else parts.quiet("–"),
                    "at": parts.when(one.updated_at),
                },
            )
            for one in found.rows
        ),
        empty=tables.Empty(
            "No branches yet",
            "A branch is the plan with some of it changed: other dates, teams, an order, what waits for what. "
            "See at once what moves, then merge what is better.",
            action="Try something" if access.can_make else "",
            url=f"{base(access)}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "switch": shared.switch(access, "branches"),
        "base": base(access),
        "following": f"{base(access)}?after={found.next}" if found.next else "",
    }
    return responses.page(request, "roadmap/branches.html", context)


def _day(value: str | None, *, today: date) -> str:
    return formats.day(date.fromisoformat(value), today=today) if value else "no date"


def _tone(days: int | None) -> str:
    return "" if not days else "bad" if days > 0 else "good"


def moved_lines(access: Access, found: Sequence[reading.Moved], *, today: date) -> list[dict[str, Any]]:
    """What is done on another day, for people."""
    lines = []
    for one in found[:MOST_LINES]:
        before, after = one.before or {}, one.after or {}
        lines.append(
            {
                "record": one.record,
                "url": kinds.url_of(one.record, workspace=access.workspace.slug),
                "cells": [
                    {
                        "before": _day(before.get(level), today=today),
                        "after": _day(after.get(level), today=today),
                        "moved": shared.moved(days),
                        "tone": _tone(days),
                    }
                    for level, days in (("p50", one.p50), ("p85", one.p85))
                ],
                "chance": _chances(before, after),
            }
        )
    return lines


def _chances(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    old, new = before.get("chance"), after.get("chance")
    if old is None or new is None or abs(old - new) < 0.005:
        return ""
    return f"{formats.percent(old)} → {formats.percent(new)} by its date"


def _weeks(side: Mapping[str, Any], team: str) -> tuple[forecasts.Week, ...]:
    rows = side.get("load", {}).get(team, [])
    return tuple(
        forecasts.Week(date.fromisoformat(day), there, planned) for day, there, planned in rows[:WEEKS]
    )


def strips(
    access: Access, before: Mapping[str, Any], after: Mapping[str, Any], *, today: date
) -> list[dict[str, Any]]:
    """Each team's weeks in both plans, where they differ in either; the two drawn to one scale."""
    names = dict(Team.objects.filter(workspace=access.workspace).values_list("pk", "name"))
    found = []
    for team in {**before.get("load", {}), **after.get("load", {})}:
        old, new = _weeks(before, team), _weeks(after, team)
        weeks = new or old
        if not weeks or old == new:
            continue
        scale = Scale(weeks[0].monday, weeks[-1].monday + (weeks[1].monday - weeks[0].monday))
        found.append(
            {
                "name": names.get(int(team), "A team that is gone"),
                "before": strip(old, scale, today=today),
                "after": strip(new, scale, today=today),
            }
        )
    return sorted(found, key=lambda one: one["name"])


def _groups(access: Access, found: Sequence[reading.Difference]) -> list[dict[str, Any]]:
    groups: dict[int, dict[str, Any]] = {}
    for one in found:
        group = groups.setdefault(
            one.record.pk,
            {
                "record": one.record,
                "url": kinds.url_of(one.record, workspace=access.workspace.slug)
                if one.clash != "gone"
                else "",
                "lines": [],
            },
        )
        group["lines"].append(
            {"one": one, "moved": shared.moved(one.days), "tone": _tone(one.days)},
        )
    return list(groups.values())


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """A branch: what differs, what moves, what each team has; against the plan or another branch."""
    branch = branch_or_404(access, number)
    today = timezone.localdate()
    circles = sorted(access.circle_ids)
    others = list(
        reading.branches_of(workspace_id=access.workspace.pk, states=("open", "asked", "approved")).exclude(
            pk=branch.pk
        )[:30]
    )
    wanted = request.GET.get("with", "")
    other = None
    if wanted.isdecimal() and len(wanted) < 9:
        other = branch_or_404(access, int(wanted))
    outlook = getattr(branch, "outlook", None)
    before: Mapping[str, Any] = outlook.main if outlook else {}
    after: Mapping[str, Any] = outlook.branched if outlook else {}
    if other is not None:
        theirs = getattr(other, "outlook", None)
        before = theirs.branched if theirs else {}
    found = reading.moved_between(before, after, workspace_id=access.workspace.pk, circles=circles)
    differing = reading.differences(branch, circles=circles)
    context = {
        **pages.record_context(access=access, record=branch, now=timezone.now(), with_chain=False),
        "branch": branch,
        "url": branch_url(access, branch),
        "base": base(access),
        "chip": state_chip(branch),
        "description": markdown.render(branch.description, workspace=access.workspace.slug),
        "groups": _groups(access, differing),
        "count": len(differing),
        "conflicts": sum(one.is_conflict for one in differing),
        "lines": moved_lines(access, found, today=today),
        "left": max(0, len(found) - MOST_LINES),
        "headline": _headline(found),
        "strips": strips(access, before, after, today=today),
        "others": others,
        "other": other,
        "apart": reading.apart(branch, other, circles=circles) if other is not None else [],
        "outlook": outlook,
        "timeline": f"{shared.base(access)}timeline/?branch={branch.number}" if outlook else "",
        "problem": after.get("problem", ""),
        "refused": max(0, len(after.get("refused", [])) - len(before.get("refused", []))),
        "is_stale": branch.is_open and reading.is_stale(branch),
        "may_change": access.can_make and branch.is_open,
        "may_decide": branching.may_decide(branch=branch, member=access.member),
        "may_merge": access.can_make and branch.is_open and branch.state != Branch.State.ASKED,
    }
    return responses.page(request, "roadmap/branch.html", context)


def _headline(found: Sequence[reading.Moved]) -> str:
    """What a branch is worth in one line: the work that comes sooner, and the work that pays for it."""
    work = [one for one in found if one.kind == "work"]
    moves = [one.p85 or 0 for one in work]
    sooner, later = [days for days in moves if days < 0], [days for days in moves if days > 0]
    told = []
    if sooner:
        told.append(
            f"{formats.plural(len(sooner), 'piece')} of work sooner, by up to {shared.days_words(-min(sooner))}"
        )
    if later:
        told.append(f"{formats.number(len(later))} later, by up to {shared.days_words(max(later))}")
    return "; ".join(told)
