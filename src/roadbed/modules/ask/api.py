"""The API of this module: ask, and the questions that are kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags, problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.search.selectors import Hit
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.core.workspaces.roles import Role
from roadbed.modules.ask import services
from roadbed.modules.ask.models import Question
from roadbed.modules.ask.selectors import asking, kept

router = Router(tags=["ask"])
READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
StateName = Literal["open", "answered", "closed"]


class AskIn(Schema):
    """A question."""

    question: str = Field(max_length=500)


class AskHitOut(Schema):
    """A record that was read for a question."""

    key: str
    kind: str
    title: str
    url: str


class AskQuoteOut(Schema):
    """A sentence in the words of a record."""

    number: int
    text: str
    record: AskHitOut
    is_comment: bool
    score: float


class AskReasonOut(Schema):
    """One figure of the confidence."""

    label: str
    value: str


class AskFigureRowOut(Schema):
    """One row of an answer in figures."""

    key: str
    label: str
    url: str
    cells: list[str]


class AskFiguresOut(Schema):
    """An answer in figures, with its rows and the list where they can be followed."""

    sentence: str
    value: float | None
    columns: list[str]
    rows: list[AskFigureRowOut]
    url: str
    method: str


class AskKeptOut(Schema):
    """A question that was asked before."""

    key: str
    title: str
    state: StateName


class AskOut(Schema):
    """What is known: sentences if they answer it (found), figures if it wants some, questions asked before."""

    question: str
    found: bool
    confidence: float
    reasons: list[AskReasonOut]
    quotes: list[AskQuoteOut]
    related: list[AskHitOut]
    figures: AskFiguresOut | None
    asked_before: list[AskKeptOut]


class QuestionCitationOut(Schema):
    """A record that an answer rests on; `quote` is empty where the record does not say it any more."""

    number: int
    record: AskHitOut
    quote: str


class QuestionFields(Schema):
    """What is told of every question."""

    key: str
    title: str
    details: str
    state: StateName
    owner: str | None = Field(description="E-mail address of who finds it out.")
    due_date: date | None
    answer: str
    answered_by: str | None
    answered_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class QuestionOut(QuestionFields):
    """A question that is kept."""

    @staticmethod
    def resolve_owner(obj: Question) -> str | None:
        """Return the owner's address."""
        return obj.owner.user.email if obj.owner else None

    @staticmethod
    def resolve_answered_by(obj: Question) -> str | None:
        """Return the name of who answered; nobody where the records' own words answer."""
        return obj.answered_by.user.display_name if obj.answered_by else None


class QuestionFullOut(QuestionFields):
    """A question with what its answer rests on."""

    citations: list[QuestionCitationOut]


class QuestionIn(Schema):
    """A question for a person."""

    title: str = Field(min_length=1, max_length=300)
    details: str = Field("", max_length=5000)
    owner: str = Field("", max_length=254, description="E-mail address of a member.")
    due_date: date | None = None


class QuestionAnswerIn(Schema):
    """An answer in a person's words."""

    answer: str = Field(min_length=1, max_length=20_000)
    citations: list[str] = Field(
        default_factory=list, max_length=20, description="Keys of records it rests on."
    )


class QuestionsQuery(PageQuery):
    """Which questions."""

    q: str = Field("", max_length=200, description="Words, or a key.")
    state: StateName | None = None


def _hit(hit: Hit) -> dict[str, Any]:
    return {"key": hit.key, "kind": hit.kind, "title": hit.title, "url": hit.url}


def _clean(**texts: str) -> None:
    for name, text in texts.items():
        if "\x00" in text:
            raise ValidationError({name: "Null characters cannot be stored."})


def _owner(access: Access, email: str) -> Member | None:
    if not email:
        return None
    found = kept.members_of(workspace_id=access.workspace.pk).filter(user__email__iexact=email).first()
    if found is None:
        raise ValidationError({"owner": "There is no such member here."})
    return found


def _question(access: Access, key: str) -> Question:
    head, _, tail = key.upper().rpartition("-")
    if head != "Q" or not tail.isdecimal() or len(tail) > 9:
        raise MissingError
    return kept.access_question(workspace_id=access.workspace.pk, number=int(tail))


def _full(access: Access, question: Question) -> dict[str, Any]:
    sources = kept.sources_of(question=question, workspace=access.workspace.slug, circles=access.circle_ids)
    plain = QuestionOut.from_orm(question).dict()
    return {
        **plain,
        "citations": [{"number": one.number, "record": _hit(one.hit), "quote": one.quote} for one in sources],
    }


@router.get("ask", response={200: AskOut, **READ_PROBLEMS}, operation_id="ask", url_name="ask")
def ask(request: HttpRequest, workspace: Path[str], query: Query[AskIn]) -> dict[str, Any]:
    """Ask a question; answers come in the words of the records that the caller may read. Nothing is written."""
    access = access_of(request)
    known = asking.ask(
        workspace=access.workspace,
        text=query.question.replace("\x00", " "),
        circles=access.circle_ids,
        now=timezone.now(),
    )
    table = known.figures
    return {
        "question": known.question,
        "found": known.found,
        "confidence": round(known.confidence, 4),
        "reasons": [{"label": one.label, "value": one.value} for one in known.reasons],
        "quotes": [
            {
                "number": one.number,
                "text": one.text,
                "record": _hit(one.hit),
                "is_comment": one.is_comment,
                "score": round(one.score, 4),
            }
            for one in known.cited
        ],
        "related": [_hit(hit) for hit in known.related],
        "figures": {
            "sentence": table.sentence,
            "value": table.value,
            "columns": list(table.columns),
            "rows": [
                {"key": row.key, "label": row.label, "url": row.url, "cells": list(row.cells)}
                for row in table.rows
            ],
            "url": table.url,
            "method": table.method,
        }
        if table is not None
        else None,
        "asked_before": [{"key": one.key, "title": one.title, "state": one.state} for one in known.kept],
    }


@router.get(
    "questions",
    response={200: PageOut[QuestionOut], **READ_PROBLEMS},
    operation_id="list_questions",
    url_name="questions",
)
def list_questions(
    request: HttpRequest, workspace: Path[str], query: Query[QuestionsQuery]
) -> dict[str, Any]:
    """List questions, the newest first."""
    access = access_of(request)
    filters = {"q": query.q.replace("\x00", " "), "state": [query.state] if query.state else None}
    rows = kept.list_questions(workspace_id=access.workspace.pk, filters=filters, today=timezone.localdate())
    items, following = page_by_id(rows.select_related("owner__user", "answered_by__user"), query)
    return {"items": items, "next": following}


@router.post(
    "questions",
    response={201: QuestionOut, **WRITE_PROBLEMS},
    operation_id="create_question",
    url_name="questions",
)
def create_question(
    request: HttpRequest, workspace: Path[str], body: QuestionIn, response: HttpResponse
) -> Answer[Question]:
    """Ask a person: somebody finds it out by a day."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    _clean(title=body.title, details=body.details, owner=body.owner)
    made = services.ask_people(
        workspace=access.workspace,
        text=body.title,
        details=body.details,
        owner=_owner(access, body.owner),
        due_date=body.due_date,
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "questions/{key}",
    response={200: QuestionFullOut, **READ_PROBLEMS},
    operation_id="get_question",
    url_name="question",
)
def get_question(
    request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse
) -> dict[str, Any]:
    """Get a question with what its answer rests on, as far as the caller may read it."""
    access = access_of(request)
    question = _question(access, key)
    etags.put(response, question)
    return _full(access, question)


@router.post(
    "questions/{key}/answer",
    response={200: QuestionFullOut, **CHANGE_PROBLEMS},
    operation_id="answer_question",
    url_name="question_answer",
)
def answer_question(
    request: HttpRequest, workspace: Path[str], key: str, body: QuestionAnswerIn, response: HttpResponse
) -> dict[str, Any]:
    """Answer a question, with the records that the answer rests on. Needs If-Match."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    question = _question(access, key)
    expected = etags.expected_version(request)
    _clean(answer=body.answer)
    sources = []
    for cited in dict.fromkeys(body.citations):
        record = kept.record_for(workspace_id=access.workspace.pk, key=cited.replace("\x00", ""))
        if record is None:
            raise ValidationError({"citations": f"There is no {cited[:20]!r} that everybody here may see."})
        sources.append(services.Source(record=record))
    services.answer_question(
        question=question,
        answer=body.answer,
        by=access.member,
        sources=sources,
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _question(access, key)
    etags.put(response, fresh)
    return _full(access, fresh)
