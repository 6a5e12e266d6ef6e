"""What a forecast says of a record: the card on its page, and the sheet behind each figure."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.jobs import services as jobs
from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Feature, ForecastRow, PlanForecast, TeamRecord
from roadbed.modules.roadmap.selectors import forecasts
from roadbed.modules.roadmap.services.reasons import listed, why_words
from roadbed.modules.roadmap.views import shared
from roadbed.web import formats, responses, toasts

METHOD = (
    "The plan is put in time in its present order, with each team’s people, skills, absences and limit; then anew in "
    "every future, with efforts drawn from their estimates (3/10 of their spread shared within a team), risks that "
    "strike or not, and what others owe."
)
GOOD, FAIR = 0.85, 0.5
SHOWN_REFUSALS = 12


def tone_of(chance: float | None) -> str:
    """Return the tone of a chance."""
    if chance is None:
        return ""
    return "good" if chance >= GOOD else "warn" if chance >= FAIR else "bad"


def headline(row: ForecastRow, *, today: date) -> str:
    """Return what a row says, in one line: ``85% by 14 Mar; 62% by the promised 1 Mar``."""
    said = f"85% by {formats.day(row.p85, today=today)}"
    if row.due is None or row.chance is None:
        return said
    word = "promised" if row.is_hard else "wished"
    return f"{said}; {formats.percent(row.chance)} by the {word} {formats.day(row.due, today=today)}"


def trust_words(record: TeamRecord | None) -> str:
    """Return how often dates held, in words: ``P85 held 84% of the last 60``; or what is missing to say so."""
    if record is None:
        return ""
    whose = f" of {record.team.name}’s" if record.team is not None else ""
    if record.given:
        return f"P85 held {formats.percent(record.given[1])} of the last {record.forecasts}{whose}"
    return f"How often such dates hold is not known yet: there are {record.missing}"


def trust_facts(record: TeamRecord | None) -> list[dict[str, str]]:
    """Return what stands behind it: each level as it is given, and as it would be without the stretch."""
    if record is None or not record.given:
        return []
    source = TeamRecord.Source(record.source).label.lower()
    facts = [
        {
            "label": f"A {level} date held",
            "value": formats.percent(given),
            "note": f"{formats.percent(raw)} before it was put right",
        }
        for level, given, raw in zip(("50%", "85%", "95%"), record.given, record.raw, strict=True)
    ]
    factor = f"{record.stretch[16]:.2f}"
    return [*facts, {"label": "85% dates are multiplied by", "value": factor, "note": f"from {source}"}]


def sheet_url(access: Access, record: Record) -> str:
    """Return where a record's forecast opens."""
    return f"{shared.base(access)}forecast/{record.key.lower()}/"


def card(access: Access, record: Record, *, today: date) -> dict[str, Any] | None:
    """What `roadmap/parts/forecast.html` needs; None where the newest run says nothing of the record."""
    telling = forecasts.telling_of(record=record, circles=sorted(access.circle_ids))
    if telling is None:
        return None
    row = telling.row
    record_of = forecasts.record_for(telling.run, team_id=row.team_id) if row is not None else None
    return {
        "telling": telling,
        "trust": trust_words(record_of),
        "headline": headline(row, today=today) if row is not None else "",
        "tone": tone_of(row.chance) if row is not None else "",
        "why": why_words(row.why, is_begun=row.start < telling.run.first)
        if row is not None and row.kind == ForecastRow.Kind.WORK
        else "",
        "missing": listed([one["key"] for one in row.missing]) if row is not None and row.missing else "",
        "url": sheet_url(access, telling.within or record),
        "try_url": f"{shared.base(access)}branches/new/?feature={record.key}"
        if access.can_make and record.kind == "feature"
        else "",
    }


def access_record(access: Access, key: str) -> Record:
    """Return the feature, release or objective of a key; a stranger's and a missing one look the same."""
    rows = Record.objects.in_workspace(access.workspace.pk, circles=sorted(access.circle_ids)).by_key(key)
    record: Record | None = rows.filter(kind__in=["feature", "release", "objective"]).first()
    if record is None:
        raise Http404
    if record.kind == "feature":
        with suppress(Feature.DoesNotExist):
            feature: Record = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
            return feature
    return record


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """What a date is made of: the run, its seed and method, what it waits for, and what moves it."""
    record = access_record(access, key)
    circles = sorted(access.circle_ids)
    telling = forecasts.telling_of(record=record, circles=circles)
    today = timezone.localdate()
    context: dict[str, Any] = {
        "record": record,
        "url": kinds.url_of(record, workspace=access.workspace.slug),
        "base": shared.base(access),
        "telling": telling,
        "method": METHOD,
    }
    if telling is not None and telling.row is not None:
        row = telling.row
        around = forecasts.neighbours_of(row, circles=circles)
        names = forecasts.names_of(
            [one["key"] for one in row.drivers], workspace_id=access.workspace.pk, circles=circles
        )
        known = forecasts.record_for(telling.run, team_id=row.team_id)
        context |= {
            "trust": trust_words(known),
            "trust_facts": trust_facts(known),
            "row": row,
            "headline": headline(row, today=today),
            "tone": tone_of(row.chance),
            "why": why_words(row.why, is_begun=row.start < telling.run.first)
            if row.kind == ForecastRow.Kind.WORK
            else "",
            "facts": _facts(row, today=today),
            "drivers": [
                {
                    **one,
                    "record": names.get(one["key"]),
                    "url": kinds.url_of(names[one["key"]], workspace=access.workspace.slug)
                    if one["key"] in names
                    else "",
                }
                for one in row.drivers
            ],
            "before": [_near(access, one) for one in around.before],
            "after": [_near(access, one) for one in around.after],
            "missing": listed([one["key"] for one in row.missing]) if row.missing else "",
            "curve": curve(row),
            "move_url": f"{shared.base(access)}timeline/form/{row.record.key.lower()}/"
            if access.can_make and row.kind == ForecastRow.Kind.WORK
            else "",
        }
    template = "roadmap/forecast.html" if responses.wants_fragment(request) else "roadmap/forecast_page.html"
    return responses.page(request, template, context)


def _near(access: Access, row: ForecastRow) -> dict[str, Any]:
    return {
        "record": row.record,
        "row": row,
        "url": kinds.url_of(row.record, workspace=access.workspace.slug),
    }


def _facts(row: ForecastRow, *, today: date) -> list[dict[str, str]]:
    day: Callable[[date], str] = lambda value: formats.day(value, today=today)  # noqa: E731 - said often
    facts = [
        {"label": "Starts", "value": day(row.start)},
        {"label": "In half of the futures by", "value": day(row.p50)},
        {"label": "85% by", "value": day(row.p85)},
        {"label": "95% by", "value": day(row.p95)},
    ]
    if row.critical is not None:
        facts.append({"label": "Sets the end of the plan", "value": f"in {formats.percent(row.critical)}"})
    if "left" in row.effort:
        low, middle, high = row.effort["left"]
        facts.append(
            {
                "label": "Person-days left",
                "value": f"{middle:g}",
                "note": f"{low:g} to {high:g} in eight of ten",
            }
        )
        facts.append({"label": "People on it", "value": f"{row.effort['people']:g}"})
        facts.append({"label": "Of a day, to planned work", "value": formats.percent(row.effort["pace"])})
    elif "pieces" in row.effort:
        facts.append({"label": "Pieces of work in it", "value": formats.number(row.effort["pieces"])})
    return facts


def curve(row: ForecastRow) -> dict[str, Any] | None:
    """Return the chance of being done by each day, for a small drawing; None where it is certain to a day."""
    days = row.quantiles
    if len(days) < 2 or days[0] == days[-1]:
        return None
    reach = days[-1] - days[0]
    points = " ".join(
        f"{round(300 * (day - days[0]) / reach, 1)},{round(60 - 60 * (at + 1) / 20, 1)}"
        for at, day in enumerate(days)
    )
    first = row.forecast.first
    due_at = None
    if row.due is not None:
        offset = (row.due - first).days
        if days[0] <= offset <= days[-1]:
            due_at = round(300 * (offset - days[0]) / reach, 1)
    return {
        "points": points,
        "due_at": due_at,
        "first": first + timedelta(days=days[0]),
        "last": first + timedelta(days=days[-1]),
    }


@page(role=Role.MAKER)
@require_POST
def again(request: HttpRequest, access: Access) -> HttpResponse:
    """Work it out again, as a job."""
    start(access)
    toasts.add(request, "The dates are being worked out. Reload in a moment.")
    return responses.back(request, otherwise=f"{shared.base(access)}timeline/")


def start(access: Access) -> Any:
    """Queue a forecast that somebody asked for."""
    return jobs.enqueue(
        "roadmap.forecast",
        workspace_id=access.workspace.pk,
        key="forecast-asked",
        actor=access.actor,
        asked=True,
    )


def refusals(access: Access, run: PlanForecast) -> dict[str, Any]:
    """Return what has no date and why, as far as the reader may see it, for `roadmap/parts/refused.html`."""
    ids = [one["id"] for one in run.refused]
    rows = Record.objects.in_workspace(access.workspace.pk, circles=sorted(access.circle_ids))
    seen = {one.pk: one for one in rows.filter(pk__in=ids[:1_000])}
    found = [
        {
            "record": seen[one["id"]],
            "reason": one["reason"],
            "url": kinds.url_of(seen[one["id"]], workspace=access.workspace.slug),
        }
        for one in run.refused
        if one["id"] in seen
    ]
    return {"count": len(found), "lines": found[:SHOWN_REFUSALS], "more": max(0, len(found) - SHOWN_REFUSALS)}
