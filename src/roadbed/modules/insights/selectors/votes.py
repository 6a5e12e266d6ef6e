"""Reading votes."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, F, QuerySet

from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Feedback, Vote


def votes_for(*, record: Record) -> QuerySet[Vote]:
    """Return the votes for a record, the newest first, of people who are there."""
    rows = Vote.objects.filter(target_id=record.pk, person__deleted_at__isnull=True)
    return rows.select_related("person", "person__account", "voted_by").order_by("-voted_at", "-pk")


def votes_of_person(*, person_id: int) -> QuerySet[Vote]:
    """Return a person's votes for what is there, the newest first."""
    rows = Vote.objects.filter(
        person_id=person_id, target__deleted_at__isnull=True, target__circle__isnull=True
    )
    return rows.select_related("target").order_by("-voted_at", "-pk")


def targets_voted_by(*, person_id: int, record_ids: Collection[int] | None = None) -> frozenset[int]:
    """Return what the person voted for, of these records where some are given."""
    rows = Vote.objects.filter(person_id=person_id)
    if record_ids is not None:
        rows = rows.filter(target_id__in=record_ids)
    return frozenset(rows.values_list("target_id", flat=True))


def voters_per_record(*, record_ids: Collection[int]) -> dict[int, int]:
    """Return how many distinct people want each record: its voters, and whoever said the piece of feedback.

    Two queries, whatever the number of records. A record without any is left out.
    """
    live = Vote.objects.filter(target_id__in=record_ids, person__deleted_at__isnull=True).order_by()
    found = dict(live.values("target_id").annotate(voters=Count("pk")).values_list("target_id", "voters"))
    authored = Feedback.objects.filter(pk__in=record_ids).order_by()
    own = set(
        live.filter(target__insights_feedback__person_id=F("person_id")).values_list("target_id", flat=True)
    )
    for pk in authored.values_list("pk", flat=True):
        if pk not in own:
            found[pk] = found.get(pk, 0) + 1
    return found
