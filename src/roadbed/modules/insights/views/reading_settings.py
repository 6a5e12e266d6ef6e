"""How feedback is read in this workspace: private words, duplicates, and how well the machine does."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.jobs import services as jobs
from roadbed.core.vectors import embedders
from roadbed.core.vectors import services as vectors
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.models import ReadingModel, RedactionRule
from roadbed.modules.insights.services import cleaning, doubles, learning
from roadbed.web import responses, toasts
from roadbed_engines.text import classifiers, sentiment
from roadbed_engines.text.redaction import KINDS

TEMPLATE = "insights/readings/settings.html"
HINTS = {
    "off": "Feedback is kept as it came.",
    "suggest": "Private words are pointed out in the inbox; one key takes them out for good.",
    "on": "Private words are taken out before anything is stored. What was taken out cannot be brought back.",
}
LEAST = {"intent": classifiers.LEAST, "sentiment": sentiment.LEAST}


def _here(access: Access) -> str:
    return f"/w/{access.workspace.slug}/settings/reading/"


def _percent(quality: dict[str, Any], name: str) -> str:
    value = quality.get(name)
    return f"{value:.0%}" if isinstance(value, (int, float)) else "–"


def _models(access: Access) -> list[dict[str, Any]]:
    rows = ReadingModel.objects.filter(workspace_id=access.workspace.pk).defer("kept")
    known = {row.aspect: row for row in rows}
    found = []
    for aspect, label in (("intent", "Intent"), ("sentiment", "Sentiment")):
        row = known.get(aspect)
        count = (
            row.quality.get("texts", 0)
            if row
            else learning.count_labels(workspace_id=access.workspace.pk, aspect=aspect)
        )
        found.append(
            {
                "label": label,
                "used": "what was learnt"
                if row and row.is_used
                else "rules"
                if aspect == "intent"
                else "word list",
                "labels": f"{count:,}" if row or count < learning.COUNTED else f"{count:,}+",
                "learnt": _percent(row.quality, "accuracy") if row else "–",
                "rules": _percent(row.rules_quality, "accuracy") if row else "–",
                "majority": _percent(row.quality, "majority") if row else "–",
                "at": row.trained_at if row else None,
                "missing": f"not yet: it takes {LEAST[aspect]} labels",
            }
        )
    return found


def _meaning(access: Access) -> list[dict[str, Any]]:
    reader = vectors.standing(workspace_id=access.workspace.pk)
    return [
        {
            "id": choice.id,
            "label": choice.label,
            "chosen": choice.id == (reader.wanted or reader.model),
            "missing": "" if choice.is_installed else choice.hint,
            "state": "in use"
            if choice.id == reader.model
            else "reads all texts anew; until then the other one answers"
            if choice.id == reader.wanted
            else "",
        }
        for choice in embedders.choices()
    ]


def _context(access: Access, *, errors: list[str], typed: dict[str, str] | None = None) -> dict[str, Any]:
    chosen = cleaning.settings_of(workspace_id=access.workspace.pk)
    return {
        "chosen": chosen,
        "modes": [
            {"value": value, "label": label, "hint": HINTS[value]} for value, label in cleaning.Mode.choices
        ],
        "kinds": [
            {"value": kind, "label": label[0].upper() + label[1:], "chosen": kind in chosen.kinds}
            for kind, label in KINDS.items()
        ],
        "rules": list(RedactionRule.objects.filter(workspace_id=access.workspace.pk)),
        "counts": [(KINDS.get(kind, kind), f"{count:,}") for kind, count in sorted(chosen.counts.items())],
        "models": _models(access),
        "meaning": _meaning(access),
        "here": _here(access),
        "errors": errors,
        "typed": typed or {"name": "", "pattern": ""},
    }


@page()
@require_GET
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """What is taken out, what is merged, and how well it reads."""
    return responses.page(request, TEMPLATE, _context(access, errors=[]))


@page(role=Role.OWNER)
@require_POST
def redaction(request: HttpRequest, access: Access) -> HttpResponse:
    """Say what becomes of private words from now on."""
    try:
        services.choose_redaction(
            workspace=access.workspace,
            mode=request.POST.get("redaction", ""),
            kinds=request.POST.getlist("kinds")[:20],
            region=request.POST.get("region", ""),
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        return responses.form_page(request, TEMPLATE, _context(access, errors=error.messages))
    toasts.add(request, "Saved; it holds for what comes in from now on")
    return HttpResponseRedirect(_here(access))


@page(role=Role.OWNER)
@require_POST
def merging(request: HttpRequest, access: Access) -> HttpResponse:
    """Say whether the surest pairs are merged without a person."""
    text = request.POST.get("merge_from", "").strip().replace(",", ".")[:10]
    try:
        merge_from = float(text)
    except ValueError:
        merge_from = -1.0
    try:
        doubles.choose(
            workspace=access.workspace,
            merges_doubles=request.POST.get("merges_doubles") == "yes",
            merge_from=merge_from if merge_from == merge_from else -1.0,
            actor=access.actor,
            at=timezone.now(),
        )
    except ValidationError as error:
        return responses.form_page(request, TEMPLATE, _context(access, errors=error.messages))
    toasts.add(request, "Saved")
    return HttpResponseRedirect(_here(access))


@page(role=Role.OWNER)
@require_POST
def add_pattern(request: HttpRequest, access: Access) -> HttpResponse:
    """Look for a pattern of one's own."""
    typed = {name: request.POST.get(name, "")[:400].replace("\x00", "") for name in ("name", "pattern")}
    try:
        rule = services.add_rule(workspace=access.workspace, **typed, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        return responses.form_page(request, TEMPLATE, _context(access, errors=error.messages, typed=typed))
    toasts.add(request, f"[{rule.name}] is looked for from now on")
    return HttpResponseRedirect(_here(access))


@page(role=Role.OWNER)
@require_POST
def remove_pattern(request: HttpRequest, access: Access, rule: int) -> HttpResponse:
    """Look for it no longer."""
    found = (
        RedactionRule.objects.filter(workspace_id=access.workspace.pk, pk=rule)
        .select_related("workspace")
        .first()
        if rule < 2**62
        else None
    )
    if found is None:
        raise Http404
    services.remove_rule(rule=found, actor=access.actor, at=timezone.now())
    toasts.add(request, f"[{found.name}] is looked for no longer")
    return HttpResponseRedirect(_here(access))


@page(role=Role.OWNER)
@require_POST
def meaning(request: HttpRequest, access: Access) -> HttpResponse:
    """Let another model read all texts for meaning."""
    try:
        vectors.choose_model(
            workspace_id=access.workspace.pk,
            model=request.POST.get("model", "")[:60],
            actor=access.actor,
            at=timezone.now(),
        )
    except embedders.ModelMissingError as error:
        return responses.form_page(request, TEMPLATE, _context(access, errors=[str(error)]))
    toasts.add(request, "Saved")
    return HttpResponseRedirect(_here(access))


@page(role=Role.OWNER)
@require_POST
def learn(request: HttpRequest, access: Access) -> HttpResponse:
    """Learn from the labels that there are, now."""
    jobs.enqueue("insights.learn", workspace_id=access.workspace.pk, key="learn", actor=access.actor)
    toasts.add(request, "Learning; the figures change when it is done")
    return HttpResponseRedirect(_here(access))
