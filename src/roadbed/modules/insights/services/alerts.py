"""The weeks that stand out: finding them, telling people, and what somebody makes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from roadbed.core.accounts.actors import SYSTEM, Actor
from roadbed.core.notify.models import Notice, Reason
from roadbed.core.notify.services import notices
from roadbed.core.records import kinds
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Watch
from roadbed.core.workspaces.models import Member, Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.models import Assignment, Dimension, Feedback, Segment, Theme, TrendAlert
from roadbed.modules.insights.selectors import narrowing, theme_words
from roadbed.modules.insights.selectors import trends as selectors
from roadbed.modules.insights.services import trends
from roadbed.modules.roadmap import facade as roadmap
from roadbed_engines.text.trends import TRAILING, WEEK, Alert, Marker, Weeks, alerts, monday

ALERTING = (Dimension.SOURCE, Dimension.VERSION, Dimension.SEGMENT, Dimension.THEME)
"""Themes come last, so that among the alerts of one week theirs are the newest, and stand first."""
NEWS_DAYS = 21
"""What happened longer ago is kept and shown, but is no news to send to anybody."""
SAMPLE = 2000
FEW = 5
STATES = {
    TrendAlert.State.KNOWN: "acknowledged alert",
    TrendAlert.State.DISMISSED: "dismissed alert",
    TrendAlert.State.NEW: "reopened alert",
}


def _established(dimension: str, weeks: Weeks, week: dt.date) -> bool:
    """Whether a rise says anything: a source or version that has only just begun rises by nature."""
    if dimension == Dimension.THEME:
        return True
    place = (week - weeks.first).days // 7
    before = weeks.counts[max(0, place - TRAILING) : place]
    return sum(1 for count in before if count) >= TRAILING // 2


def _pieces(
    *, workspace_id: int, alert: Alert, theme_id: int | None, dimension: str, value: str
) -> list[int]:
    """Return what was said of it in that week, the surest first."""
    start = timezone.make_aware(dt.datetime.combine(alert.week, dt.time()))
    stop = timezone.make_aware(dt.datetime.combine(alert.week + WEEK, dt.time()))
    if theme_id is not None:
        rows = Assignment.objects.filter(
            home_id=workspace_id, theme__in=[theme_id], said_at__gte=start, said_at__lt=stop
        ) | Assignment.objects.filter(
            home_id=workspace_id, theme__parent_id=theme_id, said_at__gte=start, said_at__lt=stop
        )
        ids = list(rows.order_by("-confidence", "feedback_id").values_list("feedback_id", flat=True)[:400])
        open_ = set(
            Feedback.objects.in_workspace(workspace_id).filter(pk__in=ids).values_list("pk", flat=True)
        )
        return [pk for pk in ids if pk in open_]
    pieces = Feedback.objects.in_workspace(workspace_id).filter(
        home_id=workspace_id, said_at__gte=start, said_at__lt=stop
    )
    if dimension == Dimension.SOURCE:
        pieces = pieces.filter(source=value)
    elif dimension == Dimension.SEGMENT:
        segment = Segment.objects.in_workspace(workspace_id).filter(pk=int(value)).first()
        pieces = (
            pieces.filter(account_id__in=narrowing.accounts_in(segment).values("pk"))
            if segment
            else pieces.none()
        )
    else:
        found = pieces.values_list("pk", "attributes")[:SAMPLE]
        return [pk for pk, attributes in found if selectors.version_in(attributes) == value]
    return list(pieces.order_by("-said_at").values_list("pk", flat=True)[:400])


def _words(
    *, workspace: Workspace, inside: Sequence[int], outside: Sequence[str], stop: frozenset[str]
) -> list[str]:
    titles = Record.objects.filter(pk__in=list(inside)).values_list("title", flat=True)
    return theme_words.telling(inside=list(titles), outside=outside, ignored=stop)


@transaction.atomic
def find_alerts(*, workspace: Workspace, markers: Sequence[Marker], at: dt.datetime) -> list[TrendAlert]:
    """Look at every line for weeks that stand out, and return those that were not known before.

    What somebody acknowledged or dismissed stays as they left it, whatever a later count says. An alert that nobody
    has looked at goes where its week no longer stands out, since its pieces moved elsewhere.
    """
    last = selectors.last_week(workspace_id=workspace.pk, now=at)
    first = selectors.first_week(workspace_id=workspace.pk)
    if first is None:
        return []
    known = {
        (alert.dimension, alert.value, alert.week): alert
        for alert in TrendAlert.objects.filter(home_id=workspace.pk)
    }
    outside = list(
        Record.objects.in_workspace(workspace.pk)
        .filter(kind="feedback")
        .order_by("-pk")
        .values_list("title", flat=True)[:SAMPLE]
    )
    stop = theme_words.stop_words(workspace=workspace)
    # A broad theme is as loud as the fine one in it: one alert is enough.
    broad = {
        str(pk)
        for pk in Theme.objects.filter(workspace=workspace, is_broad=True).values_list("pk", flat=True)
    }
    new: list[TrendAlert] = []
    seen: set[tuple[str, str, dt.date]] = set()
    for dimension in ALERTING:
        loud = selectors.loudest_values(
            workspace_id=workspace.pk, dimension=dimension, first=first, last=last, most=2000
        )
        values = [value for value, total in loud if total >= FEW and value not in broad]
        names = selectors.names_of(workspace=workspace, dimension=dimension, values=values)
        lines = selectors.weeks_of(
            workspace_id=workspace.pk, dimension=dimension, values=list(names), first=first, last=last
        )
        for value, weeks in lines.items():
            for found in alerts(weeks=weeks, markers=markers):
                if not _established(dimension, weeks, found.week):
                    continue
                key = (str(dimension), value, found.week)
                seen.add(key)
                alert = known.get(key)
                if alert is None:
                    alert = TrendAlert(
                        home=workspace, dimension=dimension, value=value, week=found.week, found_at=at
                    )
                    alert.theme_id = int(value) if dimension == Dimension.THEME else None
                    new.append(alert)
                elif (alert.seen, round(alert.expected, 6)) == (found.seen, round(found.expected, 6)):
                    continue
                inside = _pieces(
                    workspace_id=workspace.pk,
                    alert=found,
                    theme_id=alert.theme_id,
                    dimension=dimension,
                    value=value,
                )
                alert.name = names[value][0][:300]
                alert.seen, alert.expected, alert.z = found.seen, found.expected, found.z
                alert.marker, alert.pieces = found.marker[:300], inside[:FEW]
                alert.words = _words(workspace=workspace, inside=inside, outside=outside, stop=stop)
                alert.save()
    for key, alert in known.items():
        if key not in seen and alert.state == TrendAlert.State.NEW:
            alert.delete()
    return new


def sentence(alert: TrendAlert) -> str:
    """Return an alert as a person would say it."""
    usual = f"{alert.expected:.1f}" if alert.expected else "none"
    about = f" about {', '.join(alert.words[:3])}" if alert.words else ""
    after = f", after {alert.marker}" if alert.marker else ""
    return f"{alert.name}: {alert.seen} in the week of {alert.week:%-d %B %Y}{about}; usually {usual} a week{after}"


@transaction.atomic
def tell(*, workspace: Workspace, found: Sequence[TrendAlert], at: dt.datetime) -> int:
    """Tell people of new alerts: the theme's watchers and channels by its history, makers and owners by a notice.

    Returns how many alerts were told. What is older than three weeks is told to nobody.
    """
    since = monday(timezone.localtime(at).date()) - dt.timedelta(days=NEWS_DAYS)
    fresh = [alert for alert in found if alert.week >= since and alert.told_at is None]
    if not fresh:
        return 0
    members = list(
        Member.objects.filter(
            workspace=workspace, removed_at__isnull=True, role__in=[Role.OWNER, Role.MAKER]
        ).order_by("pk")
    )
    for alert in fresh:
        watching: set[int] = set()
        url = f"/w/{workspace.slug}/insights/trends/?by={alert.dimension}#alert-{alert.pk}"
        facts: dict[str, Any] = {
            "week": alert.week, "seen": alert.seen, "usual": round(alert.expected, 1), "text": sentence(alert),
        }  # fmt: skip
        if alert.theme is not None:
            url = kinds.url_of(alert.theme, workspace=workspace.slug)
            watching = set(Watch.objects.filter(record_id=alert.theme.pk).values_list("member_id", flat=True))
            records.record_activity(
                record=alert.theme, actor=SYSTEM, verb="noticed a rise", at=at, changes=facts
            )
        notices.put(
            Notice(
                workspace=workspace,
                member=member,
                record_id=alert.theme_id,
                reason=Reason.SYSTEM,
                actor_name=SYSTEM.name,
                text=f"Louder than usual. {sentence(alert)}"[:400],
                url=url[:300],
                created_at=at,
            )
            for member in members
            if member.pk not in watching
        )
        TrendAlert.objects.filter(pk=alert.pk).update(told_at=at)
        alert.told_at = at
    return len(fresh)


@transaction.atomic
def decide(
    *, alert: TrendAlert, state: str, actor: Actor, at: dt.datetime, note: str | None = None
) -> TrendAlert:
    """Acknowledge an alert, dismiss it, or make it new again; it stays that way through later counts.

    Raises
    ------
    ValidationError
        If there is no such state.
    """
    if state not in STATES:
        raise ValidationError({"state": "An alert is new, acknowledged or dismissed."})
    current = (
        TrendAlert.objects.select_for_update(of=("self",)).select_related("theme", "home").get(pk=alert.pk)
    )
    before = current.state
    current.state = state
    if note is not None:
        current.note = " ".join(note.replace("\x00", "").split())[:300]
    is_new = state == TrendAlert.State.NEW
    current.decided_at, current.decided_by_id = (None, None) if is_new else (at, actor.user_id)
    current.save(update_fields=["state", "note", "decided_at", "decided_by"])
    if before != state:
        facts = {"alert": current.pk, "name": current.name, "week": current.week, "state": [before, state]}
        verb = STATES[TrendAlert.State(state)]
        if current.theme is not None and not current.theme.is_deleted:
            records.record_activity(record=current.theme, actor=actor, verb=verb, at=at, changes=facts)
        else:
            records.record_activity(
                workspace_id=current.home_id, actor=actor, verb=verb, at=at, changes=facts
            )
    return current


def count_and_tell(*, workspace: Workspace, at: dt.datetime, progress: trends.Progress | None = None) -> int:
    """Count the weeks, look for alerts, tell people; return how many alerts are new."""
    found = trends.read(workspace_id=workspace.pk, at=at, progress=progress)
    trends.write(workspace_id=workspace.pk, found=found, at=at)
    marks = roadmap.releases_shipped(
        workspace.pk, workspace.slug, first=found.first_week, last=found.last_week + dt.timedelta(days=6)
    )
    markers = [Marker(mark.day, mark.title) for mark in marks]
    new = find_alerts(workspace=workspace, markers=markers, at=at)
    tell(workspace=workspace, found=new, at=at)
    return len(new)
