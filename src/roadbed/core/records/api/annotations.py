"""What hangs on a record: links, comments, tags, watching; and saved views."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import ForbiddenError, MissingError
from roadbed.core.records import selectors
from roadbed.core.records import services as records
from roadbed.core.records.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    CommentIn,
    CommentOut,
    LinkIn,
    LinkOut,
    TagsBody,
    ViewIn,
    ViewOut,
    WatchBody,
)
from roadbed.core.records.models import Comment, Link, Record, SavedView
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role

router = Router(tags=["records"])


def _record(access: Access, key: str) -> Record:
    return selectors.access_record(workspace_id=access.workspace.pk, key=key, circles=access.circle_ids)


@router.get(
    "records/{key}/links",
    response={200: list[LinkOut], **READ_PROBLEMS},
    operation_id="list_links",
    url_name="record-links",
)
def list_links(request: HttpRequest, workspace: Path[str], key: str) -> list[selectors.LinkLine]:
    """List the links of a record, both ways (the newest 200)."""
    access = access_of(request)
    return selectors.links_of(
        record=_record(access, key),
        workspace=access.workspace.slug,
        limit=200,
        circles=access.circle_ids,
    )


@router.post(
    "records/{key}/links",
    response={201: LinkOut, **WRITE_PROBLEMS},
    operation_id="create_link",
    url_name="record-links",
)
def create_link(request: HttpRequest, workspace: Path[str], key: str, body: LinkIn) -> Answer[dict[str, Any]]:
    """Link this record to another; the same link twice is one link."""
    access = access_of(request, role=Role.MAKER)
    target = _record(access, body.target)
    link = records.create_link(
        source=_record(access, key),
        target=target,
        relation=body.relation,
        note=body.note,
        actor=access.actor,
        at=timezone.now(),
    )
    shown = {"link_id": link.pk, "phrase": body.relation.label, "key": target.key, "title": target.title}
    return Answer(201, shown)


@router.delete(
    "links/{int:link_id}", response={204: None, **WRITE_PROBLEMS}, operation_id="remove_link", url_name="link"
)
def remove_link(request: HttpRequest, workspace: Path[str], link_id: int) -> Answer[None]:
    """Remove a link; both records stay."""
    access = access_of(request, role=Role.MAKER)
    link = (
        Link.objects.select_related("source", "target").filter(pk=link_id, workspace=access.workspace).first()
    )
    if link is None or not all(end.is_visible_to(access.circle_ids) for end in (link.source, link.target)):
        raise MissingError
    records.remove_link(link=link, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "records/{key}/comments",
    response={200: list[CommentOut], **READ_PROBLEMS},
    operation_id="list_comments",
    url_name="record-comments",
)
def list_comments(request: HttpRequest, workspace: Path[str], key: str) -> list[Comment]:
    """List the comments on a record, oldest first."""
    return list(selectors.comments_of(record_id=_record(access_of(request), key).pk))


@router.post(
    "records/{key}/comments",
    response={201: CommentOut, **WRITE_PROBLEMS},
    operation_id="add_comment",
    url_name="record-comments",
)
def add_comment(request: HttpRequest, workspace: Path[str], key: str, body: CommentIn) -> Answer[Comment]:
    """Comment on a record."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    comment = records.add_comment(
        record=_record(access, key), body=body.body, actor=access.actor, at=timezone.now()
    )
    return Answer(201, comment)


def _comment(access: Access, comment_id: int) -> Comment:
    comment = selectors.access_comment(
        workspace_id=access.workspace.pk, comment_id=comment_id, circles=access.circle_ids
    )
    if comment.deleted_at is not None:
        raise MissingError
    return comment


@router.patch(
    "comments/{int:comment_id}",
    response={200: CommentOut, **WRITE_PROBLEMS},
    operation_id="edit_comment",
    url_name="comment",
)
def edit_comment(request: HttpRequest, workspace: Path[str], comment_id: int, body: CommentIn) -> Comment:
    """Change one's own comment."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    comment = _comment(access, comment_id)
    if comment.author_id != access.member.user_id:
        raise ForbiddenError("Only its author can change a comment.")
    return records.edit_comment(comment=comment, body=body.body, actor=access.actor, at=timezone.now())


@router.delete(
    "comments/{int:comment_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_comment",
    url_name="comment",
)
def delete_comment(request: HttpRequest, workspace: Path[str], comment_id: int) -> Answer[None]:
    """Delete one's own comment; an owner may delete any."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    comment = _comment(access, comment_id)
    if comment.author_id != access.member.user_id and not access.can_own:
        raise ForbiddenError("Only its author or an owner can delete a comment.")
    records.delete_comment(comment=comment, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "records/{key}/tags",
    response={200: TagsBody, **READ_PROBLEMS},
    operation_id="get_tags",
    url_name="record-tags",
)
def get_tags(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, list[str]]:
    """Get the tags of a record."""
    record = _record(access_of(request), key)
    return {"tags": [tag.name for tag in selectors.tags_of(record_id=record.pk)]}


@router.put(
    "records/{key}/tags",
    response={200: TagsBody, **WRITE_PROBLEMS},
    operation_id="set_tags",
    url_name="record-tags",
)
def set_tags(request: HttpRequest, workspace: Path[str], key: str, body: TagsBody) -> dict[str, list[str]]:
    """Give a record exactly these tags."""
    access = access_of(request, role=Role.MAKER)
    tags = records.set_tags(
        record=_record(access, key), names=body.tags, actor=access.actor, at=timezone.now()
    )
    return {"tags": [tag.name for tag in tags]}


@router.put(
    "records/{key}/watch",
    response={200: WatchBody, **WRITE_PROBLEMS},
    operation_id="set_watch",
    url_name="record-watch",
)
def set_watch(request: HttpRequest, workspace: Path[str], key: str, body: WatchBody) -> dict[str, bool]:
    """Follow a record, or stop."""
    access = access_of(request)
    if not access.may_write:
        raise ForbiddenError("A read-only token cannot follow records.")
    record = _record(access, key)
    if body.watching:
        records.start_watching(record=record, member=access.member, at=timezone.now())
    else:
        records.stop_watching(record=record, member=access.member)
    return {"watching": body.watching}


class ViewsQuery(Schema):
    """Which list's views."""

    list: str = ""


@router.get(
    "views", response={200: list[ViewOut], **READ_PROBLEMS}, operation_id="list_views", url_name="views"
)
def list_views(request: HttpRequest, workspace: Path[str], query: Query[ViewsQuery]) -> list[SavedView]:
    """List one's own saved views of a list, and those shared with the workspace."""
    access = access_of(request)
    return selectors.saved_views(member=access.member, list_name=query.list)


@router.post("views", response={201: ViewOut, **WRITE_PROBLEMS}, operation_id="save_view", url_name="views")
def save_view(request: HttpRequest, workspace: Path[str], body: ViewIn) -> Answer[SavedView]:
    """Save a list's filters; the same name again replaces one's own."""
    access = access_of(request)
    if not access.may_write or (body.shared and not access.can_contribute):
        raise ForbiddenError("Sharing a view needs the role contributor and a token that may write.")
    view = records.save_view(
        member=access.member,
        list_name=body.list,
        name=body.name,
        query=body.query,
        is_shared=body.shared,
        at=timezone.now(),
    )
    return Answer(201, view)


@router.delete(
    "views/{int:view_id}", response={204: None, **WRITE_PROBLEMS}, operation_id="delete_view", url_name="view"
)
def delete_view(request: HttpRequest, workspace: Path[str], view_id: int) -> Answer[None]:
    """Forget a saved view of one's own."""
    access = access_of(request)
    if not access.may_write:
        raise ForbiddenError("A read-only token cannot delete views.")
    deleted, _ = SavedView.objects.filter(pk=view_id, member=access.member).delete()
    if not deleted:
        raise MissingError
    return Answer(204, None)
