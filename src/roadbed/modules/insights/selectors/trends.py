"""Reading the weeks: lines to draw, releases to mark, alerts to answer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.utils import timezone

from roadbed.core import prepared
from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Dimension, Feedback, Segment, TrendAlert, WeekCount
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.text.trends import WEEK, ChangePoint, Marker, Weeks, change_points, marker_for, monday

VERSION_NAMES = (
    "version",
    "app version",
    "app_version",
    "appversion",
    "app version name",
    "version_mentioned",
)
LINES_SHOWN = 5
SPANS = (26, 52, 104, 156)


def version_in(attributes: Any) -> str:
    """Return the version that an imported piece names, whatever its column is called."""
    if not attributes or not isinstance(attributes, dict):
        return ""
    for name, value in attributes.items():
        if str(name).strip().lower() in VERSION_NAMES and value not in (None, ""):
            return str(value)[:120]
    return ""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing, counted by week."""

    dimension: str
    value: str
    name: str
    url: str
    weeks: Weeks
    total: int

    @property
    def changes(self) -> tuple[ChangePoint, ...]:
        """The weeks after which everything was different; none where there is too little to tell."""
        return _changes(self.weeks)


@lru_cache(maxsize=4096)
def _changes(weeks: Weeks) -> tuple[ChangePoint, ...]:
    """The same counts have the same changes: kept, since finding them costs more than all the rest of the page."""
    try:
        return change_points(weeks=weeks)
    except NotEnoughDataError:
        return ()


def last_week(*, workspace_id: int, now: dt.datetime) -> dt.date:
    """Return the Monday of the last week with a word in it, or of this one if there is none."""
    rows = WeekCount.objects.filter(home_id=workspace_id, dimension=Dimension.ALL)
    latest = rows.order_by("-week").values_list("week", flat=True).first()
    this = monday(timezone.localtime(now).date())
    if latest is None or this - latest <= 4 * WEEK:
        return this
    return latest


def first_week(*, workspace_id: int) -> dt.date | None:
    """Return the Monday of the first week that is counted."""
    rows = WeekCount.objects.filter(home_id=workspace_id, dimension=Dimension.ALL)
    return rows.order_by("week").values_list("week", flat=True).first()


def weeks_of(
    *,
    workspace_id: int,
    dimension: str,
    values: Collection[str],
    first: dt.date,
    last: dt.date,
    people: bool = False,
) -> dict[str, Weeks]:
    """Return the weekly counts of several things in one query; weeks without a word count as 0."""
    size = (last - first).days // 7 + 1
    found = {value: [0] * size for value in values}
    rows = WeekCount.objects.filter(
        home_id=workspace_id, dimension=dimension, value__in=list(values), week__gte=first, week__lte=last
    )
    for value, week, count in rows.values_list("value", "week", "people" if people else "pieces"):
        found[value][(week - first).days // 7] = count
    return {value: Weeks(first=first, counts=tuple(counts)) for value, counts in found.items()}


def loudest_values(
    *, workspace_id: int, dimension: str, first: dt.date, last: dt.date, most: int
) -> list[tuple[str, int]]:
    """Return what was spoken of most between two weeks, with how often."""
    rows = WeekCount.objects.filter(
        home_id=workspace_id, dimension=dimension, week__gte=first, week__lte=last
    )
    totals = rows.order_by().values("value").annotate(total=Sum("pieces")).order_by("-total", "value")
    return [(row["value"], row["total"]) for row in totals[:most]]


def names_of(*, workspace: Workspace, dimension: str, values: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what people call each value, and where it leads; values that are gone are left out."""
    slug = workspace.slug
    if dimension in {Dimension.THEME, Dimension.SEGMENT}:
        ids = [int(value) for value in values if value.isdecimal()]
        rows = Record.objects.in_workspace(workspace.pk).filter(pk__in=ids)
        return {str(row.pk): (row.title, kinds.url_of(row, workspace=slug)) for row in rows}
    base = f"/w/{slug}/insights/feedback/"
    return {
        value: (
            value or "Everything",
            f"{base}?{urlencode({'source': value})}" if dimension == Dimension.SOURCE else base,
        )
        for value in values
    }


def lines(
    *,
    workspace: Workspace,
    dimension: str,
    first: dt.date,
    last: dt.date,
    values: Sequence[str] = (),
    most: int = LINES_SHOWN,
    leaves: Collection[str] | None = None,
) -> list[Line]:
    """Return the lines of a dimension, the loudest first: those asked for, or the loudest few.

    Parameters
    ----------
    leaves : collection of str, optional
        Only these values are considered, such as the fine themes.
    """
    loud = loudest_values(
        workspace_id=workspace.pk,
        dimension=dimension,
        first=first,
        last=last,
        most=most if leaves is None else 600,
    )
    loudest = [value for value, _ in loud if leaves is None or value in leaves][:most]
    chosen = list(values) or loudest
    names = names_of(workspace=workspace, dimension=dimension, values=chosen)
    weeks = weeks_of(workspace_id=workspace.pk, dimension=dimension, values=chosen, first=first, last=last)
    return [
        Line(
            dimension=dimension,
            value=value,
            name=names[value][0],
            url=names[value][1],
            weeks=weeks[value],
            total=sum(weeks[value].counts),
        )
        for value in chosen
        if value in names
    ]


def alerts_of(*, workspace_id: int, filters: Mapping[str, Any] | None = None) -> QuerySet[TrendAlert]:
    """Return the alerts that the filters leave (`state`, `by`, `theme`), with who decided."""
    wanted = filters or {}
    rows = TrendAlert.objects.filter(home_id=workspace_id).exclude(theme__deleted_at__isnull=False)
    if wanted.get("state"):
        rows = rows.filter(state__in=wanted["state"])
    if wanted.get("by"):
        rows = rows.filter(dimension=wanted["by"])
    if wanted.get("theme") is not None:
        rows = rows.filter(theme_id=wanted["theme"])
    return rows.select_related("theme", "decided_by")


def access_alert(*, workspace_id: int, alert_id: int) -> TrendAlert:
    """Return the alert, or raise `TrendAlert.DoesNotExist`, for strangers too."""
    return TrendAlert.objects.select_related("theme", "decided_by").get(home_id=workspace_id, pk=alert_id)


def pieces_of(*, alerts: Sequence[TrendAlert], most: int = 3) -> dict[int, list[Feedback]]:
    """Return a few of the pieces behind each alert, in one query; what is private by now stays out."""
    ids = {pk for alert in alerts for pk in alert.pieces[:most]}
    if not ids:
        return {}
    home = alerts[0].home_id
    rows = (
        Feedback.objects.in_workspace(home).filter(pk__in=ids).select_related("person", "account").in_bulk()
    )
    return {alert.pk: [rows[pk] for pk in alert.pieces[:most] if pk in rows] for alert in alerts}


def marker_near(*, week: dt.date, markers: Sequence[Marker]) -> str:
    """Return the release shortly before a week, if there was one."""
    return marker_for(week=week, markers=markers)


def count_new(access: Access) -> int:
    """How many alerts nobody has looked at yet, up to 100, for the navigation."""
    return _NEW.count(workspace=access.workspace.pk)


def _new(workspace: int) -> QuerySet[TrendAlert]:
    return alerts_of(workspace_id=workspace, filters={"state": [TrendAlert.State.NEW]}).order_by()[:100]


_NEW = prepared.Question(_new)


def segments_behind(*, workspace_id: int, alerts: Sequence[TrendAlert]) -> dict[str, Segment]:
    """Return the segments that alerts are about, by the value that the alert keeps."""
    ids = [int(alert.value) for alert in alerts if alert.dimension == Dimension.SEGMENT]
    if not ids:
        return {}
    return {str(pk): found for pk, found in Segment.objects.in_workspace(workspace_id).in_bulk(ids).items()}
