"""What every answer goes through."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from roadbed.core.api.problems import problem

Answer = Callable[[HttpRequest], HttpResponseBase]
API = "/api/"
HOOKS = "/hooks/in/"
"""Where many items come at once, each of which is cleaned by itself."""
PROBLEM = "application/problem+json"
DETAILS = {
    403: "Refused. A session needs Django's CSRF token to write; a program sends a token instead.",
    404: "",
    405: "This address does not take that method.",
    500: "Something went wrong on our side. The log has it.",
}
NUL_IN_JSON = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def _carries_nul(request: HttpRequest) -> bool:
    """Whether the address, the query or a small text body holds a NUL, which no database column can."""
    if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
        return True
    if request.path_info.startswith(HOOKS):
        return False
    kind = (request.content_type or "").lower()
    if kind == "application/json":
        return bool(NUL_IN_JSON.search(request.body))
    return kind == "application/x-www-form-urlencoded" and b"%00" in request.body


def answer_programs_with_problems(get_response: Answer) -> Answer:
    """Turn every error below ``/api/`` into problem+json, and refuse what no column could hold, everywhere."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        for_program = request.path_info.startswith(API)
        if _carries_nul(request):
            if for_program:
                return problem(status=400, detail="A NUL character cannot be kept.")
            return render(request, "errors/400.html", status=400)
        response = get_response(request)
        is_problem = response.headers.get("Content-Type", "").startswith(PROBLEM)
        if not for_program or response.status_code < 400 or is_problem or response.streaming:
            return response
        wrapped: HttpResponse = problem(
            status=response.status_code, detail=DETAILS.get(response.status_code, "")
        )
        for name in ("Allow", "Retry-After", "WWW-Authenticate", "Vary"):
            if name in response.headers:
                wrapped[name] = response.headers[name]
        return wrapped

    return middleware


def guard_headers(get_response: Answer) -> Answer:
    """Send the headers that Django has no setting for; pages of a person are kept by nobody but their browser."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "sessionid" in request.COOKIES and not request.path_info.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return middleware
