"""The triage inbox: a list, what is read, and what to do with it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.models import Feedback, Strength, Theme
from roadbed.modules.insights.selectors import briefs, choices, inbox, themes
from roadbed.modules.insights.selectors import feedback as selectors
from roadbed.modules.insights.services import readings
from roadbed.modules.insights.views import shared
from roadbed.modules.insights.views.feedback import piece_or_404, who_said
from roadbed.modules.insights.views.quotes import chosen_strength, chosen_target, chosen_words
from roadbed.web import filters, responses, toasts

SHOWN = 30
INBOX = filters.FilterSet(
    filters=tuple(one for one in lists.FEEDBACK.filters if one.name not in {"q", "state", "linked", "backs"}),
    sorts=(filters.SortOption("said", "Said"),),
    default_sort="-said",
)


def _capped(count: int) -> str:
    return f"{inbox.CAP:,}+" if count > inbox.CAP else f"{count:,}"


def _line(piece: Feedback, tags: dict[int, list[str]], url: str, *, current: bool) -> dict[str, Any]:
    return {
        "piece": piece,
        "who": piece.account.title if piece.account else piece.person.title if piece.person else "Anonymous",
        "tags": [name for name in (piece.source, *tags.get(piece.pk, [])) if name][:3],
        "url": url,
        "current": current,
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """What waits to be triaged, and one piece of it to read."""
    base = shared.place(access)
    workspace_id = access.workspace.pk
    options = choices.for_feedback(workspace_id=workspace_id, circles=access.circle_ids)
    state = INBOX.parse(request.GET, path=base, options=options)
    every = selectors.list_feedback(
        workspace_id=workspace_id,
        filters=choices.resolve(workspace_id=workspace_id, values=state.values),
        circles=access.circle_ids,
    )
    waiting = every.filter(state=Feedback.State.NEW)
    ids = list(waiting.order_by("-said_at", "-pk").values_list("pk", flat=True)[:SHOWN])
    lines = selectors.lines_by_id(ids=ids)
    pieces = [lines[pk] for pk in ids if pk in lines]
    chosen = _chosen(request, access, pieces)
    tags = selectors.tags_of(ids=[piece.pk for piece in pieces])

    def at(piece: Feedback | None) -> str:
        query = "&".join(part for part in (state.querystring, f"at={piece.key}" if piece else "") if part)
        return f"{base}?{query}" if query else base

    place = next((index for index, piece in enumerate(pieces) if chosen and piece.pk == chosen.pk), -1)
    after = pieces[place + 1] if place + 1 < len(pieces) else pieces[place - 1] if place > 0 else None
    left = waiting.order_by()[: inbox.CAP + 1].count()
    total = every.order_by()[: inbox.CAP + 1].count()
    context: dict[str, Any] = {
        "state": state,
        "lines": [
            _line(piece, tags, at(piece), current=chosen is not None and piece.pk == chosen.pk)
            for piece in pieces
        ],
        "note": f"{_capped(left)} of {_capped(total)} left" if total else "",
        "base": base,
        "chosen": chosen,
        "next": at(after if place >= 0 else pieces[0] if pieces else None),
        "here": at(chosen),
        "undo": _undo(request),
        "strengths": [(value, label, value + 1) for value, label in Strength.choices],
        "strength_default": int(Strength.USEFUL),
        "currency": access.workspace.currency,
        "all_url": shared.place(access, "feedback/"),
        "new_url": shared.place(access, "feedback/new/") if access.can_contribute else "",
    }
    if chosen is not None:
        quotes = selectors.quotes_of(chosen)
        now = timezone.now()
        reading = readings.live(feedback=chosen, at=now)
        brief = (
            briefs.brief_of(
                feedback=chosen,
                reading=reading,
                workspace_slug=access.workspace.slug,
                circles=access.circle_ids,
            )
            if access.can_make
            else None
        )
        words = brief.words if brief else None
        context |= {
            "runs": selectors.runs_of(
                text=chosen.text, quotes=quotes, suggested=(words.start, words.end) if words else (0, 0)
            ),
            "brief": brief,
            "aspects": briefs.aspects_of(reading),
            "quotes": quotes,
            "who": who_said(chosen),
            "suggestions": brief.targets if brief else [],
        }
    return responses.page(request, "insights/inbox.html", context)


def _chosen(request: HttpRequest, access: Access, pieces: list[Feedback]) -> Feedback | None:
    key = request.GET.get("at", "")
    listed = next((piece for piece in pieces if piece.key == key.upper()), None)
    if listed is None and not key and pieces:
        listed = pieces[0]
    if listed is not None or not key:
        return selectors.rows_by_id(ids=[listed.pk]).get(listed.pk) if listed else None
    # A piece that has left the inbox, such as one whose deed was just undone elsewhere, can still be read.
    rows = Feedback.objects.in_workspace(access.workspace.pk, circles=access.circle_ids).by_key(key)
    rows = rows.select_related("person", "account", "circle")
    found: Feedback | None = rows.filter(kind="feedback").first()
    if found is None and pieces:
        found = selectors.rows_by_id(ids=[pieces[0].pk]).get(pieces[0].pk)
    return found


def _undo(request: HttpRequest) -> str:
    """Return the last deed as the address keeps it, where it is one."""
    first, _, last = request.GET.get("undo", "").partition("-")
    sound = all(part.isdecimal() and len(part) < 16 for part in (first, last))
    return f"{first}-{last}" if sound else ""


def _go_on(request: HttpRequest, access: Access, deed: services.Deed) -> HttpResponse:
    """Lead to the next piece, with the deed in the address so that U takes it back."""
    answer = responses.back(request, otherwise=shared.place(access))
    mark = "" if deed.is_empty else f"undo={deed.first}-{deed.last}"
    joiner = "&" if "?" in answer.url else "?"
    return HttpResponseRedirect(f"{answer.url}{joiner}{mark}" if mark else answer.url)


def _says_more(request: HttpRequest) -> bool:
    """Whether the form says what the piece is, so that it need not be about anything."""
    return any(request.POST.get(name) for name in ("intent", "sentiment", "theme"))


def _chosen_theme(request: HttpRequest, access: Access) -> Theme | None:
    number = shared.whole_number(request.POST.get("theme", ""))
    if number is None:
        return None
    found: Theme = shared.found_or_404(themes.access_theme, workspace_id=access.workspace.pk, number=number)
    return found


@page(role=Role.MAKER)
@require_POST
def link(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Link the words to what was chosen and go on to the next piece."""
    piece = piece_or_404(access, number)
    start, end = chosen_words(request, piece.text)
    stay = request.POST.get("stay") == "yes"
    named = bool(request.POST.get("target", "").strip() or request.POST.get("q", "").strip())
    try:
        target = chosen_target(request, access) if named or not _says_more(request) else None
        deed = services.accept_all(
            feedback=piece,
            target=target,
            start=start,
            end=end,
            strength=chosen_strength(request),
            note=request.POST.get("note", "")[:300],
            intent=request.POST.get("intent", ""),
            sentiment=request.POST.get("sentiment", ""),
            theme=_chosen_theme(request, access),
            stay=stay,
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        shared.say_refused(request, error)
        return HttpResponseRedirect(shared.place(access, f"?at={piece.key}"))
    said = f"{piece.key} backs {target.key}" if target else f"{piece.key} triaged"
    toasts.add(request, said, undo_url=shared.undo_url(access, deed))
    if stay:
        return HttpResponseRedirect(shared.place(access, f"?at={piece.key}&undo={deed.first}-{deed.last}"))
    return _go_on(request, access, deed)


@page(role=Role.MAKER)
@require_POST
def write_need(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Write down a new need, back it with these words and go on."""
    piece = piece_or_404(access, number)
    start, end = chosen_words(request, piece.text)
    try:
        need, deed = services.accept_as_new_need(
            feedback=piece,
            title=request.POST.get("title", ""),
            start=start,
            end=end,
            strength=chosen_strength(request),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        shared.say_refused(request, error)
        return HttpResponseRedirect(shared.place(access, f"?at={piece.key}"))
    toasts.add(
        request,
        f"{piece.key} backs the new {need.key}",
        undo_url=shared.undo_url(access, deed),
        link_url=shared.place(access, f"needs/{need.number}/"),
        link_label=f"Open {need.key}",
    )
    return _go_on(request, access, deed)


@page(role=Role.MAKER)
@require_POST
def move(request: HttpRequest, access: Access, number: int, state: str) -> HttpResponse:
    """Skip a piece, call it triaged, or put it back into the inbox."""
    piece = piece_or_404(access, number)
    with services.doing(workspace_id=access.workspace.pk) as deed:
        services.set_state(feedback=piece, state=state, actor=access.actor, at=timezone.now())
    words = {"new": "is back in the inbox", "skipped": "skipped", "done": "triaged"}[state]
    if not deed.is_empty:
        toasts.add(request, f"{piece.key} {words}", undo_url=shared.undo_url(access, deed))
    return _go_on(request, access, deed)
