"""What an outline should not pass over: themes that many speak of, and no need is written for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from roadbed.core.records import kinds
from roadbed.core.records.models import Link
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Feedback, Segment
from roadbed.modules.insights.selectors import demand, outline_figures, outline_parts, themes
from roadbed.modules.insights.selectors.outline_parts import Share
from roadbed.modules.insights.selectors.outline_scope import Scope

MOST = 5
FEWEST_PEOPLE = 3
LONGEST_QUOTE = 180


@dataclass(frozen=True, slots=True)
class OpenTheme:
    """A theme without a need, how many speak of it, and the piece nearest its middle."""

    key: str
    title: str
    url: str
    people: int
    quote: str
    quote_key: str
    quote_url: str


def open_themes(scope: Scope, *, workspace: Workspace, most: int = MOST) -> list[OpenTheme]:
    """Return the themes that most people speak of and no need is linked to; two queries.

    Themes are counted over the whole workspace: a narrowed scope has none.
    """
    if scope.narrows_feedback or scope.product_id:
        return []
    linked = Link.objects.filter(
        source_id=OuterRef("pk"), target__kind="need", target__deleted_at__isnull=True
    )
    rows = (
        themes.live(workspace_id=scope.workspace_id)
        .filter(is_broad=False, archived_at__isnull=True, tally__people__gte=FEWEST_PEOPLE)
        .exclude(Exists(linked))
        .select_related("tally")
        .order_by("-tally__people", "-pk")[:most]
    )
    found = list(rows)
    nearest = {theme.pk: theme.nearest[0] for theme in found if theme.nearest}
    pieces = {
        piece.pk: piece
        for piece in Feedback.objects.in_workspace(scope.workspace_id).filter(pk__in=nearest.values())
    }
    lines = []
    for theme in found:
        piece = pieces.get(nearest.get(theme.pk, 0))
        text = " ".join(piece.text.split()) if piece else ""
        lines.append(
            OpenTheme(
                key=theme.key,
                title=theme.title,
                url=kinds.url_of(theme, workspace=workspace.slug),
                people=theme.tally.people,
                quote=text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…",
                quote_key=piece.key if piece else "",
                quote_url=kinds.url_of(piece, workspace=workspace.slug) if piece else "",
            )
        )
    return lines


def heard_by_segment(*, workspace_id: int) -> dict[str, int]:
    """Return how many customers of each segment were heard at all, by the segment's key."""
    segments = outline_parts.segments_of(workspace_id)
    heard = demand.heard_accounts(workspace_id=workspace_id, segments=segments)
    return {segment.key: heard.get(segment.pk, 0) for segment in segments}


def shares_of(
    scope: Scope, *, need_ids: Sequence[int], segments: Sequence[Segment], workspace: str
) -> Mapping[int, list[Share]]:
    """Return how many people and accounts of each segment stand behind each need, by quote or by vote."""
    named = (tuple(need_ids), tuple((segment.pk, segment.version) for segment in segments))
    found = outline_figures.remember(
        "shares",
        scope,
        named,
        compute=lambda: demand.by_segment(
            workspace_id=scope.workspace_id, record_ids=need_ids, segments=segments
        ),
    )
    return {
        need_id: [
            Share(
                key=segment.key,
                title=segment.title,
                url=kinds.url_of(segment, workspace=workspace),
                people=said[segment.pk].people if segment.pk in said else 0,
                accounts=said[segment.pk].accounts if segment.pk in said else 0,
            )
            for segment in segments
        ]
        for need_id, said in found.items()
    }
