"""Lenses for programs: make, change, rank, and read what came of it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.modules.priorities import services
from roadbed.modules.priorities.api import shared
from roadbed.modules.priorities.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    LensFields,
    LensIn,
    LensOut,
    RankOut,
    WorthLearningOut,
)
from roadbed.modules.priorities.models import Lens
from roadbed.modules.priorities.selectors import reading

router = Router(tags=["Priorities"])


@router.get(
    "lenses", response={200: PageOut[LensOut], **READ_PROBLEMS}, operation_id="list_lenses", url_name="lenses"
)
def list_lenses(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the lenses, the newest first."""
    access = access_of(request)
    items, following = page_by_id(reading.lenses(workspace_id=access.workspace.pk), query)
    return {"items": items, "next": following}


@router.post(
    "lenses", response={201: LensOut, **WRITE_PROBLEMS}, operation_id="create_lens", url_name="lenses"
)
def create_lens(
    request: HttpRequest, workspace: Path[str], body: LensIn, response: HttpResponse
) -> Answer[Lens]:
    """Make a lens; it ranks in the background."""
    access = shared.maker(request)
    made = services.create_lens(
        workspace=access.workspace,
        **shared.without_nulls(body.dict()),
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, made)
    return Answer(201, shared.lens_of(access, made.key))


@router.get(
    "lenses/{key}", response={200: LensOut, **READ_PROBLEMS}, operation_id="get_lens", url_name="lens"
)
def get_lens(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Lens:
    """Read a lens."""
    lens = shared.lens_of(access_of(request), key)
    etags.put(response, lens)
    return lens


@router.patch(
    "lenses/{key}", response={200: LensOut, **CHANGE_PROBLEMS}, operation_id="change_lens", url_name="lens"
)
def change_lens(
    request: HttpRequest, workspace: Path[str], key: str, body: LensFields, response: HttpResponse
) -> Lens:
    """Change a lens; what is left out stays. Needs If-Match."""
    access = shared.maker(request)
    services.change_lens(
        lens=shared.lens_of(access, key),
        changes=shared.without_nulls(body.dict(exclude_unset=True)),
        expected_version=etags.expected_version(request),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = shared.lens_of(access, key)
    etags.put(response, fresh)
    return fresh


@router.post(
    "lenses/{key}/rank",
    response={200: LensOut, **WRITE_PROBLEMS},
    operation_id="rank_by_lens",
    url_name="lens-rank",
)
def rank_by_lens(request: HttpRequest, workspace: Path[str], key: str) -> Lens:
    """Rank now, and return the lens with what came of it. Nothing is computed where nothing has changed."""
    access = shared.maker(request)
    services.rank(lens=shared.lens_of(access, key), at=timezone.now())
    return shared.lens_of(access, key)


@router.get(
    "lenses/{key}/ranking",
    response={200: PageOut[RankOut], **READ_PROBLEMS},
    operation_id="get_ranking",
    url_name="lens-ranking",
)
def get_ranking(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[PageQuery]
) -> dict[str, Any]:
    """Read where every item stands. Pages come by id; `position` says the order."""
    lens = shared.lens_of(access_of(request), key)
    items, following = page_by_id(reading.places(lens), query)
    return {"items": items, "next": following}


@router.get(
    "lenses/{key}/questions",
    response={200: list[WorthLearningOut], **READ_PROBLEMS},
    operation_id="get_questions",
    url_name="lens-questions",
)
def get_questions(request: HttpRequest, workspace: Path[str], key: str) -> list[Any]:
    """Read what is worth learning next, the dearest first; at most 200."""
    return list(reading.asked(shared.lens_of(access_of(request), key))[:200])
