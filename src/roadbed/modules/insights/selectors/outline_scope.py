"""What an outline looks at, and the words that lie within it.

Who counts as one person, what account they speak for and which pieces count is the same as for the tallies
(see docs/methods/evidence-tally.md): the person, or the piece itself where nobody is named; the piece's
account, or the person's; pieces that are there, and wordings that live on in one that is there.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Circle
from roadbed.modules.insights.models import Account, Feedback, Need, Quote, Segment, rules


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a workspace that an outline is about. `until` is the first day that is left out."""

    workspace_id: int
    product_id: int | None = None
    segment: Segment | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    sources: tuple[str, ...] = ()

    @property
    def narrows_feedback(self) -> bool:
        """Whether only part of the feedback counts, so that the kept tallies do not hold."""
        return bool(self.segment or self.since or self.until or self.sources)

    @property
    def signature(self) -> tuple[Any, ...]:
        """What tells two scopes apart; a segment's version changes with its rule."""
        segment = (self.segment.pk, self.segment.version) if self.segment else None
        return (self.workspace_id, self.product_id, segment, self.since, self.until, self.sources)


EARLIEST, LATEST = dt.date(1970, 1, 1), dt.date(9998, 12, 31)


def sane(day: dt.date) -> dt.date:
    """Return the day, or the nearest one that every calendar calculation can bear."""
    return min(max(day, EARLIEST), LATEST)


def midnight(day: dt.date) -> dt.datetime:
    """The first moment of a day, in the installation's time zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def needs_in(scope: Scope) -> QuerySet[Need]:
    """The needs an outline may rank: live, not archived, of the scope's product."""
    needs: QuerySet[Need] = Need.objects.in_workspace(scope.workspace_id).filter(kind="need").not_archived()
    return needs.filter(product_id=scope.product_id) if scope.product_id else needs


def dead_feedback(workspace_id: int) -> QuerySet[Record]:
    """Pieces that are deleted and do not live on in another one."""
    gone = Record.objects.filter(workspace_id=workspace_id, kind="feedback", deleted_at__isnull=False)
    return gone.filter(Q(merged_into__isnull=True) | Q(merged_into__deleted_at__isnull=False))


def private_feedback(workspace_id: int) -> QuerySet[Record]:
    """Pieces that are private to a circle: figures that everybody reads leave them out."""
    # By the workspace's circles, which are few: by the workspace itself, every piece would be looked at.
    inside = Circle.objects.filter(workspace_id=workspace_id).values("pk")
    return Record.objects.filter(circle_id__in=inside, kind="feedback")


def accounts_of(segment: Segment) -> QuerySet[Account]:
    """The accounts that a segment takes in."""
    # The kind leads to them by an index; without it every record of the workspace is looked at.
    accounts: QuerySet[Account] = Account.objects.in_workspace(segment.workspace_id).filter(kind="account")
    return accounts.filter(rules.parse(segment.rule).as_q())


def speaker(prefix: str = "") -> Case:
    """Who speaks: the person's id, or the negative id of the piece (or of the one it lives on in)."""
    piece = f"{prefix}pk" if not prefix else f"{prefix.rstrip('_')}_id"
    # Only pieces without a person are looked up in the table of records.
    root = Subquery(Record.objects.filter(pk=OuterRef(piece)).values("merged_into_id")[:1])
    named = {f"{prefix}person_id__isnull": False}
    return Case(
        When(**named, then=F(f"{prefix}person_id")),
        default=Value(0) - Coalesce(root, F(piece)),
        output_field=BigIntegerField(),
    )


def account(prefix: str = "") -> Coalesce:
    """Whom they speak for: the piece's account, or else the person's."""
    employer = F(f"{prefix}person__account_id")
    return Coalesce(F(f"{prefix}account_id"), employer, output_field=BigIntegerField())


def _within(scope: Scope, prefix: str) -> Q:
    """The conditions on a piece, but for its segment."""
    condition = Q(**{f"{prefix}home_id": scope.workspace_id})
    if scope.since:
        condition &= Q(**{f"{prefix}said_at__gte": midnight(scope.since)})
    if scope.until:
        condition &= Q(**{f"{prefix}said_at__lt": midnight(scope.until)})
    if scope.sources:
        condition &= Q(**{f"{prefix}source__in": scope.sources})
    return condition


def said(scope: Scope) -> QuerySet[Any]:
    """The quotes within a scope, whatever they are about, with `speaker` and `customer`."""
    quotes: QuerySet[Any] = Quote.objects.filter(_within(scope, "feedback__"))
    quotes = quotes.exclude(feedback_id__in=dead_feedback(scope.workspace_id).values("pk"))
    quotes = quotes.exclude(feedback_id__in=private_feedback(scope.workspace_id).values("pk"))
    quotes = quotes.annotate(speaker=speaker("feedback__"), customer=account("feedback__"))
    if scope.segment:
        quotes = quotes.filter(customer__in=accounts_of(scope.segment).values("pk"))
    return quotes


def heard(scope: Scope) -> QuerySet[Feedback]:
    """The pieces within a scope, linked to a need or not, wordings of others included, with `speaker`."""
    pieces: QuerySet[Feedback] = Feedback.objects.filter(_within(scope, ""))
    pieces = pieces.exclude(pk__in=dead_feedback(scope.workspace_id).values("pk"))
    pieces = pieces.exclude(pk__in=private_feedback(scope.workspace_id).values("pk"))
    pieces = pieces.annotate(speaker=speaker())
    if scope.segment:
        pieces = pieces.annotate(customer=account()).filter(
            customer__in=accounts_of(scope.segment).values("pk")
        )
    return pieces


def rows(statement: str, *, said_in: QuerySet[Any], more: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Run a statement over the rows of a queryset, which it names ``{said}``.

    The queryset is compiled by the ORM for this database; the statement holds only names of ours.
    """
    inner, params = said_in.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(statement.format(said=inner), [*params, *more])
        return list(cursor.fetchall())
