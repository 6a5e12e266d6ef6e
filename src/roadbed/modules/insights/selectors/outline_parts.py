"""What an outline shows of each need besides its figures: words, features, segments. A query each, for any number."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, Subquery, Sum

from roadbed.core.records import kinds
from roadbed.core.records.models import Link, Relation
from roadbed.modules.insights.models import Account, Feedback, Quote, Segment, Strength
from roadbed.modules.insights.selectors import voices
from roadbed.modules.insights.selectors.outline_scope import Scope, account, accounts_of, rows, said

ANSWERING = (Relation.ANSWERS, Relation.DELIVERS)
MOST_SEGMENTS = 8
MOST_SOURCES = 40


@dataclass(frozen=True, slots=True)
class Citation:
    """Somebody's words, and everything needed to find them again."""

    quote_id: int
    text: str
    strength: Strength
    key: str
    url: str
    who: str
    account: str
    revenue: Decimal | None
    said_at: dt.datetime
    source: str
    note: str = ""

    @property
    def speaker(self) -> str:
        """Who said it, as a citation names them."""
        return ", ".join(part for part in (self.who, self.account) if part) or "Anonymous"


@dataclass(frozen=True, slots=True)
class Answer:
    """A record, such as a feature, that answers a need; with its state where its module tells it."""

    key: str
    title: str
    url: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a need one segment speaks for."""

    key: str
    title: str
    url: str
    people: int
    accounts: int


def cited(quotes: Any) -> Any:
    """Join what a citation tells: the piece, the person and the account, whether they come from either."""
    customer = Account.objects.filter(pk=OuterRef("customer"))
    return quotes.select_related("feedback__person").annotate(
        customer_name=Subquery(customer.values("title")[:1]),
        customer_revenue=Subquery(customer.values("revenue")[:1]),
    )


def citation(quote: Any, *, workspace: str) -> Citation:
    """Return a quote that `cited` read, as an outline shows it."""
    piece = quote.feedback
    return Citation(
        quote_id=quote.pk,
        text=quote.text,
        strength=Strength(quote.strength),
        key=piece.key,
        url=kinds.url_of(piece, workspace=workspace),
        who=piece.person.title if piece.person else "",
        account=quote.customer_name or "",
        revenue=quote.customer_revenue,
        said_at=piece.said_at,
        source=piece.source,
        note=quote.note,
    )


_STRONGEST = """
WITH said(id, target, speaker, strength, at) AS ({said}),
own AS (
    SELECT id, target, strength, at,
           ROW_NUMBER() OVER (PARTITION BY target, speaker ORDER BY strength DESC, at DESC, id DESC) AS nth
    FROM said
),
ranked AS (
    SELECT id, target, ROW_NUMBER() OVER (PARTITION BY target ORDER BY strength DESC, at DESC, id DESC) AS
    place FROM own WHERE nth = 1
)
SELECT id FROM ranked WHERE place <= %s
"""


def strongest_quotes(
    scope: Scope, *, need_ids: Collection[int], workspace: str, most: int
) -> Mapping[int, list[Citation]]:
    """Return the strongest words about each need, at most one a person; of equal ones the newest."""
    if not need_ids or most < 1:
        return {}
    inner = said(scope).filter(target_id__in=list(need_ids)).order_by()
    columns = inner.values_list("pk", "target_id", "speaker", "strength", "feedback__said_at")
    chosen = [row[0] for row in rows(_STRONGEST, said_in=columns, more=(most,))]
    found: dict[int, list[Citation]] = defaultdict(list)
    # Who speaks and for whom is asked for these few only.
    few = cited(Quote.objects.filter(pk__in=chosen).annotate(customer=account("feedback__")))
    for quote in few.order_by("target_id", "-strength", "-feedback__said_at", "-pk"):
        found[quote.target_id].append(citation(quote, workspace=workspace))
    return found


def answers(*, workspace_id: int, workspace: str, need_ids: Collection[int]) -> Mapping[int, list[Answer]]:
    """Return the records that answer or deliver each need, with their states: a query, and one for each kind."""
    links = list(
        Link.objects.filter(
            workspace_id=workspace_id,
            target_id__in=list(need_ids),
            relation__in=ANSWERING,
            source__deleted_at__isnull=True,
        )
        .select_related("source")
        .order_by("target_id", "source__prefix", "source__number")
    )
    by_kind: dict[str, set[int]] = defaultdict(set)
    for link in links:
        by_kind[link.source.kind].add(link.source_id)
    status: dict[int, str] = {}
    for name, ids in by_kind.items():
        kind = kinds.get(name)
        if kind.describe is not None:
            described = kind.model.objects.in_bulk(ids)
            status |= {pk: kind.describe(record).get("status", "") for pk, record in described.items()}
    found: dict[int, dict[int, Answer]] = defaultdict(dict)
    for link in links:
        source = link.source
        found[link.target_id][source.pk] = Answer(
            key=source.key,
            title=source.title,
            url=kinds.url_of(source, workspace=workspace),
            status=status.get(source.pk, ""),
        )
    return {need_id: list(lines.values()) for need_id, lines in found.items()}


def segments_of(workspace_id: int) -> Sequence[Segment]:
    """The segments that needs are split by: the first few by name."""
    segments = Segment.objects.in_workspace(workspace_id).filter(kind="segment").not_archived()
    return list(segments.order_by("title", "pk")[:MOST_SEGMENTS])


def by_segment(
    scope: Scope, *, need_ids: Collection[int], segments: Sequence[Segment], workspace: str
) -> Mapping[int, list[Share]]:
    """Return how many people and accounts of each segment stand behind each need, in one query."""
    if not segments or not need_ids:
        return {}
    spoken = said(scope).filter(target_id__in=list(need_ids)).order_by()
    inner, params = spoken.values_list("target_id", "speaker", "customer").query.sql_with_params()
    inside, more = voices.members(workspace_id=scope.workspace_id, segments=segments)
    statement = _BY_SEGMENT.replace("{said}", inner).replace("{members}", inside)
    counted: dict[tuple[int, int], tuple[int, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, *more])
        for target, segment_id, people, accounts in cursor.fetchall():
            counted[target, segment_id] = (people, accounts)
    spoken_of = {target for target, _ in counted}
    return {
        target: [
            Share(
                segment.key,
                segment.title,
                kinds.url_of(segment, workspace=workspace),
                *counted.get((target, segment.pk), (0, 0)),
            )
            for segment in segments
        ]
        for target in spoken_of
    }


_BY_SEGMENT = """
WITH voice(target, speaker, account) AS ({said}),
{members}
SELECT voice.target, member.segment, COUNT(DISTINCT voice.speaker), COUNT(DISTINCT voice.account)
FROM voice JOIN member ON member.account = voice.account
GROUP BY voice.target, member.segment
"""


def sizes_of(segments: Sequence[Segment], *, spoken: Any) -> Mapping[int, tuple[int, Decimal]]:
    """Return, per segment, how many accounts it takes in and the revenue of those that spoke, in one query.

    Parameters
    ----------
    spoken : queryset
        The ids of the accounts that spoke.
    """
    if not segments:
        return {}
    counts: dict[str, Any] = {}
    for segment in segments:
        inside = Q(pk__in=accounts_of(segment).values("pk"))
        counts[f"size_{segment.pk}"] = Count("pk", filter=inside)
        counts[f"revenue_{segment.pk}"] = Sum("revenue", filter=inside & Q(pk__in=spoken))
    found = Account.objects.in_workspace(segments[0].workspace_id).filter(kind="account").aggregate(**counts)
    return {
        segment.pk: (found[f"size_{segment.pk}"], found[f"revenue_{segment.pk}"] or Decimal(0))
        for segment in segments
    }


def sources_of(workspace_id: int) -> list[str]:
    """Return where feedback of a workspace comes from, by name.

    The index by source is walked from one source to the next, so that the cost is that of the sources, not
    of the pieces.
    """
    found: list[str] = []
    pieces = Feedback.objects.visible_to().filter(home_id=workspace_id)
    last = ""
    while len(found) < MOST_SOURCES:
        following = pieces.filter(source__gt=last).order_by("source").values_list("source", flat=True).first()
        if following is None:
            break
        found.append(following)
        last = following
    return found
