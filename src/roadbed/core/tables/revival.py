"""Which deleted records may come back by being imported again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from roadbed.core.tables.models import ImportBatch


def revivable(workspace_id: int, deleted: Sequence[tuple[int, datetime]]) -> set[int]:
    """Return those of the records that an undone import took away; what people deleted stays deleted."""
    if not deleted:
        return set()
    moments = set(
        ImportBatch.objects.filter(
            run__workspace_id=workspace_id, undone_at__in={moment for _, moment in deleted}
        ).values_list("undone_at", flat=True)
    )
    return {record_id for record_id, moment in deleted if moment in moments}
