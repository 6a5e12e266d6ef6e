"""Which quotes stand behind a record: its own, those of the needs it answers, those of everything below it.

Figures are for everybody: what is private to a circle is in none of them.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from roadbed.core.evidence import rollup

_PAIRS = {
    "sqlite": "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(%s)",
    "postgresql": (
        "SELECT (value ->> 0)::bigint, (value ->> 1)::bigint FROM jsonb_array_elements(%s::jsonb) AS t(value)"
    ),
}
_IDS = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb) AS t(value)",
}
_ALIVE = "SELECT id FROM records_record WHERE deleted_at IS NULL AND id IN ({ids})"
_ANSWERED = """
SELECT link.source_id, link.target_id
FROM records_link link
JOIN records_record need ON need.id = link.target_id AND need.kind = 'need' AND need.deleted_at IS NULL
    AND need.circle_id IS NULL
WHERE link.relation IN ('answers', 'delivers') AND link.source_id IN ({ids})
"""

_SAID = """
pair(target, record) AS ({pairs}),
source(target, record) AS (SELECT target, record FROM pair WHERE record IS NOT NULL),
said(target, quote, speaker, account, strength, at, piece) AS (
    SELECT source.target, quote.id,
           COALESCE(piece.person_id, -COALESCE(own.merged_into_id, own.id)),
           COALESCE(piece.account_id, person.account_id),
           quote.strength, piece.said_at, COALESCE(own.merged_into_id, own.id)
    FROM source
    JOIN insights_quote quote ON quote.target_id = source.record
    JOIN insights_feedback piece ON piece.record_id = quote.feedback_id
    JOIN records_record own ON own.id = piece.record_id
    LEFT JOIN records_record survivor ON survivor.id = own.merged_into_id
    LEFT JOIN insights_person person ON person.record_id = piece.person_id
    WHERE own.circle_id IS NULL
        AND (own.deleted_at IS NULL OR (survivor.id IS NOT NULL AND survivor.deleted_at IS NULL))
)
"""


VOTED = """
backed(target, record) AS (SELECT target, record FROM source UNION SELECT target, piece FROM said),
voted(target, vote, speaker, account, at) AS (
    SELECT backed.target, vote.id, vote.person_id, voter.account_id, vote.voted_at
    FROM backed
    JOIN insights_vote vote ON vote.target_id = backed.record
    JOIN insights_person voter ON voter.record_id = vote.person_id
    JOIN records_record who ON who.id = vote.person_id AND who.deleted_at IS NULL AND who.circle_id IS NULL
)
"""
"""The votes behind a record: for what its quotes stand behind, and for the feedback that is quoted. Follows `said`."""


def said_sql() -> str:
    """The tables `pair`, `source` and `said` as the head of a statement; its first parameter is `pairs_for`."""
    return _SAID.format(pairs=_PAIRS[connection.vendor])


def pairs_for(*, workspace_id: int, targets: Collection[int], with_those_below: bool = True) -> str:
    """Return each target with every record whose quotes stand behind it, as JSON; with nothing where there is none.

    Found out beforehand, in two statements, so that the statement which reads the quotes starts from a short list:
    as a part of it, the planner would expect many and read whole tables for them.
    """
    below = rollup.descendants(workspace_id=workspace_id, record_ids=targets) if with_those_below else {}
    alive = {pk for (pk,) in _rows(_ALIVE, targets)}
    members = {target: {*below.get(target, ()), *alive.intersection([target])} for target in targets}
    answered: dict[int, set[int]] = {}
    for feature, need in _rows(_ANSWERED, set().union(*members.values())):
        answered.setdefault(feature, set()).add(need)
    pairs: list[tuple[int, int | None]] = []
    for target, own in members.items():
        records = own.union(*(answered.get(member, ()) for member in own))
        pairs += [(target, record) for record in sorted(records)] or [(target, None)]
    return json.dumps(pairs)


def _rows(statement: str, ids: Collection[int]) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(ids=_IDS[connection.vendor]), [json.dumps(sorted(ids))])
        return list(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Voice:
    """One quote behind a record, with who said it."""

    target_id: int
    quote_id: int
    text: str
    strength: int
    said_at: datetime
    number: int
    person: str
    account: str
    revenue: Decimal | None


_TOP = """
WITH {said},
ranked(target, quote, place) AS (
    SELECT target, quote, ROW_NUMBER() OVER (PARTITION BY target ORDER BY strength DESC, at DESC, quote DESC) FROM said
)
SELECT ranked.target, ranked.quote, quote.text, quote.strength, piece.said_at, record.number,
       COALESCE(person.title, ''), COALESCE(account.title, ''), customer.revenue
FROM ranked
JOIN insights_quote quote ON quote.id = ranked.quote
JOIN insights_feedback piece ON piece.record_id = quote.feedback_id
JOIN records_record record ON record.id = piece.record_id
LEFT JOIN insights_person who ON who.record_id = piece.person_id
LEFT JOIN records_record person ON person.id = piece.person_id
LEFT JOIN records_record account ON account.id = COALESCE(piece.account_id, who.account_id)
LEFT JOIN insights_account customer ON customer.record_id = account.id
WHERE ranked.place <= %s
ORDER BY ranked.target, ranked.place
"""


def strongest_voices(
    *, workspace_id: int, targets: Collection[int], most: int = 12
) -> dict[int, list[Voice]]:
    """Return the strongest, then newest, quotes behind each record, in one statement."""
    if not targets:
        return {}
    statement = _TOP.format(said=said_sql())
    found: dict[int, list[Voice]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [pairs_for(workspace_id=workspace_id, targets=targets), most])
        for row in cursor.fetchall():
            target, quote, text, strength, said_at, number, person, account, revenue = row
            found.setdefault(target, []).append(
                Voice(
                    target_id=target,
                    quote_id=quote,
                    text=text,
                    strength=strength,
                    said_at=moment(said_at),
                    number=number,
                    person=person,
                    account=account,
                    revenue=None if revenue is None else Decimal(str(revenue)),
                )
            )
    return found


def moment(value: Any) -> datetime:
    """SQLite hands out text where PostgreSQL hands out a moment."""
    parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return timezone.make_aware(parsed, connection.timezone) if timezone.is_naive(parsed) else parsed
