"""Counting what stands behind a need or a feature. The definition is in docs/methods/evidence-tally.md."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence import rollup
from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.jobs import services as jobs
from roadbed.core.records import kinds
from roadbed.core.records.models import Activity, Link, Record, Relation
from roadbed.modules.insights.models import Quote, Vote
from roadbed.modules.insights.models.demand import Weights
from roadbed.modules.insights.selectors import voices, weighting

BATCH = 500
CARRIES = (Relation.ANSWERS, Relation.DELIVERS)
"""A feature with such a link to a need has the need's evidence too."""


def target_kinds() -> frozenset[str]:
    """The kinds that feedback may back."""
    return kinds.get("feedback").targets


_COUNT = """
WITH {voices},
total(target, quotes) AS (SELECT target, COUNT(*) FROM said GROUP BY target),
span(target, first_at, latest_at) AS (SELECT target, MIN(at), MAX(at) FROM voice GROUP BY target),
heard(target, people, strength, deal_breakers, points) AS (
    SELECT target, COUNT(*), SUM(strongest), SUM(CASE WHEN strongest = 3 THEN 1 ELSE 0 END), SUM(points)
    FROM speaker GROUP BY target
),
ballot(target, votes, voters) AS (SELECT target, COUNT(*), COUNT(DISTINCT speaker) FROM voted GROUP BY target),
customer(target, account) AS (SELECT DISTINCT target, account FROM voice WHERE account IS NOT NULL),
paid(target, accounts, revenue, unpriced) AS (
    SELECT customer.target, COUNT(*), ROUND(COALESCE(SUM(account.revenue), 0), 2),
           SUM(CASE WHEN account.revenue IS NULL THEN 1 ELSE 0 END)
    FROM customer
    JOIN records_record own ON own.id = customer.account AND own.deleted_at IS NULL
    JOIN insights_account account ON account.record_id = customer.account
    GROUP BY customer.target
),
wanted(target) AS (SELECT DISTINCT target FROM pair)
INSERT INTO evidence_evidencetally
    (record_id, quotes, people, accounts, revenue, strength, deal_breakers, votes, voters, unpriced, impact,
     first_at, latest_at, counted_at)
SELECT wanted.target, COALESCE(total.quotes, 0), COALESCE(heard.people, 0), COALESCE(paid.accounts, 0),
       COALESCE(paid.revenue, 0), COALESCE(heard.strength, 0), COALESCE(heard.deal_breakers, 0),
       COALESCE(ballot.votes, 0), COALESCE(ballot.voters, 0), COALESCE(paid.unpriced, 0),
       ROUND(COALESCE(heard.points, 0) + COALESCE(paid.revenue, 0) * {per_money}, 2),
       span.first_at, span.latest_at, {now}
FROM wanted
LEFT JOIN total ON total.target = wanted.target
LEFT JOIN span ON span.target = wanted.target
LEFT JOIN heard ON heard.target = wanted.target
LEFT JOIN ballot ON ballot.target = wanted.target
LEFT JOIN paid ON paid.target = wanted.target
WHERE true
ON CONFLICT (record_id) DO UPDATE SET
    quotes = excluded.quotes, people = excluded.people, accounts = excluded.accounts, revenue = excluded.revenue,
    strength = excluded.strength, deal_breakers = excluded.deal_breakers, votes = excluded.votes,
    voters = excluded.voters, unpriced = excluded.unpriced, impact = excluded.impact, first_at = excluded.first_at,
    latest_at = excluded.latest_at, counted_at = excluded.counted_at
"""


def _count(*, workspace_id: int, targets: Collection[int], at: datetime, weights: Weights) -> None:
    """Count exactly these records, in one statement."""
    now = "%s::timestamptz" if connection.vendor == "postgresql" else "%s"
    head, params = voices.head(workspace_id=workspace_id, targets=targets, weights=weights)
    per_money = Decimal(0) if weights.money_per_point is None else 1 / weights.money_per_point
    statement = _COUNT.format(voices=head, per_money=voices.figure(per_money), now=now)
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, connection.ops.adapt_datetimefield_value(at)])


def _with_those_above(*, workspace_id: int, record_ids: Collection[int]) -> set[int]:
    """Return the records, the features that answer one of them, and all that stands above these in a tree."""
    reached = set(record_ids)
    answering = Link.objects.filter(workspace_id=workspace_id, target_id__in=reached, relation__in=CARRIES)
    reached.update(answering.values_list("source_id", flat=True))
    for above in rollup.ancestors(workspace_id=workspace_id, record_ids=reached).values():
        reached = reached | above
    return reached


@transaction.atomic
def recount(*, workspace_id: int, record_ids: Collection[int], at: datetime) -> None:
    """Count the evidence of these records, and of everything that their evidence climbs to, anew."""
    if not record_ids:
        return
    reached = _with_those_above(workspace_id=workspace_id, record_ids=record_ids)
    ordered = sorted(reached)
    weights = weighting.weights_of(workspace_id=workspace_id)
    for start in range(0, len(ordered), BATCH):
        part = ordered[start : start + BATCH]
        counted = Record.objects.filter(workspace_id=workspace_id, pk__in=part, kind__in=target_kinds())
        targets = list(counted.values_list("pk", flat=True))
        if targets:
            _count(workspace_id=workspace_id, targets=targets, at=at, weights=weights)


def recount_everything(*, workspace_id: int, at: datetime) -> Iterator[int]:
    """Count every need and feature of a workspace anew, and yield how many are done after each batch.

    Each batch is a transaction of its own: killed half-way, it can simply be run again.
    """
    last, done = 0, 0
    weights = weighting.weights_of(workspace_id=workspace_id)
    while True:
        rows = Record.objects.in_workspace(workspace_id).filter(kind__in=target_kinds(), pk__gt=last)
        targets = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not targets:
            return
        with transaction.atomic():
            _count(workspace_id=workspace_id, targets=targets, at=at, weights=weights)
        last, done = targets[-1], done + len(targets)
        yield done


def _voted_for(votes: Q) -> set[int]:
    """Return what votes count for: their targets, and what is quoted from feedback that they are for."""
    voted = set(Vote.objects.filter(votes).values_list("target_id", flat=True).distinct())
    return voted | targets_of_feedback(record_ids=voted) if voted else voted


def targets_of_feedback(*, record_ids: Collection[int]) -> set[int]:
    """Return the records that these pieces, or wordings merged into them, back."""
    said = Q(feedback_id__in=record_ids) | Q(feedback__merged_into_id__in=record_ids)
    return set(Quote.objects.filter(said).values_list("target_id", flat=True).distinct())


def targets_of_account(*, record_id: int) -> set[int]:
    """Return the records that anybody of an account backs."""
    said = Q(feedback__account_id=record_id) | Q(feedback__person__account_id=record_id)
    quoted = set(Quote.objects.filter(said).values_list("target_id", flat=True).distinct())
    return quoted | _voted_for(Q(person__account_id=record_id))


def targets_of_person(*, record_id: int) -> set[int]:
    """Return the records that a person backs."""
    said = Quote.objects.filter(feedback__person_id=record_id)
    return set(said.values_list("target_id", flat=True).distinct()) | _voted_for(Q(person_id=record_id))


_WHOLE = {"deleted", "restored", "merged", "merged away", "unmerged"}
_FIELDS = {
    "feedback": {"person_id", "person", "account_id", "account", "said_at", "circle"},
    "account": {"revenue", "plan", "country", "domain", "title", "attributes"},
    "person": {"account_id", "account"},
}
_ALL_FIELDS = {"rule"}.union(*_FIELDS.values())


def follow(activity: Activity) -> None:
    """Recount what a deed touched, whichever door it came through. Called inside the deed's transaction."""
    if activity.record_id is None:
        return
    verb, targets = activity.verb, target_kinds()
    changed = set(activity.changes) & _ALL_FIELDS
    if verb not in _WHOLE and verb != "created" and not changed:
        return
    kind = _kind_of_key(activity.record_key)
    if kind == "segment" and (verb in _WHOLE or "rule" in activity.changes):
        if f"S-{activity.record_key.rpartition('-')[2]}" in weighting.weighted_segments(
            activity.workspace_id
        ):
            jobs.enqueue_on_commit("insights.recount", workspace_id=activity.workspace_id, key="recount")
        return
    if kind in targets:
        if verb == "created":
            EvidenceTally.objects.bulk_create(
                [EvidenceTally(record_id=activity.record_id, counted_at=activity.at)], ignore_conflicts=True
            )
        elif verb in _WHOLE:
            recount(workspace_id=activity.workspace_id, record_ids=[activity.record_id], at=activity.at)
        return
    if verb == "created" or kind not in _FIELDS or (verb not in _WHOLE and not changed & _FIELDS[kind]):
        return
    touched = {
        "feedback": lambda: targets_of_feedback(record_ids=[activity.record_id or 0]),
        "account": lambda: targets_of_account(record_id=activity.record_id or 0),
        "person": lambda: targets_of_person(record_id=activity.record_id or 0),
    }[kind]()
    recount(workspace_id=activity.workspace_id, record_ids=touched, at=activity.at)


def _kind_of_key(key: str) -> str:
    prefix = key.rpartition("-")[0]
    return next((kind.name for kind in kinds.all_kinds() if prefix in kind.prefixes), "")


def follow_link(link: Link, actor: Actor, at: datetime) -> None:
    """Recount a feature after a need was linked to it, or taken from it."""
    if link.relation in CARRIES:
        recount(workspace_id=link.workspace_id, record_ids=[link.source_id], at=at)


def count(workspace_id: int, record_ids: Collection[int], at: datetime) -> None:
    """The counter that the core's roll-up calls."""
    recount(workspace_id=workspace_id, record_ids=record_ids, at=at)
