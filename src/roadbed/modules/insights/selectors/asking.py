"""Who would want to hear when a record changes: everybody known who asked for it, voted for it or was quoted for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Feedback
from roadbed.modules.insights.selectors import backing

REASONS = ("quoted", "asked", "voted")
"""The first that fits is given: being quoted says more than having voted."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who would want to hear of it, and why."""

    person_id: int
    reason: str
    feedback_id: int | None
    """What they said, where they said something."""
    locale: str


_ASKING = """
WITH {said},
{voted},
linked(piece) AS (
    SELECT link.source_id FROM source
    JOIN records_link link ON link.target_id = source.record AND link.relation IN ('supports', 'asks_for')
    JOIN records_record own ON own.id = link.source_id AND own.kind = 'feedback' AND own.deleted_at IS NULL
        AND own.circle_id IS NULL
    UNION
    SELECT piece FROM said
),
asked(person, place, piece) AS (
    SELECT quoted.person_id, 0, quoted.record_id
    FROM said JOIN insights_quote quote ON quote.id = said.quote
    JOIN insights_feedback quoted ON quoted.record_id = quote.feedback_id
    UNION ALL
    SELECT wording.person_id, 1, wording.record_id
    FROM linked
    JOIN records_record own ON (own.id = linked.piece OR own.merged_into_id = linked.piece) AND own.circle_id IS NULL
    JOIN insights_feedback wording ON wording.record_id = own.id
    UNION ALL
    SELECT voted.speaker, 2, NULL FROM voted
    UNION ALL
    SELECT vote.person_id, 2, NULL FROM linked JOIN insights_vote vote ON vote.target_id = linked.piece
)
SELECT asked.person, MIN(asked.place), MAX(asked.piece)
FROM asked
JOIN records_record who ON who.id = asked.person AND who.deleted_at IS NULL AND who.circle_id IS NULL
    AND who.workspace_id = %s
GROUP BY asked.person
ORDER BY asked.person
"""


def asking_for(*, record: Record) -> list[Asking]:
    """Return everybody known who asked for a record or for a need that it answers; five statements at the most.

    Whoever stands below it in the roadmap's tree is not told of it: they hear of their own. What is private to a circle
    makes nobody appear here.
    """
    pairs = backing.pairs_for(workspace_id=record.workspace_id, targets=[record.pk], with_those_below=False)
    statement = _ASKING.format(said=backing.said_sql().strip(), voted=backing.VOTED.strip())
    with connection.cursor() as cursor:
        cursor.execute(statement, [pairs, record.workspace_id])
        rows = list(cursor.fetchall())
    locales = _locales([person for person, _, _ in rows], workspace_id=record.workspace_id)
    return [
        Asking(
            person_id=person,
            reason=REASONS[place],
            feedback_id=piece,
            locale=locales.get(person, ""),
        )
        for person, place, piece in rows
    ]


def _locales(person_ids: list[int], *, workspace_id: int) -> dict[int, str]:
    """Return the language that each person used last."""
    if not person_ids:
        return {}
    rows = (
        Feedback.objects.filter(home_id=workspace_id, person_id__in=person_ids, circle__isnull=True)
        .exclude(locale="")
        .order_by("said_at", "pk")
        .values_list("person_id", "locale")
    )
    return {person: locale for person, locale in rows if person is not None}
