"""When and how many, by what a team has finished, for one that does not estimate."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from roadbed.core.workspaces.access import Access, page
from roadbed.modules.roadmap.models import Feature
from roadbed.modules.roadmap.services import throughput
from roadbed.modules.roadmap.views import shared, teams
from roadbed.web import formats, responses


def number(text: str, *, usual: int, most: int) -> int:
    """Return the number that an address asks for, or the usual one.

    >>> number("12", usual=4, most=104), number("x", usual=4, most=104), number("0", usual=4, most=104)
    (12, 4, 4)
    """
    return min(int(text), most) if text.isdecimal() and len(text) < 6 and int(text) > 0 else usual


@page()
@require_GET
def show(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Tell when so many items are done, how many within so many weeks, and how often such dates held."""
    team = teams.team_or_404(access, team_id)
    today = timezone.localdate()
    going = Feature.objects.in_workspace(access.workspace.pk).filter(team=team).open().count()
    items = number(request.GET.get("items", ""), usual=max(1, going), most=throughput.MOST_ITEMS)
    weeks = number(request.GET.get("weeks", ""), usual=4, most=throughput.MOST_WEEKS)
    told = throughput.tell(team=team, items=items, weeks=weeks, until=today)
    context: dict[str, Any] = {
        "team": team,
        "url": teams.team_url(access, team),
        "base": shared.base(access),
        "told": told,
        "items": items,
        "weeks": weeks,
        "lines": _lines(told, today=today),
    }
    if told.kept is not None:
        kept = told.kept
        context["coverage"] = [
            {
                "level": formats.percent(level),
                "given": formats.percent(given),
                "plain": formats.percent(plain),
            }
            for level, given, plain in zip(
                kept.levels, kept.given.coverage, kept.simulated.coverage, strict=True
            )
        ]
    return responses.page(request, "roadmap/throughput.html", context)


def _lines(told: throughput.Told, *, today: Any) -> list[dict[str, str]]:
    if told.when is None or told.many is None:
        return []
    return [
        {
            "level": formats.percent(level),
            "day": formats.day(day, today=today) if day else "more than ten years ahead",
            "items": formats.number(count),
        }
        for level, day, count in zip(told.when.levels, told.when.dates, told.many.items, strict=True)
    ]
