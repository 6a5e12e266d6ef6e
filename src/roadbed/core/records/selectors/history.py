"""Reading history, in sentences."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Record, SavedView, Watch
from roadbed.core.workspaces.models import Member


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One deed, ready to be read."""

    sequence: int
    at: datetime
    actor: str
    via: str
    sentence: str
    key: str
    changes: tuple[tuple[str, str, str], ...]
    """Field, before, after; as text."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a record that was changed, from what it was to what it is now."""

    field: str
    before: Any
    now: Any
    by: str


_FACTS: dict[str, str] = {
    "waits for": "let this wait for {on}: {tie}",
    "no longer waits for": "let this no longer wait for {on}",
    "asked for estimates": "asked {asked} how much work it is",
    "gave an estimate": "said how much work it is, hidden until the round is opened",
    "checked in": "checked in on {key result}",
    "added a key result": "added the key result {key result}",
    "shared the roadmap": "shared the roadmap as {name}",
    "ended a link to the roadmap": "ended the link {name} to the roadmap",
    "changed how a team works": "changed how {team} works",
    "added a seat": "gave {seat} a seat in {team}",
    "changed a seat": "changed the seat of {seat} in {team}",
    "removed a seat": "removed the seat of {seat} from {team}",
    "added an absence": "said that {seat} is away from {from} until {until}",
    "removed an absence": "said that {seat} is not away from {from}",
    "linked": "linked {source} to {target}",
    "unlinked": "removed the link from {source} to {target}",
    "merged": "merged {merged} into {into}",
    "merged away": "merged this into {into}",
    "unmerged": "took the merge of {merged} back",
    "commented": "commented: {text}",
    "redacted": "took private words out, for good: {kinds}",
    "left private words": "left what looked private",
    "read": "said what this is",
    "kept apart": "said that this is no duplicate of {other}",
    "no longer kept apart": "took back that this is no duplicate of {other}",
    "put into a theme": "put this into {theme} {title}",
    "added redaction pattern": "had the pattern {name} looked for",
    "removed redaction pattern": "had the pattern {name} looked for no longer",
    "invited": "invited {email} as {role}",
    "revoked invitation": "took the invitation of {email} back",
    "joined": "joined as {role}",
    "removed member": "removed {member}",
    "restored member": "let {member} in again",
    "created token": "created the token {name}",
    "revoked token": "revoked the token {name}",
}


def _text(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    text = str(value)
    return text if len(text) <= 160 else text[:159] + "…"


def describe(activity: Activity) -> ActivityLine:
    """Return an activity as a sentence with its changes."""
    changes = activity.changes if isinstance(activity.changes, dict) else {}
    pairs = tuple(
        (name.replace("_", " "), _text(pair[0]), _text(pair[1]))
        for name, pair in changes.items()
        if isinstance(pair, list) and len(pair) == 2 and name != "emptied"
    )
    facts = {name: _text(value) for name, value in changes.items()}
    pattern = _FACTS.get(activity.verb)
    if pattern is not None:
        try:
            sentence = pattern.format(**facts)
        except KeyError:
            sentence = activity.verb
        pairs = ()
    elif activity.verb == "changed" and pairs:
        sentence = "changed " + ", ".join(name for name, _, _ in pairs)
    else:
        sentence = activity.verb
    return ActivityLine(
        sequence=activity.sequence,
        at=activity.at,
        actor=activity.actor_name,
        via=activity.via,
        sentence=sentence,
        key=activity.record_key,
        changes=pairs,
    )


def activity_of_record(
    *, record_id: int, limit: int = 12, before: int | None = None, circles: Collection[int] = ()
) -> list[ActivityLine]:
    """The newest deeds on a record; `before` is a sequence to go on from."""
    rows = Activity.objects.filter(record_id=record_id).visible_to(circles)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    return [describe(row) for row in rows.order_by("-sequence")[:limit]]


def activity_of_workspace(
    *, workspace_id: int, limit: int = 50, before: int | None = None, circles: Collection[int] = ()
) -> list[ActivityLine]:
    """The newest deeds in a workspace."""
    rows = Activity.objects.filter(workspace_id=workspace_id).visible_to(circles)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    return [describe(row) for row in rows.order_by("-sequence")[:limit]]


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record that others changed, with their deeds in one line each."""

    key: str
    title: str
    url: str
    at: datetime
    lines: tuple[ActivityLine, ...]
    more: int
    watched: bool


CHANGES_READ = 400


def changes_since(
    *, workspace_id: int, workspace: str, since: datetime, not_by: int, watcher: Member, limit: int = 30
) -> list[ChangedRecord]:
    """Records that others changed since a moment, those that the member watches first, then the newest.

    Reads the newest few hundred deeds at the most, so that an import of thousands of rows costs nothing.
    """
    circles = watcher.circle_ids
    deeds = Activity.objects.filter(workspace_id=workspace_id, at__gt=since, record__isnull=False)
    deeds = deeds.visible_to(circles).exclude(actor_id=not_by).order_by("-sequence")[:CHANGES_READ]
    grouped: dict[int, list[Activity]] = {}
    for deed in deeds:
        if deed.record_id is not None:
            grouped.setdefault(deed.record_id, []).append(deed)
    records = Record.objects.in_workspace(workspace_id, circles=circles).in_bulk(list(grouped))
    watched = set(
        Watch.objects.filter(member=watcher, record_id__in=list(grouped)).values_list("record_id", flat=True)
    )
    changed = [
        ChangedRecord(
            key=records[pk].key,
            title=records[pk].title,
            url=kinds.url_of(records[pk], workspace=workspace),
            at=rows[0].at,
            lines=tuple(describe(row) for row in rows[:3]),
            more=max(len(rows) - 3, 0),
            watched=pk in watched,
        )
        for pk, rows in grouped.items()
        if pk in records
    ]
    changed.sort(key=lambda item: (item.watched, item.at), reverse=True)
    return changed[:limit]


def saved_views(*, member: Member, list_name: str) -> list[SavedView]:
    """The member's own views of a list, and those shared with the workspace."""
    rows = SavedView.objects.filter(workspace_id=member.workspace_id, list_name=list_name)
    return list(rows.filter(Q(member=member) | Q(is_shared=True)).order_by("name"))


def changed_since(*, record: Record, version: int) -> list[FieldChange]:
    """Return the fields that were changed since a version, each with who changed it last; one query.

    A version counts one deed, so as many of the newest deeds are read. Deeds that speak of another record are left
    out: whoever asks may not see that one.
    """
    deeds = max(record.version - version, 0)
    if not deeds or not record.pk:
        return []
    rows = Activity.objects.filter(record_id=record.pk, about__isnull=True).order_by("-sequence")[
        : min(deeds, 50)
    ]
    found: dict[str, FieldChange] = {}
    for activity in rows:
        changes = activity.changes if isinstance(activity.changes, dict) else {}
        for name, pair in changes.items():
            if not (isinstance(pair, list) and len(pair) == 2):
                continue
            later = found.get(name)
            found[name] = FieldChange(
                field=name,
                before=pair[0],
                now=later.now if later else pair[1],
                by=later.by if later else activity.actor_name,
            )
    return [found[name] for name in sorted(found)]
