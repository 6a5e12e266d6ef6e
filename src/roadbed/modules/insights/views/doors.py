"""What the world outside sees: the public form, the same within somebody's page, and the address for programs."""

from __future__ import annotations

import json
import math
import secrets
from datetime import timedelta
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.gates import services as gates
from roadbed.modules.insights.forms.sources import TRAP, VoiceForm
from roadbed.modules.insights.models import Source
from roadbed.modules.insights.selectors import sources as selectors
from roadbed.modules.insights.services import github, hooks, intake
from roadbed.modules.insights.services.intake import Received
from roadbed.modules.insights.services.items import Item

SALT = "insights.voice"
STAMP_LIVES = 60 * 60 * 24 * 2
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
GITHUB_A_MINUTE = 600


def _form_or_404(token: str) -> Source:
    source = selectors.find_by_token(token=token, kinds=[Source.Kind.FORM])
    if source is None:
        raise Http404
    return source


def _stamp() -> str:
    """Return what a form carries so that sending it twice is one piece."""
    return signing.dumps(secrets.token_hex(12), salt=SALT)


def _unstamp(text: str) -> str:
    try:
        return str(signing.loads(text, salt=SALT, max_age=STAMP_LIVES))
    except signing.BadSignature:
        return ""


def _wait(*, door: str, who: str, limit: gates.Limit) -> int:
    """Count a knock; return how many seconds to wait where there were too many, and 0 where there were not."""
    try:
        gates.take(door=door, who=who, limit=limit, at=timezone.now())
    except gates.TooOftenError as error:
        return max(1, math.ceil(error.wait.total_seconds()))
    return 0


def _show(
    request: HttpRequest, source: Source, *, embedded: bool, status: int = 200, **context: Any
) -> HttpResponse:
    base = f"/f/{request.resolver_match.kwargs['token']}/" if request.resolver_match else ""
    content = {"source": source, "asked": source.settings, "base": base, "trap": TRAP, **context}
    template = "insights/sources/embed.html" if embedded else "insights/sources/door.html"
    response = HttpResponse(render_to_string(template, content, request=request), status=status)
    if embedded:
        sites = source.settings.get("sites") or []
        response._csp_replace = {"frame-ancestors": sites or ["'none'"]}  # type: ignore[attr-defined]  # read by django-csp
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _voice(request: HttpRequest, token: str, *, embedded: bool) -> HttpResponse:
    source = _form_or_404(token)
    if not source.is_on:
        return _show(request, source, embedded=embedded, status=410, is_closed=True)
    if request.method != "POST":
        if request.GET.get("sent") == "yes":
            return _show(request, source, embedded=embedded, is_sent=True)
        return _show(request, source, embedded=embedded, form=VoiceForm(source=source), stamp=_stamp())
    form = VoiceForm(request.POST, source=source)
    nonce = _unstamp(request.POST.get("stamp", ""))
    if not form.is_valid() or not nonce:
        if form.is_valid():
            form.add_error(None, "This page was open for very long. Press Send once more.")
        return _show(request, source, embedded=embedded, status=422, form=form, stamp=_stamp())
    who = f"{source.pk}:{gates.address_of(request)}"
    wait = _wait(door="insights.voice", who=who, limit=gates.Limit(source.settings["hourly"], HOUR))
    if wait:
        form.add_error(
            None, f"Too much came from here within the hour. Try again in {max(1, wait // 60)} minutes."
        )
        response = _show(
            request, source, embedded=embedded, status=429, form=form, stamp=request.POST["stamp"]
        )
        response["Retry-After"] = str(wait)
        return response
    _receive(request, source=source, form=form, nonce=nonce)
    response = HttpResponse(status=303)
    response["Location"] = f"{request.path}?sent=yes"
    return response


def _receive(request: HttpRequest, *, source: Source, form: VoiceForm, nonce: str) -> Received:
    facts, now, scale = form.cleaned_data, timezone.now(), source.settings["rating"]
    rating = form.rating(scale)
    item = Item(
        text=facts["text"],
        external_id=f"form-{nonce}",
        said_at=now,
        person=facts.get("person", ""),
        email=facts.get("email", ""),
        rating=rating,
        attributes={"stars": int(rating / 2)} if rating is not None and scale == "stars" else {},
    )
    if request.POST.get(TRAP, ""):
        return intake.leave_out(
            source=source, item=item, reason="The trap for machines was filled in.", at=now
        )
    return intake.receive(source=source, item=item, at=now)


@csrf_exempt  # a stranger's form: it takes no session's rights, and its stamp is signed
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, token: str) -> HttpResponse:
    """The public form as a page of its own."""
    return _voice(request, token, embedded=False)


@csrf_exempt  # within another site's frame no cookie arrives that a token could be checked against
@xframe_options_exempt  # who may frame it is said by frame-ancestors, per source
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, token: str) -> HttpResponse:
    """The public form for a frame on a site that the source allows."""
    return _voice(request, token, embedded=True)


def _asset(text: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "public, max-age=600"
    return response


@require_GET
def widget(request: HttpRequest, token: str) -> HttpResponse:
    """The script that another site includes: it puts the form's frame where it stands."""
    source = _form_or_404(token)
    text = render_to_string("insights/sources/widget.js", {"title": json.dumps(source.settings["heading"])})
    return _asset(text, "text/javascript")


@require_GET
def frame(request: HttpRequest, token: str) -> HttpResponse:
    """The script within the frame: it tells the page around it how tall the form is."""
    _form_or_404(token)
    return _asset(render_to_string("insights/sources/frame.js"), "text/javascript")


def _ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour (WCAG 2 relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#fff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000"


@require_GET
def look(request: HttpRequest, token: str) -> HttpResponse:
    """The source's own colour, as a style sheet."""
    colour = _form_or_404(token).settings.get("colour") or ""
    if not colour:
        return _asset("", "text/css")
    rules = (
        f".voice {{ --voice: {colour} }} .voice .btn--primary {{ --btn-background: {colour}; --btn-hover: {colour}; "
        f"--btn-ink: {_ink_on(colour)} }}"
    )
    return _asset(rules, "text/css")


def _problem(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


@csrf_exempt  # programs have no cookie; the address is the secret, and the signature where one is asked for
@require_POST
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Take in what another program sends, and say what became of each item."""
    source = selectors.find_by_token(token=token, kinds=[Source.Kind.HOOK, Source.Kind.GITHUB])
    if source is None:
        return _problem(404, "There is no such address.")
    limit = gates.Limit(int(source.settings.get("per_minute", GITHUB_A_MINUTE)), MINUTE)
    wait = _wait(door="insights.hook", who=str(source.pk), limit=limit)
    if wait:
        return _too_many(wait)
    if not source.is_on:
        return _problem(410, "This source is turned off.")
    if source.kind == Source.Kind.GITHUB:
        return _github(request, source)
    try:
        hooks.check_signature(source=source, body=request.body, headers=_headers(request))
        objects = hooks.objects_in(source=source, body=request.body)
    except hooks.UnsignedError as error:
        return _problem(401, str(error))
    except hooks.UnreadableError as error:
        hooks.note_refusal(source=source, reason=str(error), at=timezone.now())
        return _problem(422, str(error))
    delivery = request.headers.get("webhook-id", "")
    received = hooks.receive(source=source, objects=objects, delivery=delivery, at=timezone.now())
    return _told(received)


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name: request.headers.get(name, "") for name in hooks.SIGNATURE}


def _too_many(wait: int) -> HttpResponse:
    response = _problem(429, f"Too many requests. Wait {wait} seconds.")
    response["Retry-After"] = str(wait)
    return response


def _told(received: list[Received]) -> JsonResponse:
    """Answer with each item's fate; 422 where every one was refused."""
    results = [
        {
            "index": index,
            "id": each.external_id,
            "outcome": str(each.outcome),
            "key": each.feedback.key if each.feedback else None,
            "detail": each.detail,
        }
        for index, each in enumerate(received)
    ]
    counts = {
        name: sum(each.outcome == name for each in received)
        for name in ("new", "changed", "known", "removed", "refused")
    }
    all_refused = bool(received) and counts["refused"] == len(received)
    return JsonResponse({**counts, "results": results}, status=422 if all_refused else 200)


def _github(request: HttpRequest, source: Source) -> HttpResponse:
    try:
        github.check_signature(
            source=source, body=request.body, signature=request.headers.get("X-Hub-Signature-256", "")
        )
    except github.UnsignedError as error:
        return _problem(401, str(error))
    try:
        content = json.loads(request.body)
        if not isinstance(content, dict):
            raise ValueError("An object is wanted.")
        received = github.hear(
            source=source, event=request.headers.get("X-GitHub-Event", ""), content=content, at=timezone.now()
        )
    except (ValueError, RecursionError) as error:
        hooks.note_refusal(source=source, reason=str(error)[:300], at=timezone.now())
        return _problem(422, str(error)[:300])
    return _told(received)
