"""What follows for themes and alerts when a piece goes behind a wall, or comes out."""

from __future__ import annotations

from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Activity
from roadbed.modules.insights.models import Assignment, TrendAlert

MOVES = frozenset({"made private", "opened"})


def follow(activity: Activity) -> None:
    """Look for themes anew, so that no name and no word of theirs rests on what is private by now.

    Pieces, quotes and counts ask the record each time; only names, terms and an alert's words were written down.
    """
    piece, workspace_id = activity.record_id, activity.workspace_id
    if piece is None or activity.verb not in MOVES or not activity.record_key.startswith("FB-"):
        return
    if activity.verb == "made private":
        for alert in TrendAlert.objects.filter(home_id=workspace_id):
            if piece in alert.pieces:
                alert.pieces = [pk for pk in alert.pieces if pk != piece]
                alert.words = []
                alert.save(update_fields=["pieces", "words"])
    if Assignment.objects.filter(feedback_id=piece, theme__isnull=False).exists():
        jobs.enqueue_on_commit("insights.themes", workspace_id=workspace_id, key="themes")
