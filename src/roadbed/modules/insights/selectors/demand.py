"""Who asks for a need or a feature, row by row, and how their voices add up to its impact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.idlists import among
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Account, Segment, Strength
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import backing, outline_parts, voices
from roadbed.modules.insights.selectors.demand_segments import SegmentDemand as SegmentDemand
from roadbed.modules.insights.selectors.demand_segments import by_segment as by_segment
from roadbed.modules.insights.selectors.demand_segments import heard_accounts as heard_accounts

KINDS = ("need", "feature")
PAGE_SIZE = 25
CENT = Decimal("0.01")
VOTE_LEVEL = 0
"""A voice's level is its strength plus one; a vote without words is at the bottom."""


def level_label(level: int) -> str:
    """Return what a voice of a level is called."""
    return "Vote" if level == VOTE_LEVEL else Strength(level - 1).label


def wanted_record(*, workspace_id: int, key: str, circles: Collection[int] = ()) -> Record:
    """Return the need or feature with that key, or raise `Record.DoesNotExist`, for strangers too."""
    rows = Record.objects.in_workspace(workspace_id, circles=circles).by_key(key.replace("\x00", ""))
    found: Record = rows.filter(kind__in=KINDS).select_related("tally").get()
    return found


def tally_of(record: Record) -> EvidenceTally | None:
    """Return the kept figures of a record; None where it was never counted."""
    return EvidenceTally.objects.filter(record_id=record.pk).first()


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Speaker:
    """One person (or a piece of feedback that stands for somebody unnamed) with all they said of a record."""

    id: int
    account: int | None
    level: int
    worth: Decimal
    quotes: int
    votes: int
    latest: dt.datetime | str
    """As the database tells it: of thousands of speakers, the moments of a few are read."""
    weight: Decimal

    @property
    def latest_at(self) -> dt.datetime:
        """When they last spoke."""
        return backing.moment(self.latest)

    @property
    def points(self) -> Decimal:
        """What their voice counts."""
        return self.worth * self.weight


@dataclass(frozen=True, slots=True)
class Hearing:
    """Everybody who wants a record, read once for all its figures."""

    record: Record
    weights: Weights
    speakers: tuple[Speaker, ...]
    accounts: Mapping[int, frozenset[int]]
    """The speakers at each account; somebody may speak for two."""
    members: Mapping[int, frozenset[int]]
    """The accounts, of those that spoke, in each segment that was asked for."""

    def within(self, segment: Segment | None) -> Hearing:
        """Return only those who speak for accounts of a segment."""
        if segment is None:
            return self
        inside = self.members.get(segment.pk, frozenset())
        accounts = {pk: ids for pk, ids in self.accounts.items() if pk in inside}
        heard = frozenset().union(*accounts.values()) if accounts else frozenset()
        return replace(
            self,
            speakers=tuple(
                replace(one, account=one.account if one.account in inside else _one_of(accounts, one.id))
                for one in self.speakers
                if one.id in heard
            ),
            accounts=accounts,
        )


def _one_of(accounts: Mapping[int, frozenset[int]], speaker: int) -> int | None:
    return next((pk for pk, ids in accounts.items() if speaker in ids), None)


_VOICES = """
WITH {voices}
SELECT speaker, account, level, worth, at, quote FROM voice
"""


def hear(*, record: Record, weights: Weights, split_by: Sequence[Segment] = ()) -> Hearing:
    """Read everybody who wants a record: two statements, whatever is asked of them then."""
    head, params = voices.head(workspace_id=record.workspace_id, targets=[record.pk], weights=Weights())
    worths = {
        level: weights.vote if level == VOTE_LEVEL else weights.strengths[level - 1] for level in range(5)
    }
    drafts: dict[int, list[Any]] = {}
    accounts: dict[int, set[int]] = {}
    seen: set[tuple[int, int | None]] = set()
    for speaker, account, level, _, at, quote in _rows(_VOICES.format(voices=head), params):
        draft = drafts.setdefault(speaker, [None, -1, Decimal(-1), 0, 0, ""])
        if account is not None:
            accounts.setdefault(account, set()).add(speaker)
            draft[0] = account if draft[0] is None else max(draft[0], account)
        worth = worths[int(level)]
        if (worth, level) > (draft[2], draft[1]):
            draft[1], draft[2] = int(level), worth
        draft[3 if quote is not None else 4] += 1
        draft[5] = max(draft[5], at) if draft[5] else at
        seen.add((speaker, account))
    weighted = voices.weighted_segments(workspace_id=record.workspace_id, weights=weights)
    wanted = {segment.pk: segment for segment in (*weighted, *split_by)}
    members = voices.members_among(
        workspace_id=record.workspace_id, segments=list(wanted.values()), account_ids=accounts
    )
    counts = _account_weights(weighted, members, weights)
    most: dict[int, Decimal] = {}
    for speaker, account in seen:
        weight = counts.get(account, weights.elsewhere) if account is not None else weights.elsewhere
        most[speaker] = max(most.get(speaker, Decimal(0)), weight)
    speakers = tuple(
        Speaker(pk, draft[0], draft[1], draft[2], draft[3], draft[4], draft[5], most[pk])
        for pk, draft in drafts.items()
    )
    return Hearing(record, weights, speakers, {pk: frozenset(ids) for pk, ids in accounts.items()}, members)


def _account_weights(
    weighted: Sequence[Segment], members: Mapping[int, frozenset[int]], weights: Weights
) -> dict[int, Decimal]:
    """Return what an account counts: the largest weight of the segments that it is in."""
    found: dict[int, Decimal] = {}
    for segment in weighted:
        weight = weights.segments[segment.number]
        for account in members.get(segment.pk, ()):
            found[account] = max(found.get(account, Decimal(0)), weight)
    return found


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """People whose voices count the same: how many, what one counts, and together."""

    level: int
    weight: Decimal
    people: int
    worth: Decimal
    points: Decimal

    @property
    def label(self) -> str:
        """What these people said."""
        return level_label(self.level)


@dataclass(frozen=True, slots=True)
class Score:
    """The impact of a record, taken apart."""

    lines: tuple[ScoreLine, ...]
    revenue: Decimal
    unpriced: int
    revenue_points: Decimal
    total: Decimal
    weights: Weights


def score(hearing: Hearing, *, tally: EvidenceTally | None) -> Score:
    """Return how a record's impact comes about."""
    counts: dict[tuple[int, Decimal, Decimal], int] = {}
    for speaker in hearing.speakers:
        place = (speaker.level, speaker.weight, speaker.worth)
        counts[place] = counts.get(place, 0) + 1
    lines = [
        ScoreLine(level, weight, people, worth, (people * worth * weight).quantize(CENT))
        for (level, weight, worth), people in counts.items()
    ]
    lines.sort(key=lambda line: (-line.level, -line.weight))
    weights = hearing.weights
    revenue = tally.revenue if tally else Decimal(0)
    money = weights.money_per_point
    revenue_points = (revenue / money).quantize(CENT) if money else Decimal(0)
    total = sum((line.points for line in lines), Decimal(0)) + revenue_points
    return Score(tuple(lines), revenue, tally.unpriced if tally else 0, revenue_points, total, weights)


def score_of(*, record: Record, weights: Weights) -> Score:
    """Return how a record's impact comes about, counted now."""
    return score(hear(record=record, weights=weights), tally=tally_of(record))


@dataclass(frozen=True, slots=True)
class Asker:
    """One person who wants it."""

    name: str
    url_path: str
    """Below ``insights/``: the person's page, or the piece of feedback that stands for somebody unnamed."""
    account: str
    account_number: int | None
    level: int
    quotes: int
    votes: int
    points: Decimal
    latest_at: dt.datetime


def askers(
    hearing: Hearing, *, segment: Segment | None = None, most: int = PAGE_SIZE, offset: int = 0
) -> list[Asker]:
    """Return who wants it, whoever counts most first; one more than `most` where there are more. One query."""
    ranked = sorted(
        hearing.within(segment).speakers, key=lambda one: (one.points, one.latest, one.id), reverse=True
    )[offset : offset + most + 1]
    wanted = {abs(one.id) for one in ranked} | {one.account for one in ranked if one.account is not None}
    records = Record.objects.in_bulk(wanted)
    found = []
    for one in ranked:
        record = records[abs(one.id)]
        account = records.get(one.account) if one.account is not None else None
        is_person = record.kind == "person"
        found.append(
            Asker(
                name=record.title if is_person else "Somebody unnamed",
                url_path=f"{'people' if is_person else 'feedback'}/{record.number}/",
                account=account.title if account else "",
                account_number=account.number if account else None,
                level=one.level,
                quotes=one.quotes,
                votes=one.votes,
                points=one.points.quantize(CENT),
                latest_at=one.latest_at,
            )
        )
    return found


def people_asking(
    *,
    record: Record,
    weights: Weights,
    segment: Segment | None = None,
    most: int = PAGE_SIZE,
    offset: int = 0,
) -> list[Asker]:
    """Return who wants a record, whoever counts most first; one more than `most` where there are more."""
    hearing = hear(record=record, weights=weights, split_by=[segment] if segment else ())
    return askers(hearing, segment=segment, most=most, offset=offset)


@dataclass(frozen=True, slots=True)
class AskingAccount:
    """One customer whose people want it."""

    pk: int
    name: str
    number: int
    plan: str
    revenue: Decimal | None
    people: int
    level: int
    points: Decimal
    latest_at: dt.datetime


def asking_accounts(
    hearing: Hearing, *, segment: Segment | None = None, most: int = PAGE_SIZE, offset: int = 0
) -> list[AskingAccount]:
    """Return the customers behind it, the largest revenue first, those of unknown revenue last. One query."""
    inside = hearing.within(segment)
    speakers = {one.id: one for one in inside.speakers}
    rows = Account.objects.in_workspace(hearing.record.workspace_id).filter(pk__in=among(inside.accounts))
    order = F("revenue").desc(nulls_last=True)
    found = []
    for account in rows.order_by(order, "-pk")[offset : offset + most + 1]:
        own = [speakers[pk] for pk in inside.accounts[account.pk]]
        found.append(
            AskingAccount(
                pk=account.pk,
                name=account.title,
                number=account.number,
                plan=account.plan,
                revenue=account.revenue,
                people=len(own),
                level=max(one.level for one in own),
                points=sum((one.points for one in own), Decimal(0)).quantize(CENT),
                latest_at=backing.moment(max(one.latest for one in own)),
            )
        )
    return found


def accounts_asking(
    *,
    record: Record,
    weights: Weights,
    segment: Segment | None = None,
    most: int = PAGE_SIZE,
    offset: int = 0,
) -> list[AskingAccount]:
    """Return the customers behind a record, the largest revenue first, those of unknown revenue last."""
    hearing = hear(record=record, weights=weights, split_by=[segment] if segment else ())
    return asking_accounts(hearing, segment=segment, most=most, offset=offset)


def segments_of(hearing: Hearing, *, segments: Sequence[Segment]) -> dict[int, SegmentDemand]:
    """Return who of each segment wants a record; silent ones are left out. Two queries, one of them remembered."""
    heard = heard_accounts(workspace_id=hearing.record.workspace_id, segments=segments)
    spoken = set().union(*(hearing.members.get(segment.pk, frozenset()) for segment in segments))
    rows = Account.objects.in_workspace(hearing.record.workspace_id).filter(pk__in=among(spoken))
    revenue = dict(rows.values_list("pk", "revenue"))
    found = {}
    for segment in segments:
        inside = [pk for pk in hearing.members.get(segment.pk, ()) if pk in revenue]
        if not inside:
            continue
        people = frozenset().union(*(hearing.accounts[pk] for pk in inside))
        known = [revenue[pk] for pk in inside if revenue[pk] is not None]
        found[segment.pk] = SegmentDemand(
            segment.pk,
            len(people),
            len(inside),
            sum(known, Decimal(0)),
            len(inside) - len(known),
            heard.get(segment.pk, 0),
        )
    return found


def segments_to_split(*, workspace_id: int) -> Sequence[Segment]:
    """Return the segments that demand is split by: the first few by name."""
    return outline_parts.segments_of(workspace_id)
