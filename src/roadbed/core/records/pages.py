"""What every detail page shows of a record besides its own fields."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from roadbed.core.evidence import chain, registry
from roadbed.core.records import kinds, markdown, places, selectors, standings
from roadbed.core.records.models import Record, Watch
from roadbed.core.workspaces.access import Access


def comment_lines(*, record: Record, access: Access) -> list[dict[str, Any]]:
    """The comments on a record, rendered, with what the reader may do to each."""
    return [
        {
            "comment": comment,
            "html": markdown.render(comment.body, workspace=access.workspace.slug),
            "is_own": comment.author_id == access.member.user_id,
            "may_delete": comment.author_id == access.member.user_id or access.can_own,
        }
        for comment in selectors.comments_of(record_id=record.pk)
    ]


def _may_move(kind: str) -> bool:
    return kinds.get(kind).may_be_private and not kinds.get(kind).keeps_circle


def record_context(
    *,
    access: Access,
    record: Record,
    now: datetime,
    with_chain: bool = True,
    hidden_kinds: Collection[str] = ("feedback",),
) -> dict[str, Any]:
    """Return what ``records/parts/*.html`` needs, in a number of queries that does not depend on rows.

    Parameters
    ----------
    with_chain : bool
        Whether to assemble the evidence chain; pages of kinds that have none leave it out.
    hidden_kinds : collection of str
        Kinds whose links the page shows in its own way (feedback comes as quotes).
    """
    slug = access.workspace.slug
    return {
        "record": record,
        "kind": kinds.get(record.kind),
        "record_base": f"/w/{slug}/{record.key}/",
        "now": now,
        "chain": chain.chain_of(record=record, workspace=slug) if with_chain else None,
        "links": selectors.links_of(
            record=record, workspace=slug, without=hidden_kinds, circles=access.circle_ids
        ),
        "comments": comment_lines(record=record, access=access),
        "activity": selectors.activity_of_record(record_id=record.pk, circles=access.circle_ids),
        "tags": list(selectors.tags_of(record_id=record.pk)),
        "merges": list(selectors.merges_of(record_id=record.pk)),
        "places": places.of(access=access, record=record),
        "standings": standings.of(access=access, record=record),
        "circles": list(access.member.circles.all()) if _may_move(record.kind) else None,
        "beside": registry.beside(
            workspace_id=record.workspace_id, workspace=slug, record=record, circles=access.circle_ids
        ),
        "watching": Watch.objects.filter(record_id=record.pk, member=access.member).exists(),
    }
