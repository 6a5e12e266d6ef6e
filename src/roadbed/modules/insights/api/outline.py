"""The outline for programs: the same question and the same figures as the page."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import READ
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.selectors import needs as needs_selectors
from roadbed.modules.insights.selectors import outline as selectors
from roadbed.modules.insights.selectors.outline_scope import EARLIEST, LATEST, Scope
from roadbed.modules.insights.services import outline_documents, outline_draft, outline_files

router = Router(tags=["outline"])


class OutlineQuery(Schema):
    """What is asked of the outline."""

    product: str = Field("", max_length=40, description="Short name of a product.")
    segment: str = Field("", max_length=20, description="Key of a segment, such as S-2.")
    since: dt.date | None = Field(None, description="Only what was said on or after this day.")
    until: dt.date | None = Field(None, description="Only what was said before this day.")
    source: list[str] = Field(
        [], max_length=20, description="Only what was said there; may be given several times."
    )
    rank: Literal["people", "accounts", "revenue", "trend", "opportunity"] = "people"
    limit: int = Field(selectors.PAGE_SIZE, ge=1, le=selectors.MOST_AT_ONCE, description="How many needs.")
    offset: int = Field(0, ge=0, le=100_000, description="`next_offset` of the page before.")
    quotes: int = Field(selectors.QUOTES, ge=0, le=selectors.MOST_QUOTES, description="Quotes a need.")


class DocumentQuery(OutlineQuery):
    """What is asked of the outline, and as which document."""

    format: Literal["markdown", "html", "pdf"] = "markdown"


class Named(Schema):
    """A name and its value."""

    name: str
    value: str


class CoverageOut(Schema):
    """How much of what was said is linked to a need."""

    pieces: int
    linked: int
    unlinked: int
    sentence: str


class Counts(Schema):
    """Two counts: in the 270 days before, and in the last 90 days."""

    before: int
    recent: int


class TrendOut(Schema):
    """Whether a need is spoken of more often. The ratio's ends are null where they are infinite or not known."""

    direction: Literal["rising", "steady", "falling", "unclear"]
    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    people: Counts
    voices: Counts
    refusal: str
    sentence: str


class OutlinedQuoteOut(Schema):
    """Somebody's words, and where they are."""

    text: str
    strength: str
    key: str
    url: str
    person: str
    account: str
    revenue: float | None
    said_at: str
    source: str
    citation: str


class AnswerOut(Schema):
    """A record that answers the need."""

    key: str
    title: str
    url: str
    status: str


class ShareOut(Schema):
    """What a segment says about the need."""

    key: str
    title: str
    people: int
    accounts: int


class OutlinedNeedOut(Schema):
    """One need of the outline."""

    rank: int
    tied: bool
    key: str
    url: str
    title: str
    description: str
    expectation: str
    summary: str
    quotes_count: int
    people: int
    accounts: int
    revenue: float
    strength: int
    deal_breakers: int
    latest_at: str | None
    importance: float | None
    satisfaction: float | None
    opportunity: float | None
    rated_from: str
    rating: str
    trend: TrendOut
    quotes: list[OutlinedQuoteOut]
    answers: list[AnswerOut]
    segments: list[ShareOut]


class SourceOut(Schema):
    """What a sentence rests on."""

    key: str
    url: str


class SentenceOut(Schema):
    """One sentence with its sources; one without any is never written."""

    text: str
    sources: list[SourceOut]


class PassageOut(Schema):
    """Sentences under a heading."""

    title: str
    sentences: list[SentenceOut]


class OutlineOut(Schema):
    """The ranking, what it says in a few sentences, and what must be known to read it."""

    draft: list[PassageOut]

    title: str
    workspace: str
    currency: str
    product: str | None
    made_at: str
    rank: str
    limit: int
    offset: int
    next_offset: int | None
    total: int
    left_out: int
    scope: list[Named]
    coverage: CoverageOut
    methods: list[str]
    needs: list[OutlinedNeedOut]


def _question(access: Access, query: OutlineQuery) -> selectors.Question:
    """Return the question, or say which field names something that is not there."""
    workspace_id = access.workspace.pk
    product = Product.objects.filter(workspace_id=workspace_id, slug=query.product).first()
    if query.product and product is None:
        raise ValidationError({"product": "There is no such product."})
    segment = needs_selectors.segment_with_key(workspace_id=workspace_id, key=query.segment)
    if query.segment and segment is None:
        raise ValidationError({"segment": "There is no such segment."})
    for name in ("since", "until"):
        day = getattr(query, name)
        if day is not None and not EARLIEST <= day <= LATEST:
            raise ValidationError({name: f"A day from {EARLIEST} to {LATEST}."})
    if query.since and query.until and query.since >= query.until:
        raise ValidationError({"until": "The period must end after it begins."})
    if any("\x00" in source or len(source) > 60 for source in query.source):
        raise ValidationError({"source": "There is no such source."})
    scope = Scope(
        workspace_id=workspace_id,
        product_id=product.pk if product else None,
        segment=segment,
        since=query.since,
        until=query.until,
        sources=tuple(query.source),
    )
    return selectors.Question(
        scope=scope, rank=query.rank, limit=query.limit, offset=query.offset, quotes=query.quotes
    )


@router.get("outline", response={200: OutlineOut, **READ}, operation_id="read_outline", url_name="outline")
def read_outline(request: HttpRequest, workspace: Path[str], query: Query[OutlineQuery]) -> dict[str, Any]:
    """Outline what customers need and expect, ranked, with the words it rests on."""
    access = access_of(request)
    question = _question(access, query)
    found = selectors.read_outline(workspace=access.workspace, question=question, now=timezone.now())
    return outline_draft.whole(found)


@router.get(
    "outline/document",
    response=READ,
    operation_id="read_outline_document",
    url_name="outline-document",
    openapi_extra={
        "responses": {
            200: {
                "description": "The outline as a file.",
                "content": {
                    media.partition(";")[0]: {"schema": {"type": "string"}}
                    for media in outline_documents.MEDIA.values()
                },
            }
        }
    },
)
def read_document(request: HttpRequest, workspace: Path[str], query: Query[DocumentQuery]) -> HttpResponse:
    """Return the outline as Markdown, as one HTML file, or as PDF."""
    access = access_of(request)
    found = selectors.read_outline(
        workspace=access.workspace, question=_question(access, query), now=timezone.now()
    )
    made = outline_documents.make_document(found, kind=query.format)
    response = HttpResponse(made.content, content_type=made.media)
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return response


class LongDocumentIn(OutlineQuery):
    """What is asked of the whole outline; `limit` and `offset` do not cut it."""

    format: Literal["markdown", "html", "pdf"] = "markdown"


class LongDocumentOut(Schema):
    """The job that writes it; its result leads to the file."""

    job_id: int


@router.post(
    "outline/documents",
    response={202: LongDocumentOut, **READ},
    operation_id="write_outline_document",
    url_name="api-outline-documents",
)
def write_document(
    request: HttpRequest, workspace: Path[str], body: LongDocumentIn
) -> Answer[dict[str, int]]:
    """Let a job write the whole outline, however long it is."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    question = _question(access, body)
    job = outline_files.request_document(
        workspace=access.workspace,
        scope=question.scope,
        rank=question.rank,
        kind=body.format,
        actor=access.actor,
    )
    return Answer(202, {"job_id": job.pk})
