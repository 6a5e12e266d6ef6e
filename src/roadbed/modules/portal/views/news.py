"""The makers' side of the changelog, and the words for standings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.forms.desk import NewsForm
from roadbed.modules.portal.models import Standing
from roadbed.modules.portal.selectors import news as reads
from roadbed.modules.portal.selectors import standings
from roadbed.modules.portal.services import news as services
from roadbed.modules.portal.services import standings as standing_services
from roadbed.modules.portal.views import desk as shared
from roadbed.modules.roadmap import facade as roadmap
from roadbed.web import responses, toasts


def _record(access: Access, key: str) -> Record | None:
    found: Record | None = (
        Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
        .by_key(key.strip())
        .filter(kind__in=services.KINDS)
        .first()
    )
    return found


@page()
@require_GET
def index(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """What a board's changelog says, and what came out that it does not tell of yet."""
    board = shared.board_or_404(access, number)
    entries = reads.every(board=board)
    told = {entry.record_id for entry in entries if entry.record_id}
    untold = [
        out
        for out in roadmap.released(workspace_id=access.workspace.pk, limit=12)
        if out.record_id not in told
    ]
    context = {
        "board": board,
        "entries": entries,
        "untold": untold,
        "url": shared.board_url(access, board),
        "base": shared.base(access),
        "public_url": f"{shared.public_url(board)}changelog/",
    }
    return responses.page(request, "portal/desk/news.html", context)


def _form(request: HttpRequest, form: NewsForm, context: dict[str, Any]) -> HttpResponse:
    if form.is_bound:
        return responses.form_page(request, "portal/desk/news_form.html", {"form": form, **context})
    return responses.page(request, "portal/desk/news_form.html", {"form": form, **context})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Write an entry; about a release it begins with what shipped in it."""
    board = shared.board_or_404(access, number)
    url = f"{shared.board_url(access, board)}news/"
    key = request.GET.get("key", "")[:20]
    about = _record(access, key) if key else None
    draft = roadmap.notes_of(workspace_id=access.workspace.pk, record_id=about.pk) if about else ""
    initial = {"key": about.key if about else "", "title": about.title if about else "", "text": draft}
    form = NewsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data["key"]
        record = _record(access, wanted) if wanted else None
        if wanted and record is None:
            form.add_error("key", "There is no such release or feature here.")
        else:
            try:
                entry = services.write(
                    board=board,
                    title=form.cleaned_data["title"],
                    text=form.cleaned_data["text"],
                    record=record,
                    actor=access.actor,
                    at=timezone.now(),
                )
            except ValidationError as error:
                shared.refused(form, error)
            else:
                toasts.add(request, f"“{entry.title}” is a draft. Publish it when it is ready.")
                return HttpResponseRedirect(url)
    return _form(request, form, {"board": board, "url": url})


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def rewrite(request: HttpRequest, access: Access, news_id: int) -> HttpResponse:
    """Change an entry."""
    entry = shared.news_or_404(access, news_id)
    url = f"{shared.board_url(access, entry.board)}news/"
    initial = {
        "title": entry.title,
        "text": entry.text,
        "key": entry.record.key if entry.record else "",
    }
    form = NewsForm(request.POST or None, initial=initial)
    form.fields["key"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            services.rewrite(
                entry=entry,
                title=form.cleaned_data["title"],
                text=form.cleaned_data["text"],
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            shared.refused(form, error)
        else:
            toasts.add(request, "The entry is changed.")
            return HttpResponseRedirect(url)
    return _form(request, form, {"board": entry.board, "url": url, "entry": entry})


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, news_id: int, deed: str) -> HttpResponse:
    """Publish an entry, make a draft of it again, or take a draft away."""
    entry = shared.news_or_404(access, news_id)
    url = f"{shared.board_url(access, entry.board)}news/"
    now = timezone.now()
    try:
        if deed == "publish":
            services.publish(entry=entry, actor=access.actor, at=now)
        elif deed == "withdraw":
            services.withdraw(entry=entry, actor=access.actor, at=now)
        else:
            services.remove(entry=entry, actor=access.actor, at=now)
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    else:
        words = {"publish": "is public", "withdraw": "is a draft again"}
        undo = {"publish": "withdraw", "withdraw": "publish"}.get(deed, "")
        toasts.add(
            request,
            f"“{entry.title}” {words.get(deed, 'is gone')}.",
            undo_url=shared.base(access, f"news/{news_id}/{undo}/") if undo else "",
        )
    return responses.back(request, otherwise=url)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def wording(request: HttpRequest, access: Access) -> HttpResponse:
    """What each standing is called in public, and what is said about it."""
    if request.method == "POST":
        try:
            for standing in Standing:
                if f"label-{standing}" in request.POST or f"about-{standing}" in request.POST:
                    standing_services.set_wording(
                        workspace=access.workspace,
                        standing=standing.value,
                        label=request.POST.get(f"label-{standing}", "").replace("\x00", ""),
                        about=request.POST.get(f"about-{standing}", "").replace("\x00", ""),
                        actor=access.actor,
                        at=timezone.now(),
                    )
        except ValidationError as error:
            toasts.add(request, " ".join(error.messages), tone="bad")
        else:
            toasts.add(request, "Visitors read the new words.")
        return HttpResponseRedirect(shared.base(access, "wording/"))
    words = standings.wordings(workspace_id=access.workspace.pk)
    of_plan: dict[str, str] = {str(standing): status for status, standing in standings.OF_STATUS.items()}
    lines = [
        {"said": words[standing.value], "ours": standing.label, "status": of_plan.get(standing.value, "")}
        for standing in Standing
    ]
    context = {"lines": lines, "base": shared.base(access)}
    return responses.page(request, "portal/desk/wording.html", context)
