"""The feedback in themes and outside of them: rows with why each is there, and moving it, with undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights.models import Assignment, Feedback, Theme
from roadbed.modules.insights.selectors import feedback as feedback_selectors
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import themes as services
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import piece_or_404, who_said
from roadbed.web import formats, parts, responses, tables, toasts

UNDO_SALT = "roadbed.insights.pieces.undo"
UNDO_SECONDS = 60 * 60 * 24
EXCERPT = 260
SURE_TONES = {"sure": "good", "likely": "", "unsure": "outline", "put here by hand": "accent"}
COLUMNS = (
    tables.Column("text", "What they said, and why it is here", main=True),
    tables.Column("sure", "How sure", sortable=True, tight=True),
    tables.Column("said", "Said", sortable=True, tight=True),
)
POOL_COLUMNS = (
    tables.Column("text", "What they said", main=True),
    tables.Column("why", "Why it is in none"),
    tables.Column("said", "Said", tight=True),
)


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT].rstrip()}…"


def _said(access: Access, piece: Feedback) -> SafeString:
    url = shared.place(access, f"feedback/{piece.number}/")
    return format_html(
        '<span class="piece"><a class="piece__text" href="{}">{}</a>'
        '<span class="quiet"><span class="key">{}</span> {}</span></span>',
        url,
        _excerpt(piece.text),
        piece.key,
        who_said(piece),
    )


def why_line(access: Access, why: selectors.Why) -> SafeString:
    """Return the reason, the terms it shares and the nearest pieces, each a link."""
    near = [
        format_html(
            '<a class="key" href="{}" title="{}">{}</a>',
            shared.place(access, f"feedback/{one.number}/"),
            one.title,
            one.key,
        )
        for one in why.near
    ]
    terms = parts.joined([parts.chip(term, tone="outline") for term in why.terms])
    plain = why.rule if why.rule != Assignment.Rule.GROUP.label or not near else ""
    like = format_html("{} {}", "like" if plain else "Like", parts.joined(near)) if near else SafeString("")
    return format_html('<span class="why quiet">{} {} {}</span>', plain, like, terms)


def piece_rows(
    access: Access, assignments: Sequence[Assignment], *, themes: dict[int, Theme]
) -> tuple[tables.Row, ...]:
    """Return the rows of a theme's feedback."""
    whys = selectors.whys(assignments=assignments, themes=themes)
    found = []
    for row in assignments:
        piece, why = row.feedback, whys[row.feedback_id]
        sure = why.sureness if why.by_hand else f"{why.sureness} {formats.percent(why.confidence)}"
        cells: dict[str, str] = {
            "text": format_html("{}{}", _said(access, piece), why_line(access, why)),
            "sure": parts.chip(sure, tone=SURE_TONES[why.sureness]),
            "said": parts.when(piece.said_at, style="day"),
        }
        url = shared.place(access, f"feedback/{piece.number}/")
        found.append(tables.Row(id=str(piece.number), label=piece.key, url=url, cells=cells))
    return tuple(found)


def pool_rows(access: Access, ids: Sequence[int]) -> tuple[tables.Row, ...]:
    """Return the rows of feedback that is in no theme."""
    whole = feedback_selectors.rows_by_id(ids=ids)
    seen = {row.feedback_id: row for row in Assignment.objects.filter(feedback_id__in=ids)}
    found = []
    for pk in ids:
        piece = whole.get(pk)
        if piece is None:
            continue
        row = seen.get(pk)
        why = (
            parts.quiet("not looked at yet")
            if row is None
            else parts.chip("taken out by hand", tone="accent")
            if row.origin == "person"
            else parts.quiet("like nothing else so far")
        )
        cells: dict[str, str] = {
            "text": _said(access, piece),
            "why": why,
            "said": parts.when(piece.said_at, style="day"),
        }
        url = shared.place(access, f"feedback/{piece.number}/")
        found.append(tables.Row(id=str(piece.number), label=piece.key, url=url, cells=cells))
    return tuple(found)


def _picked(request: HttpRequest, access: Access) -> list[Feedback]:
    numbers = record_lists.picked_ids(request)[: services.MOST_AT_ONCE]
    rows = Feedback.objects.in_workspace(access.workspace.pk).filter(prefix="FB", number__in=numbers)
    return list(rows.select_related("workspace").order_by("pk"))


def _theme_with(access: Access, key: str) -> Theme | None:
    found: Theme | None = selectors.live(workspace_id=access.workspace.pk).by_key(key).first()  # type: ignore[attr-defined]  # the records' own query set
    return found


def undo_url(access: Access, moved: services.Moved) -> str:
    """Return the address that takes a move back."""
    kept = signing.dumps([list(one) for one in moved.before], salt=UNDO_SALT, compress=True)
    return shared.place(access, f"themes/pieces/undo/{kept}/")


@page(role=Role.MAKER)
@require_POST
def do(request: HttpRequest, access: Access, deed: str, number: int | None = None) -> HttpResponse:
    """Move the picked pieces to another theme, take them out, split them off, or make a theme of them.

    Moving and splitting first ask where to, or what to call it.
    """
    base = shared.place(access, "themes/")
    source = None
    if number is not None:
        source = shared.found_or_404(selectors.access_theme, workspace_id=access.workspace.pk, number=number)
    pieces = _picked(request, access)
    if not pieces:
        toasts.add(request, "Nothing to do: pick some feedback first.", tone="")
        return responses.back(request, otherwise=base)
    asks = {"move": "target", "split": "title", "make": "title"}.get(deed)
    if asks is not None and asks not in request.POST:
        context = {
            "deed": deed,
            "source": source,
            "numbers": [piece.number for piece in pieces],
            "count": formats.plural(len(pieces), "piece"),
            "path": request.path,
            "next": request.POST.get("next", base),
            "choices": selectors.fine_choices(
                workspace_id=access.workspace.pk, without=source.pk if source else 0
            ),
        }
        return responses.page(request, "insights/themes/move.html", context)
    try:
        moved, words, url = _run(request, access, deed=deed, pieces=pieces, source=source)
    except ValidationError as error:
        shared.say_refused(request, error)
        return responses.back(request, otherwise=base)
    toasts.add(
        request,
        f"{formats.plural(moved.count, 'piece')} {words}",
        undo_url=undo_url(access, moved) if moved.before else "",
    )
    return HttpResponseRedirect(url) if url else responses.back(request, otherwise=base)


def _run(
    request: HttpRequest, access: Access, *, deed: str, pieces: list[Feedback], source: Theme | None
) -> tuple[services.Moved, str, str]:
    who: dict[str, Any] = {"actor": access.actor, "at": timezone.now()}
    title = request.POST.get("title", "").replace("\x00", "")
    if deed == "out":
        return services.move_pieces(pieces=pieces, theme=None, **who), "taken out", ""
    if deed == "move":
        target = _theme_with(access, request.POST.get("target", ""))
        if target is None:
            raise ValidationError("Choose the theme to move them to.")
        return services.move_pieces(pieces=pieces, theme=target, **who), f"moved to {target.title}", ""
    if deed == "split" and source is not None:
        made, moved = services.split(theme=source, pieces=pieces, title=title, **who)
    else:
        made = services.create_theme(workspace=access.workspace, title=title, **who)
        moved = services.move_pieces(pieces=pieces, theme=made, **who)
        services.look_again(workspace_id=access.workspace.pk, actor=access.actor)
    return moved, f"in the new theme {made.title}", shared.place(access, f"themes/{made.number}/")


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Take a move back."""
    try:
        before = signing.loads(kept, salt=UNDO_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    try:
        count = services.move_back(
            workspace=access.workspace, before=before, actor=access.actor, at=timezone.now()
        )
    except records.NotUndoableError as error:
        toasts.add(request, str(error), tone="warn")
    else:
        toasts.add(request, f"Undone: {formats.plural(count, 'piece')} as before")
    return responses.back(request, otherwise=shared.place(access, "themes/"))


@page(role=Role.MAKER)
@require_POST
def place_one(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Put one piece of feedback into a theme, or (nothing chosen) into none."""
    piece = piece_or_404(access, number)
    key = request.POST.get("theme", "")
    theme = _theme_with(access, key) if key else None
    otherwise = shared.place(access, f"feedback/{number}/")
    if key and theme is None:
        toasts.add(request, "There is no such theme here.", tone="bad")
        return responses.back(request, otherwise=otherwise)
    try:
        moved = services.move_pieces(pieces=[piece], theme=theme, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        shared.say_refused(request, error)
        return responses.back(request, otherwise=otherwise)
    words = f"{piece.key} is in {theme.title} now" if theme else f"{piece.key} is in no theme now"
    toasts.add(request, words, undo_url=undo_url(access, moved) if moved.before else "")
    return responses.back(request, otherwise=otherwise)
