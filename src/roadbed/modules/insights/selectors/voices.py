"""Who wants a record, by quote or by vote, and what each counts: the tables that demand is read from."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models.expressions import RawSQL

from roadbed.modules.insights.models import Account, Segment, Strength, rules
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import backing

_VOICE = """
voice(target, speaker, account, strength, level, worth, at, quote, vote) AS (
    SELECT target, speaker, account, strength, strength + 1,
           CASE strength WHEN 3 THEN {breaker} WHEN 2 THEN {important} WHEN 1 THEN {useful} ELSE {nice} END,
           at, quote, NULL
    FROM said
    UNION ALL
    SELECT target, speaker, account, 0, 0, {vote}, at, NULL, vote FROM voted
)
"""
_SPEAKER = """
speaker(target, speaker, strongest, ranked, weight, points) AS (
    SELECT voice.target, voice.speaker, MAX(voice.strength),
           MAX(CAST(ROUND(voice.worth * 1000) AS INTEGER) + voice.level),
           MAX(COALESCE(weighted.weight, {elsewhere})),
           MAX(voice.worth) * MAX(COALESCE(weighted.weight, {elsewhere}))
    FROM voice LEFT JOIN weighted ON weighted.account = voice.account
    GROUP BY voice.target, voice.speaker
)
"""
"""`ranked` keeps which kind of voice counted: its last digit is 0 for a vote, else the strength plus one."""

_NOBODY = "SELECT CAST(NULL AS BIGINT), CAST(NULL AS NUMERIC) WHERE 1 = 0"


def figure(value: Decimal) -> str:
    """Return a weight as SQL spells it; weights are checked decimals, never text of somebody's."""
    return format(Decimal(value), "f")


def members(*, workspace_id: int, segments: Sequence[Segment]) -> tuple[str, list[Any]]:
    """Return the table ``member(segment, account)`` of the accounts that spoke, and its parameters."""
    parts: list[str] = []
    params: list[Any] = []
    for segment in segments:
        inside = (
            Account.objects.in_workspace(workspace_id)
            .filter(rules.parse(segment.rule).as_q(), pk__in=RawSQL("SELECT account FROM voice", []))
            .order_by()
            .values("pk")
        )
        try:
            statement, own = inside.query.sql_with_params()
        except EmptyResultSet:
            continue  # a rule that nobody can fulfil
        parts.append(f"SELECT {int(segment.pk)}, inside.* FROM ({statement}) inside")  # noqa: S608  # Django's SQL and a number
        params.extend(own)
    union = " UNION ALL ".join(parts or [_NOBODY])
    return f"member(segment, account) AS ({union})", params


def _weighted(*, segments: Sequence[Segment], weights: Weights) -> str:
    """Return the table of what each account counts; one in several weighted segments counts the largest weight."""
    cases = " ".join(
        f"WHEN {int(segment.pk)} THEN {figure(weights.segments[segment.number])}" for segment in segments
    )
    if not cases:
        return f"weighted(account, weight) AS ({_NOBODY})"
    return (
        f"weighted(account, weight) AS (SELECT account, MAX(CASE segment {cases} END) FROM member "  # noqa: S608  # numbers
        "GROUP BY account)"
    )


_AMONG = {
    "sqlite": "voice(account) AS (SELECT value FROM json_each(%s))",
    "postgresql": "voice(account) AS (SELECT value::bigint FROM jsonb_array_elements_text(%s::jsonb) AS t(value))",
}


def members_among(
    *, workspace_id: int, segments: Sequence[Segment], account_ids: Collection[int]
) -> dict[int, frozenset[int]]:
    """Return which of these accounts are in each segment, in one statement for all."""
    if not segments or not account_ids:
        return {}
    inside, params = members(workspace_id=workspace_id, segments=segments)
    statement = f"WITH {_AMONG[connection.vendor]}, {inside} SELECT segment, account FROM member"  # noqa: S608  # Django's SQL
    found: dict[int, set[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(sorted(account_ids)), *params])
        for segment, account in cursor.fetchall():
            found.setdefault(segment, set()).add(account)
    return {segment: frozenset(accounts) for segment, accounts in found.items()}


def weighted_segments(*, workspace_id: int, weights: Weights) -> list[Segment]:
    """Return the segments that have a weight of their own and are there."""
    if not weights.segments:
        return []
    rows = Segment.objects.in_workspace(workspace_id).filter(kind="segment", number__in=weights.segments)
    return list(rows)


def head(
    *,
    workspace_id: int,
    targets: Collection[int],
    weights: Weights,
    split_by: Sequence[Segment] = (),
) -> tuple[str, list[Any]]:
    """Return the tables pair, source, said, voted, voice, member, weighted and speaker, and their parameters.

    Parameters
    ----------
    split_by : sequence of Segment
        Segments to find in ``member`` besides those that have a weight.
    """
    weighted = weighted_segments(workspace_id=workspace_id, weights=weights)
    known = {segment.pk for segment in weighted}
    inside, params = members(
        workspace_id=workspace_id,
        segments=[*weighted, *(segment for segment in split_by if segment.pk not in known)],
    )
    voice = _VOICE.format(
        nice=figure(weights.strengths[Strength.NICE]),
        useful=figure(weights.strengths[Strength.USEFUL]),
        important=figure(weights.strengths[Strength.IMPORTANT]),
        breaker=figure(weights.strengths[Strength.DEAL_BREAKER]),
        vote=figure(weights.vote),
    )
    tables = (
        backing.said_sql(),
        backing.VOTED,
        voice,
        inside,
        _weighted(segments=weighted, weights=weights),
        _SPEAKER.format(elsewhere=figure(weights.elsewhere)),
    )
    pairs = backing.pairs_for(workspace_id=workspace_id, targets=targets)
    return ",\n".join(table.strip() for table in tables), [pairs, *params]
