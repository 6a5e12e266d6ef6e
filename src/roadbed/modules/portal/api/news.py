"""The changelog for programs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.modules.portal.api import shared
from roadbed.modules.portal.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    NewsEntryIn,
    NewsFields,
    NewsOut,
)
from roadbed.modules.portal.models import News
from roadbed.modules.portal.selectors import desk
from roadbed.modules.portal.services import news as services

router = Router(tags=["portal"])


class NewsQuery(PageQuery):
    """Which entries."""

    board: str = Field("", max_length=20, description="A board's key.")


@router.get(
    "news",
    response={200: PageOut[NewsOut], **READ_PROBLEMS},
    operation_id="list_news",
    url_name="news",
)
def list_news(request: HttpRequest, workspace: Path[str], query: Query[NewsQuery]) -> dict[str, Any]:
    """List the entries of the changelogs, drafts too, the newest first."""
    access = access_of(request)
    boards = desk.boards(**shared.place(access)).values("pk")
    rows = News.objects.filter(board__in=boards).select_related("board", "record")
    if query.board:
        rows = rows.filter(board=shared.board_of(access, query.board))
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "news",
    response={201: NewsOut, **WRITE_PROBLEMS},
    operation_id="write_news",
    url_name="news",
)
def write_news(request: HttpRequest, workspace: Path[str], body: NewsEntryIn) -> Answer[News]:
    """Write an entry as a draft."""
    access = shared.maker(request)
    words = shared.without_nulls({"title": body.title, "text": body.text})
    made = services.write(
        board=shared.board_of(access, body.board),
        record=shared.record_of(access, body.record) if body.record else None,
        **words,
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, shared.news_of(access, made.pk))


@router.patch(
    "news/{int:news_id}",
    response={200: NewsOut, **WRITE_PROBLEMS},
    operation_id="change_news",
    url_name="news-entry",
)
def change_news(request: HttpRequest, workspace: Path[str], news_id: int, body: NewsFields) -> News:
    """Change an entry's words, publish it, or make a draft of it again."""
    access = shared.maker(request)
    entry = shared.news_of(access, news_id)
    given = shared.without_nulls(body.dict(exclude_unset=True))
    now = timezone.now()
    if {"title", "text"} & set(given):
        services.rewrite(
            entry=entry,
            title=given.get("title", entry.title),
            text=given.get("text", entry.text),
            actor=access.actor,
            at=now,
        )
    if given.get("is_published") is True:
        services.publish(entry=entry, actor=access.actor, at=now)
    elif given.get("is_published") is False:
        services.withdraw(entry=entry, actor=access.actor, at=now)
    return entry
