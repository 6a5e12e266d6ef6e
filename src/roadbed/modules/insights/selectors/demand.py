"""Who asks for a need or a feature, row by row, and how their voices add up to its impact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Segment, Strength
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import backing, outline_figures, outline_parts, voices
from roadbed.modules.insights.selectors.outline_scope import Scope

KINDS = ("need", "feature")
PAGE_SIZE = 25
VOTE_LEVEL = 0
"""A voice's level is its strength plus one; a vote without words is at the bottom."""


def level_label(level: int) -> str:
    """Return what a voice of a level is called."""
    return "Vote" if level == VOTE_LEVEL else Strength(level - 1).label


def wanted_record(*, workspace_id: int, key: str, circles: Collection[int] = ()) -> Record:
    """Return the need or feature with that key, or raise `Record.DoesNotExist`, for strangers too."""
    rows = Record.objects.in_workspace(workspace_id, circles=circles).by_key(key)
    found: Record = rows.filter(kind__in=KINDS).select_related("tally").get()
    return found


def tally_of(record: Record) -> EvidenceTally | None:
    """Return the kept figures of a record; None where it was never counted."""
    return EvidenceTally.objects.filter(record_id=record.pk).first()


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


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


_SCORE = """
WITH {voices}
SELECT ranked %% 10, weight, COUNT(*), SUM(points) FROM speaker GROUP BY ranked %% 10, weight
"""


def score_of(*, record: Record, weights: Weights) -> Score:
    """Return how a record's impact comes about, counted now."""
    head, params = voices.head(workspace_id=record.workspace_id, targets=[record.pk], weights=weights)
    lines = []
    for level, weight, people, points in _rows(_SCORE.format(voices=head), params):
        worth = weights.vote if level == VOTE_LEVEL else weights.strengths[int(level) - 1]
        counted = Decimal(str(points)).quantize(Decimal("0.01"))
        lines.append(ScoreLine(int(level), Decimal(str(weight)), int(people), worth, counted))
    lines.sort(key=lambda line: (-line.level, -line.weight))
    kept = tally_of(record)
    revenue = kept.revenue if kept else Decimal(0)
    money = weights.money_per_point
    revenue_points = (revenue / money).quantize(Decimal("0.01")) if money else Decimal(0)
    total = sum((line.points for line in lines), Decimal(0)) + revenue_points
    unpriced = kept.unpriced if kept else 0
    return Score(tuple(lines), revenue, unpriced, revenue_points, total, weights)


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


_INSIDE = "account IN (SELECT account FROM member WHERE segment = %s)"
_PEOPLE = """
WITH {voices},
asked(speaker, account, quotes, votes, at) AS (
    SELECT speaker, MAX(account), COUNT(DISTINCT quote), COUNT(DISTINCT vote), MAX(at)
    FROM voice {within} GROUP BY speaker
)
SELECT record.title, record.kind, record.number, account.title, account.number,
       speaker.ranked %% 10, asked.quotes, asked.votes, speaker.points, asked.at
FROM asked
JOIN speaker ON speaker.speaker = asked.speaker
JOIN records_record record ON record.id = ABS(asked.speaker)
LEFT JOIN records_record account ON account.id = asked.account
ORDER BY speaker.points DESC, asked.at DESC, asked.speaker
LIMIT %s OFFSET %s
"""


def people_asking(
    *,
    record: Record,
    weights: Weights,
    segment: Segment | None = None,
    most: int = PAGE_SIZE,
    offset: int = 0,
) -> list[Asker]:
    """Return who wants a record, whoever counts most first; one more than `most` where there are more."""
    split = [segment] if segment else []
    head, params = voices.head(
        workspace_id=record.workspace_id, targets=[record.pk], weights=weights, split_by=split
    )
    within = f"WHERE {_INSIDE}" if segment else ""
    params += [segment.pk] if segment else []
    found = []
    for row in _rows(_PEOPLE.format(voices=head, within=within), [*params, most + 1, offset]):
        title, kind, number, account, account_number, level, quotes, votes, points, at = row
        place = "people" if kind == "person" else "feedback"
        found.append(
            Asker(
                name=title if kind == "person" else "Somebody unnamed",
                url_path=f"{place}/{number}/",
                account=account or "",
                account_number=account_number,
                level=int(level),
                quotes=quotes,
                votes=votes,
                points=Decimal(str(points)).quantize(Decimal("0.01")),
                latest_at=backing.moment(at),
            )
        )
    return found


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


_ACCOUNTS = """
WITH {voices},
asked(account, speaker, at) AS (
    SELECT account, speaker, MAX(at) FROM voice WHERE account IS NOT NULL {within} GROUP BY account, speaker
)
SELECT record.id, record.title, record.number, account.plan, account.revenue, COUNT(*),
       MAX(speaker.ranked %% 10), SUM(speaker.points), MAX(asked.at)
FROM asked
JOIN speaker ON speaker.speaker = asked.speaker
JOIN records_record record ON record.id = asked.account AND record.deleted_at IS NULL AND record.circle_id IS NULL
JOIN insights_account account ON account.record_id = record.id
GROUP BY record.id, record.title, record.number, account.plan, account.revenue
ORDER BY CASE WHEN account.revenue IS NULL THEN 1 ELSE 0 END, account.revenue DESC, SUM(speaker.points) DESC, record.id
LIMIT %s OFFSET %s
"""


def accounts_asking(
    *,
    record: Record,
    weights: Weights,
    segment: Segment | None = None,
    most: int = PAGE_SIZE,
    offset: int = 0,
) -> list[AskingAccount]:
    """Return the customers behind a record, the largest revenue first, those of unknown revenue last."""
    split = [segment] if segment else []
    head, params = voices.head(
        workspace_id=record.workspace_id, targets=[record.pk], weights=weights, split_by=split
    )
    within = f"AND {_INSIDE}" if segment else ""
    params += [segment.pk] if segment else []
    return [
        AskingAccount(
            pk=row[0],
            name=row[1],
            number=row[2],
            plan=row[3],
            revenue=_money(row[4]),
            people=row[5],
            level=int(row[6]),
            points=Decimal(str(row[7])).quantize(Decimal("0.01")),
            latest_at=backing.moment(row[8]),
        )
        for row in _rows(_ACCOUNTS.format(voices=head, within=within), [*params, most + 1, offset])
    ]


@dataclass(frozen=True, slots=True)
class SegmentDemand:
    """What one segment says of one record. `heard` are its accounts that said or wanted anything at all."""

    segment_id: int
    people: int
    accounts: int
    revenue: Decimal
    unpriced: int
    heard: int


_SEGMENTS = """
WITH {voices},
counted(target, segment, people) AS (
    SELECT voice.target, member.segment, COUNT(DISTINCT voice.speaker)
    FROM voice JOIN member ON member.account = voice.account GROUP BY voice.target, member.segment
),
customer(target, segment, account) AS (
    SELECT DISTINCT voice.target, member.segment, voice.account
    FROM voice JOIN member ON member.account = voice.account
),
paid(target, segment, accounts, revenue, unpriced) AS (
    SELECT customer.target, customer.segment, COUNT(*), ROUND(COALESCE(SUM(account.revenue), 0), 2),
           SUM(CASE WHEN account.revenue IS NULL THEN 1 ELSE 0 END)
    FROM customer JOIN insights_account account ON account.record_id = customer.account
    GROUP BY customer.target, customer.segment
)
SELECT counted.target, counted.segment, counted.people, paid.accounts, paid.revenue, paid.unpriced
FROM counted JOIN paid ON paid.target = counted.target AND paid.segment = counted.segment
"""


def by_segment(
    *, workspace_id: int, record_ids: Collection[int], segments: Sequence[Segment]
) -> Mapping[int, Mapping[int, SegmentDemand]]:
    """Return, by record and segment, who of each segment wants each record; silent pairs are left out."""
    if not record_ids or not segments:
        return {}
    head, params = voices.head(
        workspace_id=workspace_id, targets=record_ids, weights=Weights(), split_by=segments
    )
    heard = heard_accounts(workspace_id=workspace_id, segments=segments)
    found: dict[int, dict[int, SegmentDemand]] = {}
    for target, segment, people, accounts, revenue, unpriced in _rows(_SEGMENTS.format(voices=head), params):
        found.setdefault(target, {})[segment] = SegmentDemand(
            segment, people, accounts, _money(revenue) or Decimal(0), unpriced, heard.get(segment, 0)
        )
    return found


_HEARD = """
WITH voice(account) AS (
    SELECT DISTINCT COALESCE(piece.account_id, person.account_id)
    FROM insights_feedback piece
    JOIN records_record own ON own.id = piece.record_id
    LEFT JOIN insights_person person ON person.record_id = piece.person_id
    WHERE piece.home_id = %s AND own.circle_id IS NULL AND own.deleted_at IS NULL
    UNION
    SELECT DISTINCT person.account_id
    FROM insights_vote vote
    JOIN insights_person person ON person.record_id = vote.person_id
    JOIN records_record own ON own.id = vote.person_id
    WHERE own.workspace_id = %s AND own.circle_id IS NULL AND own.deleted_at IS NULL
),
{members}
SELECT member.segment, COUNT(*) FROM member GROUP BY member.segment
"""


def heard_accounts(*, workspace_id: int, segments: Sequence[Segment]) -> dict[int, int]:
    """Return how many accounts of each segment said or wanted anything at all: what shares are taken of."""
    if not segments:
        return {}
    named = tuple((segment.pk, segment.version) for segment in segments)
    return outline_figures.remember(
        "heard",
        Scope(workspace_id=workspace_id),
        named,
        compute=lambda: _heard_accounts(workspace_id, segments),
    )


def _heard_accounts(workspace_id: int, segments: Sequence[Segment]) -> dict[int, int]:
    inside, params = voices.members(workspace_id=workspace_id, segments=segments)
    rows = _rows(_HEARD.format(members=inside), [workspace_id, workspace_id, *params])
    return {int(segment): int(count) for segment, count in rows}


def segments_to_split(*, workspace_id: int) -> Sequence[Segment]:
    """Return the segments that demand is split by: the first few by name."""
    return outline_parts.segments_of(workspace_id)
