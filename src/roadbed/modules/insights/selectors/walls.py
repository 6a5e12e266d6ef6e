"""What the private feedback of a member's circles says about a record: counted beside the shared figures."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Count

from roadbed.core.evidence.registry import Part
from roadbed.core.workspaces.models import Circle
from roadbed.modules.insights.models import Quote
from roadbed.web import formats


def within(workspace_id: int, workspace: str, record: Any, circles: Collection[int]) -> list[Part]:
    """Return, for each of these circles that holds words about the record, how many; one query, two where there are."""
    said = (
        Quote.objects.filter(
            target_id=record.pk,
            feedback__home_id=workspace_id,
            feedback__deleted_at__isnull=True,
            feedback__circle_id__in=list(circles),
        )
        .order_by()
        .values("feedback__circle_id")
        .annotate(quotes=Count("pk"))
    )
    counted = {row["feedback__circle_id"]: row["quotes"] for row in said}
    if not counted:
        return []
    return [
        Part(
            label=circle.name,
            value=formats.plural(counted[circle.pk], "quote"),
            url=f"/w/{workspace}/insights/feedback/?backs={record.key}&circle={circle.pk}",
        )
        for circle in Circle.objects.filter(pk__in=counted).order_by("name")
    ]
