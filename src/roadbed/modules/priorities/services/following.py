"""Rank anew when what is ranked changes elsewhere."""

from __future__ import annotations

from roadbed.core.records.models import Activity
from roadbed.modules.priorities.models import Lens
from roadbed.modules.priorities.services.figures import enqueue_rankings

RANKED = frozenset({"F", "T", "N"})
"""The prefixes of features and needs."""
QUIET = frozenset({"rated", "commented", "reordered", "watched"})
"""Deeds that change no ranking, or have asked for one themselves."""


def follow(activity: Activity) -> None:
    """Ask for new rankings when a feature or a need changes, or a table was read, where there is a lens at all."""
    if activity.verb in QUIET:
        return
    if activity.record_id is not None and activity.record_key.partition("-")[0] not in RANKED:
        return
    if activity.record_id is None and activity.verb != "imported":
        return
    if Lens.objects.in_workspace(activity.workspace_id).exists():
        enqueue_rankings(activity.workspace_id)
