"""What the page of a feature says of its issues."""

from __future__ import annotations

from django.utils import timezone

from roadbed.core.records.models import Record
from roadbed.core.records.places import Place, Places
from roadbed.core.workspaces.access import Access
from roadbed.modules.trackers.models import Binding, Connection
from roadbed.modules.trackers.selectors import connections
from roadbed.web import formats


def _note(access: Access, binding: Binding) -> str:
    words = [binding.connection.name]
    if status := binding.theirs.get("words", {}).get("status"):
        words.append(str(status))
    if binding.state != Binding.State.LIVE:
        words.append(binding.get_state_display().lower())
    elif getattr(binding, "clashes", 0):
        words.append(formats.plural(binding.clashes, "conflict"))  # type: ignore[attr-defined]  # annotated
    elif binding.held:
        words.append("some fields held back")
    if binding.synced_at:
        words.append(f"looked at {formats.age(binding.synced_at, now=timezone.now())}")
    return ", ".join(words)


def places_of(access: Access, record: Record) -> Places | None:
    """Return the issues of a feature; nothing for other kinds, or where no tracker is connected."""
    if record.kind != "feature":
        return None
    found = connections.issues_of(workspace_id=access.workspace.pk, record_ids=[record.pk]).get(record.pk, [])
    base = f"/w/{access.workspace.slug}/trackers/"
    is_connected = bool(found) or Connection.objects.running().filter(workspace=access.workspace).exists()
    if not is_connected:
        return None
    return Places(
        title="Issues",
        shown=tuple(
            Place(
                label=each.key or "being made",
                url=each.url or f"{base}{each.connection_id}/issues/",
                note=_note(access, each),
            )
            for each in found
        ),
        deed="Add an issue" if access.can_make and not record.is_deleted else "",
        deed_url=f"{base}link/?key={record.key}",
    )
