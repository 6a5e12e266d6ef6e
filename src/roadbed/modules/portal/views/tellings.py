"""What waits to be told: read it, put it in your words, approve it; and who was told what."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.models import Change, Letter, Silence, Telling
from roadbed.modules.portal.selectors import tellings as reads
from roadbed.modules.portal.services import telling_mails, tellings
from roadbed.web import filters, formats, pagination, responses, toasts

STATE_TONES = {"waiting": "warn", "approved": "good", "skipped": "", "overtaken": "outline"}
LETTER_TONES = {"told": "good", "waiting": "", "failed": "bad", "uncertain": "warn"}
CHANGE_TONES = {
    "shipped": "good",
    "declined": "bad",
    "planned": "accent",
    "started": "accent",
    "beta": "accent",
}
PEOPLE_SHOWN = 50
LETTERS_SHOWN = 100
FILTERS = filters.FilterSet(
    filters=(
        filters.MultiChoice(
            "state",
            "State",
            options=[filters.Option(value, label) for value, label in Telling.State.choices],
            pinned=True,
        ),
        filters.MultiChoice(
            "change", "Change", options=[filters.Option(value, label) for value, label in Change.choices]
        ),
    ),
    sorts=(filters.SortOption("newest", "Newest"),),
    default_sort="-newest",
)


def place(access: Access, path: str = "") -> str:
    """Return an address of the tellings."""
    return f"/w/{access.workspace.slug}/portal/tellings/{path}"


def telling_or_404(access: Access, telling_id: int) -> Telling:
    """Return the telling with that number; a stranger's and a missing one look the same."""
    try:
        return reads.access_telling(workspace_id=access.workspace.pk, telling_id=telling_id)
    except Telling.DoesNotExist as error:
        raise Http404 from error


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The tellings: by default those that wait."""
    state = FILTERS.parse(request.GET, path=place(access), options={})
    chosen = state.values.get("state", ())
    rows = reads.list_tellings(workspace_id=access.workspace.pk, states=chosen)
    if changes := state.values.get("change"):
        rows = rows.filter(change__in=changes)
    found = pagination.paginate(rows, order=("-pk",), cursor=state.cursor, size=30)
    context = {
        "state": state,
        "waiting": reads.waiting_count(access.workspace.pk),
        "lines": [
            {
                "telling": telling,
                "url": place(access, f"{telling.pk}/"),
                "tone": STATE_TONES[telling.state],
                "change_tone": CHANGE_TONES.get(telling.change, ""),
            }
            for telling in found.rows
        ],
        "next_url": state.url(after=found.next) if found.next else "",
        "previous_url": state.url(after=found.previous) if found.previous else "",
        "base": place(access),
    }
    return responses.page(request, "portal/tellings/index.html", context)


@page()
@require_GET
def history(request: HttpRequest, access: Access) -> HttpResponse:
    """Who was told what, when and how; the newest first."""
    state = filters.FilterSet(
        filters=(), sorts=(filters.SortOption("newest", "Newest"),), default_sort="-newest"
    ).parse(request.GET, path=place(access, "history/"), options={})
    rows = reads.letters_in(workspace_id=access.workspace.pk)
    found = pagination.paginate(rows, order=("-told_at", "-pk"), cursor=state.cursor, size=50)
    slug = access.workspace.slug
    context = {
        "lines": [
            {
                "letter": letter,
                "url": place(access, f"{letter.telling_id}/"),
                "person_url": kinds.url_of(letter.person, workspace=slug),
                "change_tone": CHANGE_TONES.get(letter.telling.change, ""),
            }
            for letter in found.rows
        ],
        "next_url": state.url(after=found.next) if found.next else "",
        "previous_url": state.url(after=found.previous) if found.previous else "",
        "base": place(access),
    }
    return responses.page(request, "portal/tellings/history.html", context)


def _audience(access: Access, telling: Telling) -> dict[str, Any]:
    """Return whom an approval would reach now, and whom it would not, with why."""
    everybody = reads.audience_of(record=telling.record)
    told = [one for one in everybody if one.channel]
    ways = Counter(one.channel for one in told)
    return {
        "audience": told[:PEOPLE_SHOWN],
        "audience_count": len(told),
        "audience_more": max(0, len(told) - PEOPLE_SHOWN),
        "ways": [
            (Letter.Channel(way).label.lower(), formats.number(ways[way]))
            for way in Letter.Channel
            if ways[way]
        ],
        "left_out": [one for one in everybody if not one.channel][:PEOPLE_SHOWN],
        "locales": sorted({one.locale for one in told if one.locale}),
    }


def _context(access: Access, telling: Telling, *, errors: list[str], typed: dict[str, str]) -> dict[str, Any]:
    slug = access.workspace.slug
    words = reads.words_of(telling=telling)
    letters: list[dict[str, Any]] = []
    if telling.state == Telling.State.APPROVED:
        rows = reads.letters_of(telling=telling).select_related("person", "telling")[:LETTERS_SHOWN]
        letters = [
            {
                "letter": letter,
                "tone": LETTER_TONES[letter.state],
                "person_url": kinds.url_of(letter.person, workspace=slug),
                "by_hand": letter.channel == Letter.Channel.HAND and letter.told_at is None,
            }
            for letter in rows
        ]
    return {
        "telling": telling,
        "record": telling.record,
        "record_url": kinds.url_of(telling.record, workspace=slug),
        "url": place(access, f"{telling.pk}/"),
        "base": place(access),
        "words": words,
        "state_tone": STATE_TONES[telling.state],
        "change_tone": CHANGE_TONES.get(telling.change, ""),
        "letters": letters,
        "may_hold": telling.state == Telling.State.APPROVED
        and not any(one["letter"].claimed_at for one in letters),
        "people_base": f"/w/{slug}/insights/people/",
        "errors": errors,
        "typed": typed,
        **(_audience(access, telling) if telling.is_waiting else {}),
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access, telling_id: int) -> HttpResponse:
    """One telling: its words, and whom it reaches."""
    telling = telling_or_404(access, telling_id)
    return responses.page(
        request, "portal/tellings/show.html", _context(access, telling, errors=[], typed={})
    )


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _refused(request: HttpRequest, access: Access, telling: Telling, error: ValidationError) -> HttpResponse:
    typed = {name: request.POST.get(name, "")[:6000] for name in ("subject", "body", "locale")}
    context = _context(access, telling_or_404(access, telling.pk), errors=error.messages, typed=typed)
    return responses.form_page(request, "portal/tellings/show.html", context)


@page(role=Role.MAKER)
@require_POST
def save(request: HttpRequest, access: Access, telling_id: int) -> HttpResponse:
    """Keep the words, for everybody or for one language."""
    telling = telling_or_404(access, telling_id)
    try:
        tellings.set_words(
            telling=telling,
            subject=request.POST.get("subject", ""),
            body=request.POST.get("body", ""),
            locale=request.POST.get("locale", ""),
            version=_version(request),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        return _refused(request, access, telling, error)
    toasts.add(request, "Words kept")
    return HttpResponseRedirect(place(access, f"{telling_id}/"))


@page(role=Role.MAKER)
@require_POST
def decide(request: HttpRequest, access: Access, telling_id: int, deed: str) -> HttpResponse:
    """Approve, skip, hold or reopen."""
    telling = telling_or_404(access, telling_id)
    place_of_it = place(access, f"{telling_id}/")
    now = timezone.now()
    try:
        if deed == "approve":
            tellings.approve(telling=telling, version=_version(request), actor=access.actor, at=now)
            toasts.add(request, "Approved: mail goes out in a minute", undo_url=f"{place_of_it}hold/")
        elif deed == "skip":
            tellings.skip(telling=telling, actor=access.actor, at=now)
            toasts.add(request, "Skipped: nobody is told", undo_url=f"{place_of_it}reopen/")
        elif deed == "hold":
            tellings.hold(telling=telling, actor=access.actor, at=now)
            toasts.add(request, "Held: nobody was told")
        else:
            tellings.reopen(telling=telling, actor=access.actor, at=now)
            toasts.add(request, "It waits again")
    except ValidationError as error:
        return _refused(request, access, telling, error)
    return HttpResponseRedirect(place(access) if deed in {"approve", "skip"} else place_of_it)


@page(role=Role.MAKER)
@require_POST
def by_hand(request: HttpRequest, access: Access, telling_id: int, letter_id: int) -> HttpResponse:
    """Note that somebody without an address was told by a member."""
    telling = telling_or_404(access, telling_id)
    letter = reads.letters_of(telling=telling).filter(pk=letter_id).first() if letter_id < 2**53 else None
    if letter is None:
        raise Http404
    try:
        tellings.told_by_hand(letter=letter, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages), tone="bad")
    return HttpResponseRedirect(place(access, f"{telling_id}/"))


@page(role=Role.MAKER)
@require_POST
def write(request: HttpRequest, access: Access) -> HttpResponse:
    """Draft news about a record, for everybody who asked for it."""
    key = request.POST.get("record", "").replace("\x00", "")[:20].strip()
    rows = Record.objects.in_workspace(access.workspace.pk).by_key(key)
    record = rows.filter(kind__in=tellings.KINDS).first()
    if record is None:
        toasts.add(request, "Name a need, a feature or a piece of feedback by its key.", tone="bad")
        return responses.back(request, otherwise=place(access))
    telling = tellings.prepare(record=record, change=Change.NEWS, at=timezone.now())
    if telling is None:
        toasts.add(request, f"Nobody who could be told asked for {record.key} yet.", tone="bad")
        return responses.back(request, otherwise=place(access))
    return HttpResponseRedirect(place(access, f"{telling.pk}/"))


# The mail programs' own button posts without a session (RFC 8058); the signed token is what speaks.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and then write no more to the address that the token names."""
    letter = telling_mails.letter_of_token(token)
    if letter is None:
        raise Http404
    done = request.method == "POST"
    if done:
        telling_mails.silence(letter=letter, why=Silence.Why.ASKED, at=timezone.now())
    context = {"done": done, "workspace": letter.telling.workspace}
    answer = render(request, "portal/tellings/off.html", context)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
