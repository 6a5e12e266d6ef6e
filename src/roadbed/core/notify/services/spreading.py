"""Reading the history in order, and telling everybody concerned; as far as it came is kept in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.core.notify.models import Channel, ChannelMail, Endpoint, Notice, Reading, Reason
from roadbed.core.notify.services import notices, webhooks
from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Record, RecordTag, Watch
from roadbed.core.workspaces.models import Circle, Member, Workspace

BATCH = 200
SILENT = frozenset({"demo"})
"""Doors whose deeds are told to nobody: the demo's history is not news."""
MASS = frozenset({"import"})
"""Doors that make many records at once: watchers are not told of each."""
PHRASES = {
    "commented": "commented on",
    "linked": "linked",
    "unlinked": "took a link from",
    "noticed a rise": "noticed a rise in",
    "moved feedback here": "moved feedback to",
    "moved feedback away": "moved feedback out of",
}


def hear(activity: Activity) -> None:
    """Queue the telling; called with each new activity, inside its transaction."""
    if activity.via in SILENT:
        return
    jobs.enqueue_on_commit(
        "notify.spread", workspace_id=activity.workspace_id, key="spread", sequence=activity.sequence
    )


def spread(*, workspace_id: int, first: int, at: datetime) -> int:
    """Tell of the next activities; return how many were read, 0 where all were."""
    with transaction.atomic():
        reading, _ = Reading.objects.select_for_update().get_or_create(
            workspace_id=workspace_id, defaults={"sequence": max(0, first - 1)}
        )
        rows = Activity.objects.filter(workspace_id=workspace_id, sequence__gt=reading.sequence)
        activities = list(rows.order_by("sequence")[:BATCH])
        if not activities:
            return 0
        workspace = Workspace.objects.get(pk=workspace_id)
        heard = [activity for activity in activities if activity.via not in SILENT]
        _Spread(workspace=workspace, activities=heard, at=at).run()
        reading.sequence = activities[-1].sequence
        reading.save(update_fields=["sequence"])
    return len(activities)


def describe(activity: Activity, record: Record | None) -> str:
    """Return the deed in a sentence."""
    what = f" {record.key} {record.title}" if record is not None else ""
    return f"{activity.actor_name} {PHRASES.get(activity.verb, activity.verb)}{what}"[:400]


def event_type(activity: Activity, record: Record | None) -> str:
    """Return the type of the event: kind, dot, verb in one word."""
    kind = record.kind if record is not None else "workspace"
    return f"{kind}.{activity.verb.replace(' ', '_')}"[:80]


class _Spread:
    """One batch of activities with everything that they concern, read in a fixed number of queries."""

    def __init__(self, *, workspace: Workspace, activities: Sequence[Activity], at: datetime) -> None:
        self._workspace = workspace
        self._activities = activities
        self._at = at
        ids = {activity.record_id for activity in activities if activity.record_id is not None}
        spoken = {activity.about_id for activity in activities if activity.about_id is not None}
        self._records = Record.objects.in_bulk(ids | spoken)
        self._insiders = self._circles()
        self._watchers: dict[int, set[int]] = defaultdict(set)
        for record_id, member_id in Watch.objects.filter(record_id__in=ids).values_list(
            "record_id", "member_id"
        ):
            self._watchers[record_id].add(member_id)
        self._tags: dict[int, set[str]] = defaultdict(set)
        for record_id, name in RecordTag.objects.filter(record_id__in=ids).values_list(
            "record_id", "tag__name"
        ):
            self._tags[record_id].add(name.lower())
        members = Member.objects.filter(workspace=workspace, removed_at__isnull=True, user__is_active=True)
        self._members = {member.pk: member for member in members}
        self._channels = list(Channel.objects.filter(workspace=workspace).select_related("endpoint"))
        self._endpoints = list(
            Endpoint.objects.filter(workspace=workspace, disabled_at__isnull=True).select_related("workspace")
        )

    def _circles(self) -> dict[int, set[int]]:
        """Return who is in each circle that this batch's records are private to."""
        wanted = {one.circle_id for one in self._records.values() if one.circle_id is not None}
        found: dict[int, set[int]] = {pk: set() for pk in wanted}
        if wanted:
            rows = Circle.members.through.objects.filter(circle_id__in=wanted)
            for circle_id, member_id in rows.values_list("circle_id", "member_id"):
                found[circle_id].add(member_id)
        return found

    def _walls(self, activity: Activity) -> list[set[int]]:
        """Return, for each wall that a deed lies behind, the members who may look over it."""
        concerned = (
            self._records.get(pk) for pk in (activity.record_id, activity.about_id) if pk is not None
        )
        return [
            self._insiders[one.circle_id]
            for one in concerned
            if one is not None and one.circle_id is not None
        ]

    def run(self) -> None:
        """Write the notices, the mails to channels, and the deliveries."""
        found: list[Notice] = []
        mails: dict[int, list[dict[str, str]]] = defaultdict(list)
        for activity in self._activities:
            record = self._records.get(activity.record_id) if activity.record_id is not None else None
            if activity.record_id is not None and record is None:
                continue
            walls = self._walls(activity)
            # A channel's address and a webhook are nobody's circle: what is private goes to neither.
            channels = [] if walls else self._channels_for(activity, record)
            told = self._notices(activity, record, channels)
            found.extend(notice for notice in told if all(notice.member_id in wall for wall in walls))
            if walls:
                continue
            for channel in channels:
                if channel.email:
                    line = {"text": describe(activity, record), "url": self._url(record)}
                    mails[channel.pk].append(line)
            self._deliver(activity, record, channels)
        notices.put(found)
        last = self._activities[-1].sequence if self._activities else 0
        for channel_id, lines in mails.items():
            mail, is_new = ChannelMail.objects.get_or_create(
                channel_id=channel_id, sequence=last, defaults={"lines": lines}
            )
            if is_new:
                jobs.enqueue("notify.channel_mail", workspace_id=self._workspace.pk, mail_id=mail.pk)
        if found:
            jobs.enqueue("notify.mail_at_once", workspace_id=self._workspace.pk, key="at-once")

    def _channels_for(self, activity: Activity, record: Record | None) -> list[Channel]:
        if record is None or activity.via in MASS:
            return []
        tags = self._tags[record.pk]
        return [one for one in self._channels if one.matches(kind=record.kind, verb=activity.verb, tags=tags)]

    def _url(self, record: Record | None) -> str:
        if record is None:
            return f"/w/{self._workspace.slug}/activity/"
        return kinds.url_of(record, workspace=self._workspace.slug)

    def _notices(
        self, activity: Activity, record: Record | None, channels: Iterable[Channel]
    ) -> Iterable[Notice]:
        if record is None or activity.via in MASS:
            return
        reasons: dict[int, Reason] = {}
        departments = {channel.department_id for channel in channels if channel.to_inbox}
        for member in self._members.values():
            if member.department_id in departments:
                reasons[member.pk] = Reason.CHANNEL
        for member_id in self._watchers[record.pk]:
            reasons[member_id] = Reason.WATCH
        mentions = activity.changes.get("mentions") if activity.verb == "commented" else None
        for member_id in mentions if isinstance(mentions, list) else []:
            reasons[member_id] = Reason.MENTION
        for member_id, reason in reasons.items():
            told = self._members.get(member_id)
            if told is None or (activity.actor_id is not None and told.user_id == activity.actor_id):
                continue
            quote = activity.changes.get("text")
            yield Notice(
                workspace=self._workspace,
                member=told,
                record=record,
                sequence=activity.sequence,
                reason=reason,
                actor_name=activity.actor_name,
                text=describe(activity, record),
                quote=quote[:300] if isinstance(quote, str) else "",
                url=self._url(record),
                created_at=activity.at,
            )

    def _deliver(self, activity: Activity, record: Record | None, channels: Iterable[Channel]) -> None:
        kind = event_type(activity, record)
        chosen = {one.pk: one for one in self._endpoints if webhooks.wants(one, kind)}
        by_channel = {channel.endpoint_id for channel in channels}
        chosen |= {one.pk: one for one in self._endpoints if one.pk in by_channel}
        if not chosen:
            return
        event_id = f"msg_{self._workspace.pk}_{activity.sequence}"
        body = webhooks.envelope(
            event_id=event_id,
            event_type=kind,
            at=activity.at,
            workspace=self._workspace.slug,
            subject=activity.record_key,
            data={
                "sequence": activity.sequence,
                "verb": activity.verb,
                "actor": {"id": activity.actor_id, "name": activity.actor_name, "via": activity.via},
                "record": None
                if record is None
                else {
                    "key": record.key,
                    "kind": record.kind,
                    "title": record.title,
                    "version": record.version,
                },
                "changes": activity.changes,
            },
        )
        for endpoint in chosen.values():
            webhooks.send(endpoint=endpoint, event_id=event_id, event_type=kind, body=body, at=self._at)
