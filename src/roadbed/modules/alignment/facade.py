"""The only door of alignment for its siblings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from roadbed.modules.alignment.models import SessionItem
from roadbed.modules.alignment.selectors import results


@dataclass(frozen=True, slots=True)
class Aligned:
    """How far people agree about a record, by the last opened session that rated it."""

    session: str
    url: str
    level: float


def alignment_of(*, workspace_id: int, workspace: str, record_ids: Collection[int]) -> Mapping[int, Aligned]:
    """Return the mean agreement about records, where an opened session rated them."""
    rows = SessionItem.objects.filter(
        record_id__in=record_ids,
        session__workspace_id=workspace_id,
        session__deleted_at__isnull=True,
        session__opened_at__isnull=False,
    ).select_related("session")
    last = {row.record_id: row.session for row in rows.order_by("session_id")}
    found: dict[int, Aligned] = {}
    for session in {one.pk: one for one in last.values()}.values():
        seen = session.round - 1 if session.is_voting else session.round
        for item, cells in results.results(session, round=seen).rows:
            levels = [cell.level for cell in cells if cell.level is not None]
            if levels and last.get(item.record_id) == session:
                url = f"/w/{workspace}/alignment/sessions/{session.number}/"
                found[item.record_id] = Aligned(session.title, url, sum(levels) / len(levels))
    return found
