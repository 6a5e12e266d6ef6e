"""What a customer wants, by their quotes and votes, and where each of it stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Quote, Strength, Vote
from roadbed.modules.insights.selectors import outline_parts
from roadbed.modules.insights.selectors.outline_parts import Answer


@dataclass(frozen=True, slots=True)
class Wish:
    """One need, feature or piece of feedback that somebody wants."""

    record: Record
    url: str
    quotes: int
    votes: int
    strongest: int | None
    """None where they only voted."""
    latest_at: dt.datetime
    status: str
    answers: Sequence[Answer]
    """For a need: the features that answer it, with their states."""

    @property
    def strength_label(self) -> str:
        """The strongest thing that was said of it."""
        return "Vote" if self.strongest is None else Strength(self.strongest).label


def wishes_of(
    *,
    said_by: Sequence[Q],
    voted_by: Q,
    workspace_id: int,
    workspace: str,
    circles: Collection[int] = (),
    most: int = 15,
) -> tuple[list[Wish], int]:
    """Return what is wanted, the strongest first, and how much there is in all; a fixed number of queries.

    Parameters
    ----------
    said_by : sequence of Q
        Over quotes, such that no quote meets two of them; each is looked up by its own index.
    voted_by : Q
        Over votes.
    """
    open_to = Q(target__deleted_at__isnull=True) & (
        Q(target__circle__isnull=True) | Q(target__circle_id__in=list(circles))
    )
    quoted: dict[int, dict[str, Any]] = {}
    for condition in said_by:
        rows = (
            Quote.objects.filter(condition & open_to, feedback__deleted_at__isnull=True)
            .filter(Q(feedback__circle__isnull=True) | Q(feedback__circle_id__in=list(circles)))
            .order_by()
            .values("target_id")
            .annotate(quotes=Count("pk"), strongest=Max("strength"), latest=Max("feedback__said_at"))
        )
        for row in rows:
            known = quoted.setdefault(
                row["target_id"], {"quotes": 0, "strongest": 0, "latest": row["latest"]}
            )
            known["quotes"] += row["quotes"]
            known["strongest"] = max(known["strongest"], row["strongest"])
            known["latest"] = max(known["latest"], row["latest"])
    voted = {
        row["target_id"]: row
        for row in Vote.objects.filter(voted_by & open_to, person__deleted_at__isnull=True)
        .order_by()
        .values("target_id")
        .annotate(votes=Count("pk"), latest=Max("voted_at"))
    }
    ranked = sorted(
        quoted.keys() | voted.keys(),
        key=lambda pk: (
            quoted[pk]["strongest"] if pk in quoted else -1,
            (quoted[pk]["quotes"] if pk in quoted else 0) + (voted[pk]["votes"] if pk in voted else 0),
            pk,
        ),
        reverse=True,
    )
    shown = ranked[:most]
    records = Record.objects.in_bulk(shown)
    needs = [pk for pk in shown if records[pk].kind == "need"]
    answers = outline_parts.answers(workspace_id=workspace_id, workspace=workspace, need_ids=needs)
    states = _states([records[pk] for pk in shown])
    found = []
    for pk in shown:
        said, vote = quoted.get(pk), voted.get(pk)
        moments = [row["latest"] for row in (said, vote) if row is not None]
        found.append(
            Wish(
                record=records[pk],
                url=kinds.url_of(records[pk], workspace=workspace),
                quotes=said["quotes"] if said else 0,
                votes=vote["votes"] if vote else 0,
                strongest=said["strongest"] if said else None,
                latest_at=max(moments),
                status=states.get(pk, ""),
                answers=answers.get(pk, ()),
            )
        )
    return found, len(ranked)


def _states(records: Sequence[Record]) -> dict[int, str]:
    """Return where each stands, as its module says; a query for each kind that tells."""
    by_kind: dict[str, list[int]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record.pk)
    found: dict[int, str] = {}
    for name, ids in by_kind.items():
        kind = kinds.get(name)
        if kind.describe is not None:
            described = kind.model.objects.in_bulk(ids)
            found |= {pk: kind.describe(one).get("status", "") for pk, one in described.items()}
    return found
