"""Reading questions that are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from roadbed.core import prepared
from roadbed.core.records.models import Record
from roadbed.core.search import selectors as search
from roadbed.core.search.models import SearchEntry
from roadbed.core.search.selectors import Hit
from roadbed.core.workspaces.models import Member
from roadbed.modules.ask.models import Question, Rating, State


@dataclass(frozen=True, slots=True)
class Source:
    """A record that an answer rests on, as the reader may see it."""

    number: int
    hit: Hit
    quote: str
    """The words cited; empty where the record does not say them any more."""


def access_question(*, workspace_id: int, number: int) -> Question:
    """Return the question, or raise `Question.DoesNotExist`, for strangers too."""
    rows = Question.objects.in_workspace(workspace_id)
    found: Question = rows.select_related("owner__user", "answered_by__user", "created_by").get(number=number)
    return found


def list_questions(*, workspace_id: int, filters: Mapping[str, Any], today: date) -> QuerySet[Question]:
    """Return the questions that the list's filters leave."""
    rows: QuerySet[Question] = Question.objects.in_workspace(workspace_id).select_related("owner__user")
    rows = rows.annotate(
        helpful=Count("ratings", filter=Q(ratings__is_helpful=True), distinct=True),
        unhelpful=Count("ratings", filter=Q(ratings__is_helpful=False), distinct=True),
    )
    if filters.get("state"):
        rows = rows.filter(state__in=filters["state"])
    if filters.get("owner"):
        rows = rows.filter(owner_id=int(filters["owner"]))
    if filters.get("late") is not None:
        late = Q(state=State.OPEN, due_date__lt=today)
        rows = rows.filter(late) if filters["late"] else rows.exclude(late)
    if filters.get("q"):
        ids = search.record_ids(workspace_id=workspace_id, query=filters["q"], only={"question"})
        rows = rows.filter(pk__in=ids)
    return rows


def newest(*, workspace_id: int, state: str, limit: int = 5) -> list[Question]:
    """Return the newest questions of a state; open ones by the day they are due."""
    rows = Question.objects.in_workspace(workspace_id).filter(state=state).select_related("owner__user")
    order = ("due_date", "-pk") if state == State.OPEN else ("-answered_at", "-pk")
    return list(rows.order_by(*order)[:limit])


def count_in_state(*, workspace_id: int, state: str) -> int:
    """How many questions are in a state."""
    return Question.objects.in_workspace(workspace_id).filter(state=state).count()


def count_waiting(*, member: Member) -> int:
    """How many open questions wait for a member."""
    return _WAITING.count(workspace=member.workspace_id, owner=member.pk)


def _waiting(workspace: int, owner: int) -> QuerySet[Question]:
    rows = Question.objects.in_workspace(workspace)
    return rows.filter(state=State.OPEN, owner=owner, archived_at__isnull=True).order_by()


_WAITING = prepared.Question(_waiting)


def sources_of(*, question: Question, workspace: str, circles: Collection[int] = ()) -> list[Source]:
    """Return what an answer rests on: records the reader may see, with the words that they still say."""
    citations = list(question.citations.order_by("place"))
    ids = {citation.record_id for citation in citations}
    records = Record.objects.in_workspace(question.workspace_id, circles=circles).in_bulk(ids)
    said: dict[int, str] = {}
    for record_id, title, body in SearchEntry.objects.filter(record_id__in=records).values_list(
        "record_id", "title", "body"
    ):
        said[record_id] = said.get(record_id, "") + f"\n{title}\n{body}"
    return [
        Source(
            number=citation.place,
            hit=search.hit_of(records[citation.record_id], workspace_slug=workspace),
            quote=citation.quote
            if citation.quote and citation.quote in said.get(citation.record_id, "")
            else "",
        )
        for citation in citations
        if citation.record_id in records
    ]


@dataclass(frozen=True, slots=True)
class Ratings:
    """Whom an answer helped, and what the reader said."""

    helpful: int
    unhelpful: int
    own: bool | None


def ratings_of(*, question: Question, member: Member) -> Ratings:
    """Return whom the answer helped."""
    rows = list(Rating.objects.filter(question=question).values_list("member_id", "is_helpful"))
    helpful = sum(1 for _, is_helpful in rows if is_helpful)
    own = next((is_helpful for member_id, is_helpful in rows if member_id == member.pk), None)
    return Ratings(helpful, len(rows) - helpful, own)


def members_of(*, workspace_id: int) -> QuerySet[Member]:
    """Return who may own a question: everybody in the workspace, by name."""
    rows = Member.objects.filter(workspace_id=workspace_id, removed_at__isnull=True)
    return rows.select_related("user").order_by("user__name", "pk")


def record_for(*, workspace_id: int, key: str) -> Record | None:
    """Return the open record of a key; what is private to a circle cannot be cited and is not there."""
    found: Record | None = Record.objects.in_workspace(workspace_id).by_key(key).first()
    return found


def body_of(question: Question) -> str:
    """Return the words behind the title that search finds a question by."""
    return "\n".join(part for part in (question.details, question.answer) if part)
