"""Trends: the weekly counts, and the weeks that stand out."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.insights.models import TrendAlert
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.services import alerts as services

router = Router(tags=["trends"])
ID_MAX = 2**53
States = {
    "new": TrendAlert.State.NEW,
    "acknowledged": TrendAlert.State.KNOWN,
    "dismissed": TrendAlert.State.DISMISSED,
}
NAMES = {value: name for name, value in States.items()}


class TrendsQuery(Schema):
    """What to count by, and how far back."""

    by: Literal["all", "theme", "segment", "version", "source"] = "theme"
    weeks: int = Field(52, ge=4, le=156)
    most: int = Field(20, ge=1, le=100, description="How many lines, the loudest first.")


class TrendLineOut(Schema):
    """One thing, counted by week."""

    value: str = Field(description="The record's id for themes and segments, else the words.")
    name: str
    total: int
    counts: list[int]


class TrendsOut(Schema):
    """Lines over the same weeks."""

    by: str
    first_week: dt.date = Field(description="The Monday of the first count.")
    last_week: dt.date
    lines: list[TrendLineOut]


class AlertOut(Schema):
    """A week in which far more was said of one thing than the eight weeks before it promised."""

    id: int
    by: str
    name: str
    theme: str | None
    week: dt.date
    seen: int
    expected: float
    z: float
    marker: str = Field(description="The release shortly before it.")
    words: list[str]
    state: Literal["new", "acknowledged", "dismissed"]
    note: str
    found_at: dt.datetime


class AlertQuery(PageQuery):
    """Which alerts."""

    state: Literal["", "new", "acknowledged", "dismissed"] = ""


class AlertIn(Schema):
    """What somebody makes of an alert."""

    state: Literal["new", "acknowledged", "dismissed"]
    note: str = Field("", max_length=300)


def _alert(alert: TrendAlert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "by": alert.dimension,
        "name": alert.name,
        "theme": alert.theme.key if alert.theme else None,
        "week": alert.week,
        "seen": alert.seen,
        "expected": alert.expected,
        "z": alert.z,
        "marker": alert.marker,
        "words": alert.words,
        "state": NAMES[TrendAlert.State(alert.state)],
        "note": alert.note,
        "found_at": alert.found_at,
    }


@router.get(
    "trends",
    response={200: TrendsOut, **READ_PROBLEMS},
    operation_id="get_trends",
    url_name="trends",
)
def get_trends(request: HttpRequest, workspace: Path[str], query: Query[TrendsQuery]) -> dict[str, Any]:
    """Count pieces of feedback by week, for the loudest themes, segments, versions or sources."""
    access = access_of(request)
    last = selectors.last_week(workspace_id=access.workspace.pk, now=timezone.now())
    first = last - dt.timedelta(weeks=query.weeks - 1)
    lines = selectors.lines(
        workspace=access.workspace, dimension=query.by, first=first, last=last, most=query.most
    )
    return {
        "by": query.by,
        "first_week": first,
        "last_week": last,
        "lines": [
            {"value": line.value, "name": line.name, "total": line.total, "counts": list(line.weeks.counts)}
            for line in lines
        ],
    }


@router.get(
    "alerts",
    response={200: PageOut[AlertOut], **READ_PROBLEMS},
    operation_id="list_alerts",
    url_name="alerts",
)
def list_alerts(request: HttpRequest, workspace: Path[str], query: Query[AlertQuery]) -> dict[str, Any]:
    """List the weeks that stand out, the newest found first."""
    access = access_of(request)
    wanted = {"state": [States[query.state]]} if query.state else {}
    rows = selectors.alerts_of(workspace_id=access.workspace.pk, filters=wanted)
    items, following = page_by_id(rows, query)
    return {"items": [_alert(alert) for alert in items], "next": following}


def _found(access: Access, alert_id: int) -> TrendAlert:
    if alert_id > ID_MAX:
        raise MissingError
    try:
        return selectors.access_alert(workspace_id=access.workspace.pk, alert_id=alert_id)
    except TrendAlert.DoesNotExist as error:
        raise MissingError from error


@router.put(
    "alerts/{int:alert_id}",
    response={200: AlertOut, **WRITE_PROBLEMS},
    operation_id="decide_alert",
    url_name="alert",
)
def decide(request: HttpRequest, workspace: Path[str], alert_id: int, body: AlertIn) -> dict[str, Any]:
    """Acknowledge an alert, dismiss it, or make it new again."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.given(body)
    alert = services.decide(
        alert=_found(access, alert_id),
        state=States[fields["state"]],
        note=fields.get("note"),
        actor=access.actor,
        at=timezone.now(),
    )
    return _alert(alert)
