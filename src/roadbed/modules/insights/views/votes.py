"""Voting for somebody who told you, and taking a vote back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models import Person, Vote
from roadbed.modules.insights.selectors import customers as people_reads
from roadbed.modules.insights.views import shared
from roadbed.web import responses, toasts

SALT = "roadbed.insights.votes.undo"
UNDO_SECONDS = 60 * 60 * 24
FOUND = 6
TYPED = ("q", "name", "email", "account", "note")


def votable_or_404(access: Access, key: str) -> Record:
    """Return the record with that key that takes votes; a stranger's and a missing one look the same."""
    rows = Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids).by_key(key)
    found: Record | None = rows.filter(kind__in=services.votable_kinds()).first()
    if found is None:
        raise Http404
    return found


def _typed(request: HttpRequest, name: str) -> str:
    """Return what a field holds, without characters that no database keeps."""
    return request.POST.get(name, "").replace("\x00", "").strip()[:500]


def _people(access: Access, query: str) -> list[Person]:
    if len(query.strip()) < 2:
        return []
    rows = people_reads.list_people(workspace_id=access.workspace.pk, filters={"q": query[:200]})
    return list(rows.order_by("title", "pk")[:FOUND])


@page(role=Role.CONTRIBUTOR)
@require_GET
def find(request: HttpRequest, access: Access) -> HttpResponse:
    """People for the form, as one types."""
    return render(
        request,
        "insights/votes/people.html",
        {"people": _people(access, request.GET.get("q", "").replace("\x00", ""))},
    )


def _person(request: HttpRequest, access: Access, now: dt.datetime) -> Person:
    """Return whom the form names: somebody picked, somebody typed, or the best match of the search."""
    key, query = _typed(request, "person"), _typed(request, "q")
    if _typed(request, "name") or _typed(request, "email"):
        named = services.speakers(
            workspace=access.workspace,
            account_name=_typed(request, "account")[:200],
            person_name=_typed(request, "name")[:200],
            person_email=_typed(request, "email")[:254],
            actor=access.actor,
            at=now,
        )[1]
        if named is not None:
            return named
    found: Person | None = None
    if key:
        found = Person.objects.in_workspace(access.workspace.pk).by_key(key).first()
    elif query:
        found = next(iter(_people(access, query)), None)
    if found is None:
        raise ValidationError("Say who wants it: pick somebody, or give a name or an address.")
    return found


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access, key: str) -> HttpResponse:
    """Vote on somebody's behalf."""
    record = votable_or_404(access, key)
    url = kinds.url_of(record, workspace=access.workspace.slug)
    context: dict[str, Any] = {
        "record": record,
        "url": shared.place(access, f"votes/{record.key}/new/"),
        "insights": shared.place(access),
        "next": url,
        "people": [],
        "typed": {},
        "errors": [],
    }
    template = (
        "insights/votes/dialog.html" if responses.wants_fragment(request) else "insights/votes/form.html"
    )
    if request.method == "GET":
        return responses.page(request, template, context)
    now = timezone.now()
    typed = {name: _typed(request, name) for name in TYPED}
    try:
        person = _person(request, access, now)
        vote = services.vote(
            person=person,
            target=record,
            note=request.POST.get("note", ""),
            on_behalf=True,
            actor=access.actor,
            at=now,
        )
    except ValidationError as error:
        context |= {"typed": typed, "errors": error.messages, "people": _people(access, typed["q"])}
        return responses.form_page(request, template, context)
    said, undo = f"{person.title} votes for {record.key}", shared.place(access, f"votes/{vote.pk}/remove/")
    if responses.wants_fragment(request):
        answer = toasts.send(responses.event("dialog:close"), said, undo_url=undo)
        return toasts.trigger(answer, "page:refresh")
    toasts.add(request, said, undo_url=undo)
    return HttpResponseRedirect(url)


@page(role=Role.CONTRIBUTOR)
@require_POST
def remove(request: HttpRequest, access: Access, vote_id: int) -> HttpResponse:
    """Take somebody's vote back."""
    rows = Vote.objects.select_related("person", "target").filter(person__workspace_id=access.workspace.pk)
    vote = rows.filter(pk=vote_id).first() if vote_id < 2**53 else None
    if vote is None or not vote.target.is_visible_to(access.circle_ids):
        raise Http404
    kept = signing.dumps(
        [vote.person_id, vote.target_id, vote.note, vote.voted_at.isoformat(), vote.voted_by_id is not None],
        salt=SALT,
    )
    services.unvote(person=vote.person, target=vote.target, actor=access.actor, at=timezone.now())
    undo = shared.place(access, f"votes/restore/{kept}/")
    toasts.add(request, f"The vote of {vote.person.title} is taken back", undo_url=undo)
    return responses.back(request, otherwise=kinds.url_of(vote.target, workspace=access.workspace.slug))


@page(role=Role.CONTRIBUTOR)
@require_POST
def restore(request: HttpRequest, access: Access, kept: str) -> HttpResponse:
    """Put a vote back that was taken away."""
    try:
        person_id, target_id, note, voted_at, on_behalf = signing.loads(kept, salt=SALT, max_age=UNDO_SECONDS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Http404 from error
    person = Person.objects.in_workspace(access.workspace.pk).filter(pk=person_id).first()
    rows = Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
    target = rows.filter(pk=target_id).first()
    if person is None or target is None:
        raise Http404
    services.vote(
        person=person,
        target=target,
        note=note,
        on_behalf=on_behalf,
        voted_at=dt.datetime.fromisoformat(voted_at),
        actor=access.actor,
        at=timezone.now(),
    )
    toasts.add(request, f"{person.title} votes for {target.key} again")
    return responses.back(request, otherwise=kinds.url_of(target, workspace=access.workspace.slug))
