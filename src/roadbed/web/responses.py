"""Answers to the browser: a whole page, the fragment that it asked for, or nothing but an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from roadbed.web import toasts


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx will put the answer into a part of the page. Links and forms that swap the body want it whole."""
    return request.headers.get("HX-Request-Type") == "partial"


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragment: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the page, or only its `{% partialdef fragment %}` where a fragment was asked for."""
    chosen = f"{template}#{fragment}" if fragment and wants_fragment(request) else template
    response = render(request, chosen, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request-Type"])
    return response


def form_page(
    request: HttpRequest, template: str, context: Mapping[str, Any] | None = None, *, fragment: str = ""
) -> HttpResponse:
    """Render a form that was refused: status 422, which is swapped in like an ordinary answer."""
    return page(request, template, context, fragment=fragment, status=422)


def event(name: str, detail: dict[str, Any] | None = None) -> HttpResponse:
    """Answer with an event and nothing to swap, such as ``dialog:close`` or ``page:refresh``."""
    return toasts.trigger(HttpResponse(status=204), name, detail)


def back(request: HttpRequest, *, otherwise: str) -> HttpResponseRedirect:
    """Return to the page that the form named in ``next``, where it is one of ours."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if safe else otherwise)
