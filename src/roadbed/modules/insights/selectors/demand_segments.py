"""What each segment says of a record, and how many of its customers were heard at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import outline_figures, voices
from roadbed.modules.insights.selectors.outline_scope import Scope


def _rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(params))
        return list(cursor.fetchall())


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))


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
