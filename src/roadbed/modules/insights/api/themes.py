"""Themes: list, get, make, change, pin, split, move feedback, look again; merging goes through the records."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.api import JobOut
from roadbed.core.jobs.models import Job
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FeedbackOut,
    InsightOut,
    ListQuery,
    NeedOut,
)
from roadbed.modules.insights.forms import themes as forms
from roadbed.modules.insights.models import Assignment, Feedback, Need, Theme
from roadbed.modules.insights.selectors import choices
from roadbed.modules.insights.selectors import feedback as feedback_selectors
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import themes as services
from roadbed.web.filters import Option

router = Router(tags=["themes"])
Direction = Literal["rising", "steady", "falling", "unclear", ""]


class ThemeOut(InsightOut):
    """A theme with its figures."""

    parent: str | None = Field(description="Key of the broad theme it lies in.")
    is_broad: bool
    origin: Literal["machine", "person"]
    is_pinned: bool
    is_named: bool = Field(description="A person chose its name.")
    description: str
    words: list[str] = Field(description="Feedback with one of these belongs here.")
    terms: list[str] = Field(description="Words that tell it from all others.")
    pieces: int
    people: int
    accounts: int
    revenue: Decimal
    latest_at: datetime | None
    recent: int = Field(description="People in the last four weeks.")
    usual: float = Field(description="People in four weeks, over the twelve before.")
    change: float | None = Field(
        description="Share of all voices, the last four weeks over the twelve before."
    )
    direction: Direction
    weekly: list[int] = Field(description="Pieces in each of the last 26 weeks, the oldest first.")

    @staticmethod
    def resolve_parent(theme: Theme) -> str | None:
        """The broad theme's key."""
        return theme.parent.key if theme.parent else None

    @staticmethod
    def _tally(theme: Theme, name: str, default: Any) -> Any:
        tally = getattr(theme, "tally", None)
        return getattr(tally, name) if tally else default

    @staticmethod
    def resolve_pieces(theme: Theme) -> int:
        """How much feedback is in it."""
        return int(ThemeOut._tally(theme, "quotes", 0))

    @staticmethod
    def resolve_people(theme: Theme) -> int:
        """How many people speak of it."""
        return int(ThemeOut._tally(theme, "people", 0))

    @staticmethod
    def resolve_accounts(theme: Theme) -> int:
        """How many customers speak of it."""
        return int(ThemeOut._tally(theme, "accounts", 0))

    @staticmethod
    def resolve_revenue(theme: Theme) -> Decimal:
        """What these customers pay in a year."""
        return Decimal(ThemeOut._tally(theme, "revenue", 0))

    @staticmethod
    def resolve_latest_at(theme: Theme) -> datetime | None:
        """When it was last spoken of."""
        found: datetime | None = ThemeOut._tally(theme, "latest_at", None)
        return found


class ThemeIn(Schema):
    """A theme in a person's words."""

    title: str = Field(min_length=1, max_length=300)
    description: str = Field("", max_length=5_000)
    words: list[str] = Field([], max_length=40)
    parent: str | None = Field(None, max_length=16, description="Key of a broad theme.")
    examples: list[str] = Field([], max_length=500, description="Keys of feedback that belongs to it.")


class ThemeChange(Schema):
    """What shall be different; what is left out stays."""

    title: str | None = Field(None, min_length=1, max_length=300)
    description: str | None = Field(None, max_length=5_000)
    words: list[str] | None = Field(None, max_length=40)
    parent: str | None = Field(None, max_length=16, description="Key of a broad theme; null takes it out.")


class PinIn(Schema):
    """Whether its feedback stays where it is."""

    pinned: bool


class SplitIn(Schema):
    """Feedback of a theme that becomes one of its own."""

    title: str = Field(min_length=1, max_length=300)
    feedback: list[str] = Field(min_length=1, max_length=500, description="Keys.")


class NeedFromThemeIn(Schema):
    """What people want to get done, in a person's words."""

    title: str = Field(min_length=1, max_length=300)


class PlaceIn(Schema):
    """Where a piece belongs."""

    theme: str | None = Field(max_length=16, description="Key of a theme; null for none.")


class PieceOut(Schema):
    """A piece of feedback in a theme, with why it is there."""

    feedback: FeedbackOut
    confidence: float
    by_hand: bool
    why: str
    terms: list[str]
    near: list[str] = Field(description="Keys of the nearest feedback of the same theme.")


class ThemePlaceOut(Schema):
    """Where a piece is, or seems to belong."""

    theme: str | None
    title: str
    confidence: float
    by_hand: bool
    why: str


class PiecesQuery(PageQuery):
    """Which of a theme's feedback."""

    sure: Literal["", "sure", "likely", "unsure"] = ""


def _theme(access: Access, key: str) -> Theme:
    return selectors.access_theme(workspace_id=access.workspace.pk, number=shared.number_of(key, "TH"))


def _parent(access: Access, key: str | None) -> Theme | None:
    if not key:
        return None
    found: Theme | None = (
        selectors.live(workspace_id=access.workspace.pk)
        .filter(prefix="TH", number=shared.number_of(key, "TH"))
        .first()
    )
    if found is None:
        raise ValidationError({"parent": f"There is no theme {key} here."})
    return found


def _pieces(access: Access, keys: list[str]) -> list[Feedback]:
    numbers = {shared.number_of(key, "FB"): key for key in keys}
    rows = Feedback.objects.in_workspace(access.workspace.pk).filter(prefix="FB", number__in=numbers)
    found = list(rows.select_related("workspace").order_by("pk"))
    missing = set(numbers) - {piece.number for piece in found}
    if missing:
        raise ValidationError({"feedback": f"There is no {numbers[min(missing)]} here."})
    return found


@router.get(
    "themes",
    response={200: PageOut[ThemeOut], **READ_PROBLEMS},
    operation_id="list_themes",
    url_name="themes",
)
def list_themes(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
    """List themes, the newest first; fine ones unless the filter says `level=broad` or `level=both`."""
    access = access_of(request)
    workspace_id = access.workspace.pk
    options = {
        "segment": choices.segments(workspace_id=workspace_id),
        "within": [Option(one.key, one.title) for one in selectors.broad_themes(workspace_id=workspace_id)],
    }
    wanted = shared.filters_of(access, forms.THEMES, query, options)
    rows = selectors.list_themes(workspace_id=workspace_id, filters=wanted)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "themes",
    response={201: ThemeOut, **WRITE_PROBLEMS},
    operation_id="create_theme",
    url_name="themes",
)
def create_theme(
    request: HttpRequest, workspace: Path[str], body: ThemeIn, response: HttpResponse
) -> Answer[Theme]:
    """Make a theme by words, by examples, or both."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.given(body)
    parent = _parent(access, fields.pop("parent", None))
    examples = _pieces(access, fields.pop("examples", []))
    made = services.create_theme(
        workspace=access.workspace,
        **fields,
        parent=parent,
        examples=examples,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _theme(access, made.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.post(
    "themes/look",
    response={202: JobOut, **WRITE_PROBLEMS},
    operation_id="look_for_themes",
    url_name="themes-look",
)
def look(request: HttpRequest, workspace: Path[str]) -> Answer[Job]:
    """Look at all feedback again, as a job. What people decided stays."""
    access = access_of(request, role=Role.MAKER)
    job = jobs.enqueue("insights.themes", workspace_id=access.workspace.pk, key="themes", actor=access.actor)
    return Answer(202, job)


@router.get(
    "themes/{key}",
    response={200: ThemeOut, **READ_PROBLEMS},
    operation_id="get_theme",
    url_name="theme",
)
def get_theme(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Theme:
    """Get a theme."""
    found = _theme(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "themes/{key}",
    response={200: ThemeOut, **CHANGE_PROBLEMS},
    operation_id="change_theme",
    url_name="theme",
)
def change_theme(
    request: HttpRequest, workspace: Path[str], key: str, body: ThemeChange, response: HttpResponse
) -> Theme:
    """Name, describe or place a theme, or give it words; no later look undoes it. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    theme = _theme(access, key)
    expected = etags.expected_version(request)
    changes = shared.given(body, keep_empty=frozenset({"parent"}))
    if "parent" in changes:
        changes["parent"] = _parent(access, changes["parent"])
    services.change_theme(
        theme=theme, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _theme(access, key)
    etags.put(response, fresh)
    return fresh


@router.put(
    "themes/{key}/pin",
    response={200: ThemeOut, **WRITE_PROBLEMS},
    operation_id="pin_theme",
    url_name="theme-pin",
)
def pin_theme(request: HttpRequest, workspace: Path[str], key: str, body: PinIn) -> Theme:
    """Pin a theme, so that its feedback stays where it is, or let it go."""
    access = access_of(request, role=Role.MAKER)
    run = services.pin if body.pinned else services.unpin
    run(theme=_theme(access, key), actor=access.actor, at=timezone.now())
    return _theme(access, key)


@router.post(
    "themes/{key}/split",
    response={201: ThemeOut, **WRITE_PROBLEMS},
    operation_id="split_theme",
    url_name="theme-split",
)
def split_theme(request: HttpRequest, workspace: Path[str], key: str, body: SplitIn) -> Answer[Theme]:
    """Make a theme of its own out of some of a theme's feedback."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.given(body)
    made, _ = services.split(
        theme=_theme(access, key),
        pieces=_pieces(access, fields["feedback"]),
        title=fields["title"],
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, _theme(access, made.key))


@router.post(
    "themes/{key}/needs",
    response={201: NeedOut, **WRITE_PROBLEMS},
    operation_id="create_need_from_theme",
    url_name="theme-needs",
)
def make_need(request: HttpRequest, workspace: Path[str], key: str, body: NeedFromThemeIn) -> Answer[Need]:
    """Write a need that the feedback nearest the middle of a theme backs."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.given(body)
    need = services.make_need(
        theme=_theme(access, key), title=fields["title"], actor=access.actor, at=timezone.now()
    )
    return Answer(201, need)


@router.get(
    "themes/{key}/feedback",
    response={200: PageOut[PieceOut], **READ_PROBLEMS},
    operation_id="list_theme_feedback",
    url_name="theme-feedback",
)
def list_pieces(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[PiecesQuery]
) -> dict[str, Any]:
    """List a theme's feedback, each piece with how sure it is and why it is there."""
    access = access_of(request)
    theme = _theme(access, key)
    leaves = selectors.leaves_of(theme=theme)
    rows = selectors.pieces_of(theme=theme, filters={"sure": query.sure}, leaves=leaves)
    rows = rows.select_related("feedback", "feedback__person", "feedback__account", "feedback__product")
    items, following = page_by_id(rows, query)
    themes = {one.pk: one for one in selectors.live(workspace_id=access.workspace.pk).filter(pk__in=leaves)}
    whys = selectors.whys(assignments=items, themes=themes)
    return {"items": [_piece(row, whys[row.feedback_id]) for row in items], "next": following}


def _piece(row: Assignment, why: selectors.Why) -> dict[str, Any]:
    return {
        "feedback": row.feedback,
        "confidence": why.confidence,
        "by_hand": why.by_hand,
        "why": why.text,
        "terms": list(why.terms),
        "near": [one.key for one in why.near],
    }


def _place(access: Access, piece: Feedback) -> dict[str, Any]:
    found = selectors.suggest(piece)
    if found is None:
        return {"theme": None, "title": "", "confidence": 0.0, "by_hand": False, "why": ""}
    return {
        "theme": found.theme.key,
        "title": found.theme.title,
        "confidence": found.confidence,
        "by_hand": found.by_hand,
        "why": found.why,
    }


def _feedback(access: Access, key: str) -> Feedback:
    return feedback_selectors.access_feedback(
        workspace_id=access.workspace.pk, number=shared.number_of(key, "FB")
    )


@router.get(
    "feedback/{key}/theme",
    response={200: ThemePlaceOut, **READ_PROBLEMS},
    operation_id="get_theme_of_feedback",
    url_name="feedback-theme",
)
def get_place(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Say which theme a piece is in, how sure that is, and why."""
    access = access_of(request)
    return _place(access, _feedback(access, key))


@router.put(
    "feedback/{key}/theme",
    response={200: ThemePlaceOut, **WRITE_PROBLEMS},
    operation_id="set_theme_of_feedback",
    url_name="feedback-theme",
)
def set_place(request: HttpRequest, workspace: Path[str], key: str, body: PlaceIn) -> dict[str, Any]:
    """Put a piece into a theme, or out of all; no later look moves it again."""
    access = access_of(request, role=Role.MAKER)
    piece = _feedback(access, key)
    wanted = shared.given(body, keep_empty=frozenset({"theme"})).get("theme")
    theme = _theme_to_move_to(access, wanted)
    services.move_pieces(pieces=[piece], theme=theme, actor=access.actor, at=timezone.now())
    return _place(access, piece)


def _theme_to_move_to(access: Access, key: str | None) -> Theme | None:
    if not key:
        return None
    try:
        return _theme(access, key)
    except Theme.DoesNotExist as error:
        raise ValidationError({"theme": f"There is no theme {key} here."}) from error
