"""The only door of the trackers for their siblings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from roadbed.modules.trackers.selectors import connections as selectors


@dataclass(frozen=True, slots=True)
class LinkedIssue:
    """An issue that a feature is kept in step with."""

    key: str
    url: str
    status: str
    connection: str
    synced_at: datetime | None
    state: str


def issues_of(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, list[LinkedIssue]]:
    """Return the issues of features, in one query."""
    return {
        record_id: [
            LinkedIssue(
                key=each.key,
                url=each.url,
                status=str(each.theirs.get("words", {}).get("status") or ""),
                connection=each.connection.name,
                synced_at=each.synced_at,
                state=each.state,
            )
            for each in rows
        ]
        for record_id, rows in selectors.issues_of(workspace_id=workspace_id, record_ids=record_ids).items()
    }
