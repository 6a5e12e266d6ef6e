"""A persona is read off: what the people of a segment need most, and where they differ from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, Sum

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Feedback, Person, Segment
from roadbed.modules.insights.selectors import demand, outline_figures, outline_parts
from roadbed.modules.insights.selectors.outline_parts import Citation
from roadbed.modules.insights.selectors.outline_scope import Scope, accounts_of
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.proportions import ProportionDifference, Share, difference_in_proportions, share_of

CANDIDATES = 30
SHOWN = 6
QUOTES = 2
MOST_WORDS = 5
FEWEST_HEARD = 3
"""A segment of which fewer customers were heard has no persona yet."""


@dataclass(frozen=True, slots=True)
class PersonaNeed:
    """One need: how many of the segment's customers ask for it, and how many of the rest."""

    record: Record
    url: str
    people: int
    accounts: int
    share: Share
    rest: Share | None
    difference: ProportionDifference | None
    quotes: Sequence[Citation]

    @property
    def is_distinct(self) -> bool:
        """Whether the segment surely asks for it more than the rest."""
        return self.difference is not None and self.difference.low > 0


@dataclass(frozen=True, slots=True)
class Counted:
    """A word and how many said it or have it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Persona:
    """What a segment looks like from what it said. `refusal` says why there is none yet."""

    segment: Segment
    size: int
    people: int
    heard: int
    rest_heard: int
    revenue: Decimal
    unpriced: int
    roles: Sequence[Counted]
    languages: Sequence[Counted]
    sources: Sequence[Counted]
    needs: Sequence[PersonaNeed]
    """Those that most of its customers ask for."""
    distinct: Sequence[PersonaNeed]
    """Those that it surely asks for more than the rest does, the clearest first."""
    refusal: str = ""

    @property
    def facets(self) -> Sequence[tuple[str, Sequence[Counted]]]:
        """What is counted of its people, by name."""
        return (("They work as", self.roles), ("They speak", self.languages), ("They write by", self.sources))


_HEARD = """
SELECT COUNT(*) FROM (
    SELECT COALESCE(piece.account_id, person.account_id) AS account
    FROM insights_feedback piece
    JOIN records_record own ON own.id = piece.record_id
    LEFT JOIN insights_person person ON person.record_id = piece.person_id
    WHERE piece.home_id = %s AND own.circle_id IS NULL AND own.deleted_at IS NULL
    UNION
    SELECT person.account_id FROM insights_vote vote
    JOIN insights_person person ON person.record_id = vote.person_id
    JOIN records_record own ON own.id = vote.person_id
    WHERE own.workspace_id = %s AND own.circle_id IS NULL AND own.deleted_at IS NULL
) heard
JOIN records_record live ON live.id = heard.account AND live.deleted_at IS NULL AND live.circle_id IS NULL
"""


def heard_in_all(*, workspace_id: int) -> int:
    """Return how many accounts said or wanted anything at all."""
    scope = Scope(workspace_id=workspace_id)
    return outline_figures.remember("heard_in_all", scope, compute=lambda: _heard_in_all(workspace_id))


def _heard_in_all(workspace_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_HEARD, [workspace_id, workspace_id])
        return int(cursor.fetchone()[0])


def _counted(rows: object, name: str) -> list[Counted]:
    found = rows.order_by().values(name).annotate(count=Count("pk")).order_by("-count", name)  # type: ignore[attr-defined]  # any of three query sets
    return [Counted(row[name], row["count"]) for row in found[:MOST_WORDS] if row[name]]


def _share(accounts: int, heard: int) -> Share | None:
    try:
        return share_of(successes=min(accounts, heard), trials=heard)
    except NotEnoughDataError:
        return None


def _apart(own: Share, rest: Share | None) -> ProportionDifference | None:
    if rest is None:
        return None
    return difference_in_proportions(
        successes=(rest.successes, own.successes), trials=(rest.trials, own.trials)
    )


def persona_of(*, segment: Segment, workspace: str) -> Persona:
    """Return the persona that a segment's words make, remembered until somebody writes."""
    scope = Scope(workspace_id=segment.workspace_id, segment=segment)
    return outline_figures.remember(
        "persona", scope, workspace, compute=lambda: _persona(segment, workspace=workspace)
    )


def _persona(segment: Segment, *, workspace: str) -> Persona:
    workspace_id = segment.workspace_id
    inside = accounts_of(segment)
    total = inside.order_by().aggregate(
        count=Count("pk"), paid=Sum("revenue"), unpriced=Count("pk", filter=Q(revenue__isnull=True))
    )
    ids = inside.order_by().values("pk")
    people = Person.objects.in_workspace(workspace_id).filter(account_id__in=ids)
    said = Feedback.objects.in_workspace(workspace_id).filter(
        Q(account_id__in=ids) | Q(account__isnull=True, person__account_id__in=ids)
    )
    heard = demand.heard_accounts(workspace_id=workspace_id, segments=[segment]).get(segment.pk, 0)
    rest_heard = max(0, heard_in_all(workspace_id=workspace_id) - heard)
    needs, refusal = [], ""
    if heard >= FEWEST_HEARD:
        needs = _needs(segment, workspace=workspace, heard=heard, rest_heard=rest_heard)
    else:
        refusal = f"Only {heard} of its customers were heard. From {FEWEST_HEARD} on, what they say makes a persona."
    distinct = sorted(
        (need for need in needs if need.is_distinct),
        key=lambda need: need.difference.low if need.difference else 0.0,
        reverse=True,
    )
    return Persona(
        segment=segment,
        size=total["count"],
        people=people.count(),
        heard=heard,
        rest_heard=rest_heard,
        revenue=Decimal(total["paid"] or 0).quantize(Decimal("0.01")),
        unpriced=total["unpriced"],
        roles=_counted(people, "job_title"),
        languages=_counted(said, "locale"),
        sources=_counted(said, "source"),
        needs=needs[:SHOWN],
        distinct=distinct[:SHOWN],
        refusal=refusal,
    )


def _needs(segment: Segment, *, workspace: str, heard: int, rest_heard: int) -> list[PersonaNeed]:
    """Return what the segment asks for, the most wanted first, each with its strongest words."""
    rows = (
        Record.objects.in_workspace(segment.workspace_id)
        .filter(kind="need", archived_at__isnull=True, tally__people__gt=0)
        .select_related("tally")
        .order_by("-tally__accounts", "-pk")[:CANDIDATES]
    )
    records = {record.pk: record for record in rows}
    found = demand.by_segment(workspace_id=segment.workspace_id, record_ids=list(records), segments=[segment])
    drafts = []
    for pk, record in records.items():
        own = found.get(pk, {}).get(segment.pk)
        share = _share(own.accounts, heard) if own else None
        if own is None or share is None:
            continue
        rest = _share(max(0, record.tally.accounts - own.accounts), rest_heard)
        drafts.append((record, own, share, rest, _apart(share, rest)))
    drafts.sort(key=lambda draft: (draft[1].accounts, draft[1].people, -draft[0].pk), reverse=True)
    told = {draft[0].pk for draft in drafts[:SHOWN]} | {
        draft[0].pk for draft in drafts if draft[4] is not None and draft[4].low > 0
    }
    quotes = outline_parts.strongest_quotes(
        Scope(workspace_id=segment.workspace_id, segment=segment),
        need_ids=sorted(told),
        workspace=workspace,
        most=QUOTES,
    )
    return [
        PersonaNeed(
            record=record,
            url=kinds.url_of(record, workspace=workspace),
            people=own.people,
            accounts=own.accounts,
            share=share,
            rest=rest,
            difference=apart,
            quotes=quotes.get(record.pk, ()),
        )
        for record, own, share, rest, apart in drafts
    ]
