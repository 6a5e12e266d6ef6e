"""Asking: the page with the answer, and what a model makes of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.ask import services
from roadbed.modules.ask.models import State
from roadbed.modules.ask.selectors import asking, kept
from roadbed.modules.ask.services import phrasing
from roadbed.web import receipts, responses, toasts
from roadbed_engines.text import answers

LONGEST = 500
EXAMPLES = (
    "What do customers say about offline maps?",
    "How many people asked for offline maps?",
    "Top needs by revenue",
    "What changed since last week?",
)


def base(access: Access) -> str:
    """The address of this module."""
    return f"/w/{access.workspace.slug}/ask/"


def typed(request: HttpRequest) -> str:
    """Return the question in the request, on one line."""
    values = request.POST if request.method == "POST" else request.GET
    return " ".join(values.get("q", "").replace("\x00", " ").split())[:LONGEST]


def _known(access: Access, text: str) -> asking.Known:
    return asking.ask(workspace=access.workspace, text=text, circles=access.circle_ids, now=timezone.now())


def _sure(known: asking.Known) -> receipts.Receipt:
    """Return the confidence with what it is made of."""
    return receipts.Receipt(
        value=f"{known.confidence:.0%}",
        title="How sure",
        parts=tuple(receipts.Part(label=one.label, value=one.value) for one in known.reasons),
        total=receipts.Part(label="Shown from", value=f"{answers.FOUND_FROM:.0%}"),
        method="How often an answer was there for figures like these, learnt on 1,806 questions, each asked with its "
        "answer and without. At this limit 4 in 100 answers were held back, and 69 of 100 wrong ones.",
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask, and read the answer in the words of the records. Asking writes nothing."""
    text = typed(request)
    workspace_id = access.workspace.pk
    known = _known(access, text) if text else None
    context = {
        "q": text,
        "known": known,
        "sure": _sure(known) if known is not None else None,
        "base": base(access),
        "examples": EXAMPLES,
        "phrases": known is not None and bool(known.cited) and known.found and phrasing.is_set_up(),
        "open": kept.newest(workspace_id=workspace_id, state=State.OPEN),
        "answered": kept.newest(workspace_id=workspace_id, state=State.ANSWERED),
        "today": timezone.localdate(),
    }
    return responses.page(request, "ask/index.html", context)


@page()
@require_POST
def phrase(request: HttpRequest, access: Access) -> HttpResponse:
    """Let the model phrase the answer, from the sentences that this member may read."""
    text = typed(request)
    known = _known(access, text) if text else None
    if known is None or not known.cited or not known.found:
        return responses.page(request, "ask/phrased.html", {"phrases": (), "problem": "Nothing to phrase."})
    try:
        found = phrasing.phrase(question=known.question, quotes=[one.text for one in known.cited])
        problem = "" if found else "It said nothing that the sentences bear out, so they stand alone."
    except phrasing.PhrasingError as error:
        found, problem = (), str(error)
    numbered = {one.number: one for one in known.cited}
    lines = [{"text": one.text, "cited": [numbered[number] for number in one.numbers]} for one in found]
    return responses.page(request, "ask/phrased.html", {"phrases": lines, "problem": problem})


@page(role=Role.CONTRIBUTOR)
@require_POST
def keep(request: HttpRequest, access: Access) -> HttpResponse:
    """Keep what answers a question, and that it helped or did not; it is found again by whoever asks alike."""
    text, now = typed(request), timezone.now()
    known = _known(access, text) if text else None
    # Only what everybody may see is kept: a sentence from a circle stays in it.
    open_quotes = [one for one in known.cited if not one.is_private] if known is not None else []
    if known is None or not known.found or not open_quotes:
        toasts.add(request, "There is nothing open to everybody that could be kept.")
        return responses.back(request, otherwise=base(access))
    rows = Record.objects.in_workspace(access.workspace.pk).in_bulk(
        [one.hit.record_id for one in open_quotes]
    )
    sources = [services.Source(rows[one.hit.record_id], one.text) for one in open_quotes]
    question = services.keep_answer(
        workspace=access.workspace, text=known.question, sources=sources, actor=access.actor, at=now
    )
    if question.is_answered:
        services.rate_answer(
            question=question,
            member=access.member,
            is_helpful=request.POST.get("helpful") == "yes",
            actor=access.actor,
            at=now,
        )
    toasts.add(request, f"Kept as {question.key}, for whoever asks alike.")
    return HttpResponseRedirect(f"{base(access)}questions/{question.number}/")
