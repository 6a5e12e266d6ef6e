"""Reading feedback: the list, one piece, its quotes and its other wordings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from roadbed.core.records.models import Record, RecordTag
from roadbed.modules.insights.models import Assignment, Feedback, Quote, Theme
from roadbed.modules.insights.selectors import narrowing

OPEN = "open"
"""What the filter by circle calls the pieces that everybody sees."""


def list_feedback(
    *, workspace_id: int, filters: Mapping[str, Any], circles: Collection[int] = ()
) -> QuerySet[Feedback]:
    """Return the pieces of a workspace that the filters leave, and that a member of these circles may see.

    Parameters
    ----------
    filters : mapping
        As `forms.lists.FEEDBACK` reads them, with the segment itself in place of its key.
    """
    seen = Feedback.objects.visible_to(circles)
    rows: QuerySet[Feedback] = seen.filter(home_id=workspace_id, deleted_at__isnull=True)
    if filters.get("q"):
        words = narrowing.by_words(
            workspace_id=workspace_id, query=filters["q"], kind="feedback", circles=circles
        )
        rows = rows.filter(words)
    if "circle" in filters:
        wanted = {} if filters["circle"] == OPEN else {"circle_id": int(filters["circle"])}
        rows = rows.filter(**wanted or {"circle__isnull": True})
    if "state" in filters:
        rows = rows.filter(state__in=filters["state"])
    if "source" in filters:
        rows = rows.filter(source__in=filters["source"])
    if "segment" in filters:
        rows = rows.filter(account_id__in=narrowing.accounts_in(filters["segment"]).values("pk"))
    if "said" in filters:
        rows = rows.filter(narrowing.on_days("said_at", filters["said"]))
    if "rating" in filters:
        rows = rows.filter(narrowing.between("rating", filters["rating"]))
    if "locale" in filters:
        rows = rows.filter(_locales(filters["locale"]))
    for name in ("account", "person"):
        if name in filters:
            ids = narrowing.ids_by_key(workspace_id=workspace_id, key=filters[name], kind=name)
            rows = rows.filter(**{f"{name}_id__in": ids})
    if "theme" in filters:
        theme = narrowing.ids_by_key(workspace_id=workspace_id, key=filters["theme"], kind="theme")
        lies_in = list(theme)
        lies_in += Theme.objects.filter(parent_id__in=lies_in).values_list("pk", flat=True)
        rows = rows.filter(pk__in=Assignment.objects.filter(theme_id__in=lies_in).values("feedback_id"))
    if "backs" in filters:
        target = narrowing.ids_by_key(workspace_id=workspace_id, key=filters["backs"])
        rows = rows.filter(pk__in=Quote.objects.filter(target_id__in=target).values("feedback_id"))
    if "tag" in filters:
        rows = rows.filter(narrowing.with_tags(workspace_id=workspace_id, names=filters["tag"]))
    if "linked" in filters:
        quoted = Exists(Quote.objects.filter(feedback_id=OuterRef("pk")))
        rows = rows.filter(quoted if filters["linked"] else ~quoted)
    for name in ("intent", "sentiment", "spoken"):
        if name in filters:
            column = "language" if name == "spoken" else name
            labels = ["" if value == "unknown" else value for value in filters[name]]
            rows = rows.filter(**{f"reading__{column}__in": labels})
    if filters.get("private"):
        rows = rows.filter(reading__has_private=True)
    if "product" in filters:
        rows = rows.filter(product__slug=filters["product"], product__workspace_id=workspace_id)
    return rows


def _locales(text: str) -> Q:
    wanted = [part for part in (one.strip() for one in text.replace(";", ",").split(",")) if part]
    some = Q(pk__in=[])
    for locale in wanted[:12]:
        # "de" also means "de-AT".
        some |= Q(locale__iexact=locale) | Q(locale__istartswith=f"{locale}-")
    return some


def access_feedback(*, workspace_id: int, number: int, circles: Collection[int] = ()) -> Feedback:
    """Return the piece, or raise `Feedback.DoesNotExist`, for strangers and for those outside its circle too."""
    rows = Feedback.objects.in_workspace(workspace_id, circles=circles).filter(prefix="FB", number=number)
    names = ("workspace", "product", "circle", "person", "account", "merged_into", "created_by")
    found: Feedback = rows.select_related(*names).get()
    return found


def rows_by_id(*, ids: Collection[int]) -> dict[int, Feedback]:
    """Return whole rows, with who said them, by id."""
    rows = Feedback.objects.filter(pk__in=ids).select_related(
        "person", "account", "product", "reading", "circle"
    )
    return {row.pk: row for row in rows}


def lines_by_id(*, ids: Collection[int]) -> dict[int, Feedback]:
    """Return what a line of a long list needs of each piece, without its text, by id."""
    rows = Feedback.objects.filter(pk__in=ids).select_related("person", "account", "circle")
    own = ("kind", "prefix", "number", "title", "said_at", "source")
    shown = rows.only(*own, "person__title", "account__title", "circle__name")
    return {row.pk: row for row in shown}


def targets_of(*, ids: Collection[int]) -> dict[int, list[Record]]:
    """Return what each piece backs, in one query."""
    found: dict[int, dict[int, Record]] = {}
    for quote in Quote.objects.filter(feedback_id__in=ids).select_related("target").order_by("pk"):
        found.setdefault(quote.feedback_id, {})[quote.target_id] = quote.target
    return {pk: list(targets.values()) for pk, targets in found.items()}


def tags_of(*, ids: Collection[int]) -> dict[int, list[str]]:
    """Return the tags of each piece, in one query."""
    found: dict[int, list[str]] = {}
    for record_id, name in RecordTag.objects.filter(record_id__in=ids).values_list("record_id", "tag__name"):
        found.setdefault(record_id, []).append(name)
    return found


def quotes_of(feedback: Feedback) -> list[Quote]:
    """Return the quotes of a piece, in the order of its text."""
    rows = Quote.objects.filter(feedback_id=feedback.pk).select_related("target", "created_by")
    return list(rows.order_by("start", "end", "pk"))


@dataclass(frozen=True, slots=True)
class Run:
    """A run of text that is quoted the same way throughout."""

    text: str
    quotes: tuple[Quote, ...]
    is_suggested: bool = False
    """Whether these are the words that would be quoted."""

    @property
    def is_marked(self) -> bool:
        """Whether somebody made it evidence."""
        return bool(self.quotes)

    @property
    def label(self) -> str:
        """What the words are evidence for."""
        return ", ".join(
            f"{quote.target.key} ({quote.get_strength_display().lower()})" for quote in self.quotes
        )


def runs_of(*, text: str, quotes: Collection[Quote], suggested: tuple[int, int] = (0, 0)) -> list[Run]:
    """Cut a text where quotes, and the words suggested for one, begin and end. Overlapping quotes share runs."""
    ends = {min(q.end, len(text)) for q in quotes}
    edges = sorted({0, len(text), *(q.start for q in quotes), *ends, *suggested})
    return [
        Run(
            text=text[start:end],
            quotes=tuple(q for q in quotes if q.start <= start and q.end >= end),
            is_suggested=suggested[0] <= start and end <= suggested[1],
        )
        for start, end in pairwise(edges)
        if end > start
    ]


def wordings_of(feedback: Feedback) -> list[Feedback]:
    """Return what was merged into a piece: further wordings of the same."""
    rows = Feedback.objects.filter(merged_into_id=feedback.pk).select_related("person", "account")
    return list(rows.order_by("said_at", "pk"))


def neighbours_in_time(*, account_id: int, without: int, since: dt.datetime) -> list[Feedback]:
    """Return what else the account said lately."""
    rows = Feedback.objects.visible_to().filter(
        account_id=account_id, deleted_at__isnull=True, said_at__gte=since
    )
    return list(rows.exclude(pk=without).order_by("-said_at", "-pk")[:5])
