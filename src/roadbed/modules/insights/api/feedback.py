"""Feedback and its quotes: list, get, add, change, triage, quote."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FeedbackFields,
    FeedbackIn,
    FeedbackOut,
    ListQuery,
    QuoteFields,
    QuoteIn,
    QuoteOut,
    StateIn,
)
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.models import Feedback, Quote
from roadbed.modules.insights.selectors import choices
from roadbed.modules.insights.selectors import feedback as selectors

router = Router(tags=["feedback"])
EMPTIABLE = frozenset({"person", "account", "product", "rating"})


def _piece(access: Access, key: str) -> Feedback:
    return selectors.access_feedback(
        workspace_id=access.workspace.pk, number=shared.number_of(key, "FB"), circles=access.circle_ids
    )


@router.get(
    "feedback",
    response={200: PageOut[FeedbackOut], **READ_PROBLEMS},
    operation_id="list_feedback",
    url_name="feedback-list",
)
def list_feedback(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
    """List feedback, the newest first, with the same filters as the page."""
    access = access_of(request)
    options = choices.for_feedback(workspace_id=access.workspace.pk, circles=access.circle_ids)
    filters = shared.filters_of(access, lists.FEEDBACK, query, options)
    rows = selectors.list_feedback(
        workspace_id=access.workspace.pk, filters=filters, circles=access.circle_ids
    )
    items, following = page_by_id(rows.select_related("person", "account", "product", "circle"), query)
    return {"items": items, "next": following}


@router.post(
    "feedback",
    response={201: FeedbackOut, **WRITE_PROBLEMS},
    operation_id="create_feedback",
    url_name="feedback-list",
)
def create_feedback(
    request: HttpRequest, workspace: Path[str], body: FeedbackIn, response: HttpResponse
) -> Answer[Feedback]:
    """Take in one thing one person said."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    at = timezone.now()
    fields = {"said_at": at, **shared.resolve(access, shared.given(body))}
    piece = services.add_feedback(workspace=access.workspace, **fields, actor=access.actor, at=at)
    etags.put(response, piece)
    return Answer(201, piece)


@router.get(
    "feedback/{key}",
    response={200: FeedbackOut, **READ_PROBLEMS},
    operation_id="get_feedback",
    url_name="feedback",
)
def get_feedback(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Feedback:
    """Get a piece of feedback."""
    piece = _piece(access_of(request), key)
    etags.put(response, piece)
    return piece


@router.patch(
    "feedback/{key}",
    response={200: FeedbackOut, **CHANGE_PROBLEMS},
    operation_id="change_feedback",
    url_name="feedback",
)
def change_feedback(
    request: HttpRequest, workspace: Path[str], key: str, body: FeedbackFields, response: HttpResponse
) -> Feedback:
    """Change what is known about a piece; its words stay. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    piece = _piece(access, key)
    expected = etags.expected_version(request)
    changes = shared.resolve(access, shared.given(body, keep_empty=EMPTIABLE))
    services.change_feedback(
        feedback=piece, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _piece(access, key)
    etags.put(response, fresh)
    return fresh


@router.put(
    "feedback/{key}/state",
    response={200: FeedbackOut, **WRITE_PROBLEMS},
    operation_id="triage_feedback",
    url_name="feedback-state",
)
def triage_feedback(
    request: HttpRequest, workspace: Path[str], key: str, body: StateIn, response: HttpResponse
) -> Feedback:
    """Call a piece triaged, skip it, or put it back into the inbox. Doing it twice changes nothing."""
    access = access_of(request, role=Role.MAKER)
    services.set_state(feedback=_piece(access, key), state=body.state, actor=access.actor, at=timezone.now())
    fresh = _piece(access, key)
    etags.put(response, fresh)
    return fresh


@router.get(
    "feedback/{key}/quotes",
    response={200: list[QuoteOut], **READ_PROBLEMS},
    operation_id="list_quotes",
    url_name="feedback-quotes",
)
def list_quotes(request: HttpRequest, workspace: Path[str], key: str) -> list[Quote]:
    """List the quotes of a piece, in the order of its text."""
    return selectors.quotes_of(_piece(access_of(request), key))


@router.post(
    "feedback/{key}/quotes",
    response={201: QuoteOut, **WRITE_PROBLEMS},
    operation_id="create_quote",
    url_name="feedback-quotes",
)
def create_quote(request: HttpRequest, workspace: Path[str], key: str, body: QuoteIn) -> Answer[Quote]:
    """Make words evidence for a need or a feature. The same words again set their strength."""
    access = access_of(request, role=Role.MAKER)
    piece = _piece(access, key)
    shared.given(body)
    quote = services.quote_words(
        feedback=piece,
        target=shared.target_of(access, body.target),
        start=body.start,
        end=len(piece.text) if body.end is None else body.end,
        strength=body.strength,
        note=body.note,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, quote)


def _quote(access: Access, quote_id: int) -> Quote:
    rows = Quote.objects.select_related("feedback__merged_into", "target")
    quote = (
        rows.filter(pk=quote_id, feedback__home_id=access.workspace.pk).first() if quote_id < 2**62 else None
    )
    if quote is None or not quote.feedback.is_visible_to(access.circle_ids):
        raise MissingError
    return quote


@router.patch(
    "quotes/{int:quote_id}",
    response={200: QuoteOut, **WRITE_PROBLEMS},
    operation_id="change_quote",
    url_name="quote",
)
def change_quote(request: HttpRequest, workspace: Path[str], quote_id: int, body: QuoteFields) -> Quote:
    """Say anew how strongly the words speak, and why."""
    access = access_of(request, role=Role.MAKER)
    quote = _quote(access, quote_id)
    return services.change_quote(quote=quote, **shared.given(body), actor=access.actor, at=timezone.now())


@router.delete(
    "quotes/{int:quote_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_quote",
    url_name="quote",
)
def delete_quote(request: HttpRequest, workspace: Path[str], quote_id: int) -> Answer[None]:
    """Take words back as evidence; the link goes with the last quote on it."""
    access = access_of(request, role=Role.MAKER)
    services.remove_quote(quote=_quote(access, quote_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)
