"""How much feedback says some words, and who stands behind it."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, F, Sum
from django.db.models.functions import Coalesce

from roadbed.core.search import selectors as search
from roadbed.modules.insights.models import Account, Feedback
from roadbed.modules.insights.selectors.narrowing import WORD_MATCHES


class HeardWords(NamedTuple):
    """The pieces, and the distinct people and accounts behind them."""

    feedback_ids: tuple[int, ...]
    people: int
    accounts: int
    revenue: Decimal
    unpriced: int


def heard_words(*, workspace_id: int, words: str, circles: Collection[int] = ()) -> HeardWords:
    """Count the feedback that says some words, exactly as the list of feedback finds it.

    An account counts where the piece names it, or else where the person who said it belongs to it.
    """
    ids = search.record_ids(
        workspace_id=workspace_id, query=words, only={"feedback"}, limit=WORD_MATCHES, circles=circles
    )
    rows = Feedback.objects.in_workspace(workspace_id, circles=circles).filter(pk__in=ids)
    whose = Coalesce(F("account_id"), F("person__account_id"))
    figures = rows.aggregate(people=Count("person_id", distinct=True), accounts=Count(whose, distinct=True))
    own = rows.annotate(whose=whose).filter(whose__isnull=False).order_by().values("whose").distinct()
    accounts = Account.objects.filter(pk__in=own)
    money = accounts.aggregate(known=Coalesce(Sum("revenue"), Decimal(0)), priced=Count("revenue"))
    kept = tuple(rows.order_by("-said_at", "-pk").values_list("pk", flat=True))
    return HeardWords(
        kept, figures["people"], figures["accounts"], money["known"], figures["accounts"] - money["priced"]
    )
