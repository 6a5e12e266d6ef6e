"""One flag in one environment: its rules, who would get what, its revisions and its review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.forms import rules
from roadbed.modules.experiments.models import Environment, Flag, FlagDraft, FlagReview, FlagRevision
from roadbed.modules.experiments.views import shared
from roadbed.web import parts, responses, toasts
from roadbed_engines.flags import explaining, ramps, serving, words

MOST_CONTEXT = 100_000
REFUSALS = (services.FlagRefusedError, services.DraftConflictError, services.NotApprovedError)


def _about(access: Access, flag: Flag, environment: Environment) -> dict[str, Any]:
    return {
        "flag": flag,
        "environment": environment,
        "url": shared.flag_url(access, flag),
        "place_url": shared.place_url(access, flag, environment),
        "base": shared.base(access),
    }


def _sentence(error: Exception) -> str:
    if isinstance(error, services.FlagRefusedError):
        return "; ".join(map(str, error.problems))
    return " ".join(error.messages) if hasattr(error, "messages") else str(error)


def _ramps(flag: Flag, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each ramp of what is live stands now."""
    found = []
    for rule in selectors.flag_definition(flag.flag_key, definition).rules:
        if rule.ramp is None:
            continue
        stands = ramps.standing(rule.ramp, at=timezone.now())
        found.append(
            {
                "rule": rule.id,
                "title": rule.name or words.of_rule(rule),
                "share": words.percent(stands.share),
                "step": stands.step + 1,
                "steps": len(rule.ramp.steps),
                "since": stands.since,
                "next_at": stands.next_at,
                "waits": set(stands.waits_for),
                "why": rule.ramp.stopped_why,
                "sample": rule.ramp.steps[stands.step].sample,
            }
        )
    return found


def _context_of(text: str) -> tuple[dict[str, Any], str]:
    if not text.strip():
        return {}, ""
    if len(text) > MOST_CONTEXT:
        return {}, "That is too long."
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return {}, f"This is no JSON: {error}"
    return (found, "") if isinstance(found, dict) else ({}, "A context is a JSON object.")


def _tested(flag: Flag, environment: Environment, definition: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Who would get what: sorts of people that the rules look for, and the one who was asked about."""
    context, wrong = _context_of(text)
    stamp = timezone.now().isoformat()
    compiled = selectors.compiled_for(environment, at=timezone.now(), replacing={flag.flag_key: definition})
    read = compiled.definitions.flags[flag.flag_key]
    asked = None
    if text.strip() and not wrong:
        asked = explaining.explain(compiled, flag.flag_key, {"currentTime": stamp, **context})
    samples = [
        {
            "label": sample.label,
            "context": ", ".join(f"{name}: {value}" for name, value in sample.context.items()),
            "shares": [
                {
                    "name": name,
                    "percent": words.percent(share),
                    "meter": parts.meter(share, label=f"{words.percent(share)} get {name}"),
                }
                for name, share in sample.shares
            ],
        }
        for sample in selectors.preview(compiled, read, at=stamp)
    ]
    value = json.dumps(asked.answer.value, ensure_ascii=False)[:200] if asked else ""
    return {
        "samples": samples,
        "asked": asked,
        "asked_value": value,
        "asked_text": text,
        "asked_wrong": wrong,
    }


def _rendered(
    request: HttpRequest,
    access: Access,
    flag: Flag,
    place: Environment,
    *,
    sent: Mapping[str, Any] | None = None,
    problems: list[str] | None = None,
    fragment: str = "",
) -> HttpResponse:
    """The page of the rules: as they are kept, or as they were sent with what is wrong with them."""
    state = selectors.state_of(flag=flag, environment=place)
    draft = selectors.draft_of(flag=flag, environment=place)
    kept = draft.definition if draft else state.definition
    wrong = problems or []
    shown = kept
    if sent is not None:
        shown, unread = rules.read(request.POST, flag_type=flag.type)
        wrong = [*unread, *wrong] if problems is None else wrong
        if not wrong:
            wrong = _wrong_with(flag, place, shown)
    text = request.POST.get("context", "") if sent is not None else ""
    context: dict[str, Any] = {
        **_about(access, flag, place),
        "state": state,
        "draft": draft,
        "changes": _changes(flag, state.definition, draft.definition) if draft else [],
        "ramps": _ramps(flag, state.definition),
        "missing": max(0, place.approvals - _approvals(draft)) if draft else place.approvals,
        "problems": wrong,
        "editor": rules.editor_of(shown, flag_type=flag.type, also=sent),
        "segments": selectors.segments_of(workspace_id=access.workspace.pk),
        **_tested(flag, place, kept if wrong else shown, text),
    }
    if wrong and not fragment:
        return responses.form_page(request, "experiments/place.html", context)
    return responses.page(request, "experiments/place.html", context, fragment=fragment)


def _wrong_with(flag: Flag, place: Environment, definition: Mapping[str, Any]) -> list[str]:
    try:
        services.check_definition(flag=flag, environment=place, definition=definition)
    except services.FlagRefusedError as error:
        return [str(problem) for problem in error.problems]
    return []


@page()
@require_GET
def show(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """The rules as they are live, or drafted, and who would get what."""
    flag, place = shared.place_or_404(access, key, environment)
    return _rendered(request, access, flag, place)


@page()
@require_POST
def attempt(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Show who would get what by the rules that were sent. Nothing is kept."""
    flag, place = shared.place_or_404(access, key, environment)
    return _rendered(request, access, flag, place, sent=request.POST.dict(), fragment="preview")


@page(role=Role.MAKER)
@require_POST
def save(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Keep the rules as a draft."""
    flag, place = shared.place_or_404(access, key, environment)
    definition, problems = rules.read(request.POST, flag_type=flag.type)
    if not problems:
        try:
            services.save_draft(
                flag=flag,
                environment=place,
                definition=definition,
                note=request.POST.get("note", "").replace("\x00", ""),
                version=_version(request),
                actor=access.actor,
                at=timezone.now(),
            )
        except services.FlagRefusedError as error:
            problems = [str(problem) for problem in error.problems]
        except services.DraftConflictError as error:
            problems = [str(error)]
    if problems:
        return _rendered(request, access, flag, place, sent=request.POST.dict(), problems=problems)
    toasts.add(request, f"Draft kept. Nothing changes in {place.name} before you publish it.")
    return HttpResponseRedirect(shared.place_url(access, flag, place))


def _approvals(draft: FlagDraft | None) -> int:
    if draft is None:
        return 0
    return sum(each.verdict == FlagReview.Verdict.APPROVE for each in draft.reviews.all())


def _changes(flag: Flag, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return serving.differences(
        selectors.flag_definition(flag.flag_key, before), selectors.flag_definition(flag.flag_key, after)
    )


def _draft_or_404(flag: Flag, environment: Environment) -> FlagDraft:
    draft = selectors.draft_of(flag=flag, environment=environment)
    if draft is None:
        raise Http404
    return draft


def _version(request: HttpRequest) -> int | None:
    sent = request.POST.get("version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else None


@page(role=Role.MAKER)
@require_POST
def publish(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Let the draft live."""
    flag, place = shared.place_or_404(access, key, environment)
    draft = _draft_or_404(flag, place)
    try:
        revision = services.publish_draft(
            draft=draft, version=_version(request), actor=access.actor, at=timezone.now()
        )
    except REFUSALS as error:
        toasts.add(request, _sentence(error), tone="bad")
    else:
        toasts.add(request, f"Revision {revision.number} is live in {place.name}: {revision.summary}.")
    return HttpResponseRedirect(shared.place_url(access, flag, place))


@page(role=Role.MAKER)
@require_POST
def discard(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Let go of the draft."""
    flag, place = shared.place_or_404(access, key, environment)
    services.discard_draft(draft=_draft_or_404(flag, place), actor=access.actor, at=timezone.now())
    toasts.add(request, "The draft is gone. What is live stays.")
    return HttpResponseRedirect(shared.place_url(access, flag, place))


@page()
@require_GET
def review(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """What a draft would change, and what the others say of it."""
    flag, place = shared.place_or_404(access, key, environment)
    draft = _draft_or_404(flag, place)
    state = selectors.state_of(flag=flag, environment=place)
    context = {
        **_about(access, flag, place),
        "draft": draft,
        "changes": _changes(flag, state.definition, draft.definition),
        "before": json.dumps(state.definition, indent=2, ensure_ascii=False),
        "after": json.dumps(draft.definition, indent=2, ensure_ascii=False),
        "is_stale": state.revision != draft.based_on,
        "is_own": draft.author_id == access.member.user_id,
        "missing": max(0, place.approvals - _approvals(draft)),
        "reviews": list(draft.reviews.all()),
    }
    return responses.page(request, "experiments/review.html", context)


@page(role=Role.MAKER)
@require_POST
def ask(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Ask the others to look at the draft."""
    flag, place = shared.place_or_404(access, key, environment)
    services.request_review(draft=_draft_or_404(flag, place), actor=access.actor, at=timezone.now())
    toasts.add(request, "The draft waits for a review.")
    return HttpResponseRedirect(f"{shared.place_url(access, flag, place)}review/")


@page(role=Role.MAKER)
@require_POST
def say(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Approve the draft, or ask for changes."""
    flag, place = shared.place_or_404(access, key, environment)
    draft = _draft_or_404(flag, place)
    verdict = FlagReview.Verdict.APPROVE
    if request.POST.get("verdict") == "refuse":
        verdict = FlagReview.Verdict.REFUSE
    try:
        services.review_draft(
            draft=draft,
            member=access.member,
            verdict=verdict,
            note=request.POST.get("note", "").replace("\x00", ""),
            version=_version(request),
            actor=access.actor,
            at=timezone.now(),
        )
    except REFUSALS as error:
        toasts.add(request, _sentence(error), tone="bad")
    return HttpResponseRedirect(f"{shared.place_url(access, flag, place)}review/")


@page()
@require_GET
def revisions(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Everything that was live, with what changed each time."""
    flag, place = shared.place_or_404(access, key, environment)
    found = list(selectors.revisions_of(flag=flag, environment=place))
    lines = []
    for number, revision in enumerate(found):
        before = found[number + 1].definition if number + 1 < len(found) else None
        lines.append(
            {
                "revision": revision,
                "changes": _changes(flag, before, revision.definition) if before is not None else [],
                "definition": json.dumps(revision.definition, indent=2, ensure_ascii=False),
                "is_live": number == 0,
            }
        )
    return responses.page(
        request, "experiments/revisions.html", {**_about(access, flag, place), "lines": lines}
    )


@page(role=Role.MAKER)
@require_POST
def revert(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Go back to an earlier revision: at once, or as a draft where others must approve."""
    flag, place = shared.place_or_404(access, key, environment)
    sent = request.POST.get("revision", "")
    number = int(sent) if sent.isdecimal() and len(sent) < 10 else 0
    try:
        done = services.revert_to(
            flag=flag, environment=place, number=number, actor=access.actor, at=timezone.now()
        )
    except FlagRevision.DoesNotExist as error:
        raise Http404 from error
    except REFUSALS as error:
        toasts.add(request, _sentence(error), tone="bad")
    else:
        toasts.add(
            request,
            f"A draft goes back to revision {number}; it asks for approval."
            if isinstance(done, FlagDraft)
            else f"Back to revision {number}, as revision {done.number}.",
        )
    return HttpResponseRedirect(shared.place_url(access, flag, place))


@page(role=Role.MAKER)
@require_POST
def ramp(request: HttpRequest, access: Access, key: str, environment: str) -> HttpResponse:
    """Begin a ramp, approve the step on which it stands, or roll it back."""
    flag, place = shared.place_or_404(access, key, environment)
    target: dict[str, Any] = {
        "flag": flag,
        "environment": place,
        "rule": request.POST.get("rule", ""),
        "actor": access.actor,
        "at": timezone.now(),
    }
    try:
        match request.POST.get("deed"):
            case "start":
                services.start_ramp(**target)
            case "approve":
                services.approve_step(**target)
            case _:
                services.roll_back(**target, why=request.POST.get("why", "").replace("\x00", ""))
    except (ValidationError, *REFUSALS) as error:
        toasts.add(request, _sentence(error), tone="bad")
    return HttpResponseRedirect(shared.place_url(access, flag, place))
