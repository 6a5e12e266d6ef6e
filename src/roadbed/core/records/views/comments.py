"""Saying something about a record."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.records import pages, selectors
from roadbed.core.records import services as records
from roadbed.core.records.models import Comment
from roadbed.core.records.views.shared import back_to, record_or_404, refused
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts


def _comment_or_404(access: Access, comment_id: int) -> Comment:
    try:
        return selectors.access_comment(
            workspace_id=access.workspace.pk, comment_id=comment_id, circles=access.circle_ids
        )
    except Comment.DoesNotExist as error:
        raise Http404 from error


def _list(request: HttpRequest, access: Access, comment: Comment) -> HttpResponse:
    context = {
        "record": comment.record,
        "record_base": f"/w/{access.workspace.slug}/{comment.record.key}/",
        "comments": pages.comment_lines(record=comment.record, access=access),
        "access": access,
        "now": timezone.now(),
    }
    return render(request, "records/parts/comments.html", context)


@page(role=Role.CONTRIBUTOR)
@require_POST
def add(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Comment on a record."""
    record = record_or_404(access, key)
    try:
        comment = records.add_comment(
            record=record, body=request.POST.get("body", ""), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        return refused(request, access, record, error)
    if responses.wants_fragment(request):
        return _list(request, access, comment)
    return back_to(request, access, record, "Comment added")


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, comment_id: int) -> HttpResponse:
    """Change one's own comment."""
    comment = _comment_or_404(access, comment_id)
    if comment.author_id != access.member.user_id or comment.deleted_at is not None:
        raise Http404
    base = f"/w/{access.workspace.slug}/"
    if request.method == "GET":
        return render(request, "records/fragments/edit_comment.html", {"comment": comment, "base": base})
    try:
        records.edit_comment(
            comment=comment, body=request.POST.get("body", ""), actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        return refused(request, access, comment.record, error)
    if responses.wants_fragment(request):
        return _list(request, access, comment)
    return back_to(request, access, comment.record, "Comment changed")


@page(role=Role.CONTRIBUTOR)
@require_POST
def delete(request: HttpRequest, access: Access, comment_id: int) -> HttpResponse:
    """Take a comment away, with undo; one's own, or any as an owner."""
    comment = _comment_or_404(access, comment_id)
    if comment.author_id != access.member.user_id and not access.can_own:
        raise Http404
    records.delete_comment(comment=comment, actor=access.actor, at=timezone.now())
    undo = f"/w/{access.workspace.slug}/comments/{comment.pk}/restore/"
    if responses.wants_fragment(request):
        return toasts.send(_list(request, access, comment), "Comment deleted", undo_url=undo)
    return back_to(request, access, comment.record, "Comment deleted", undo_url=undo)


@page(role=Role.CONTRIBUTOR)
@require_POST
def restore(request: HttpRequest, access: Access, comment_id: int) -> HttpResponse:
    """Bring a deleted comment back."""
    comment = _comment_or_404(access, comment_id)
    if comment.author_id != access.member.user_id and not access.can_own:
        raise Http404
    records.restore_comment(comment=comment, actor=access.actor, at=timezone.now())
    return back_to(request, access, comment.record, "Comment restored")
