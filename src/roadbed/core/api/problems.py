"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import json
import math
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled
from ninja.errors import ValidationError as RequestError

from roadbed.core.records.selectors import changed_since
from roadbed.core.records.services import NotUndoableError, StaleRecordError


class ProblemOut(Schema):
    """What an error looks like."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[dict[str, Any]] | None = None


PROBLEM = None
"""What an operation names as its answer where it refuses.

The document says that it is a `ProblemOut`. A model of its own for each refusal of each operation, which is what Ninja
makes of a class that is named here, would be two thousand of them, and a second at every start.
"""
READ = dict.fromkeys((401, 403, 404, 422, 429), PROBLEM)
"""What an operation that reads may answer besides what was asked for; `WRITE` and `CHANGE` alike."""
WRITE = dict.fromkeys((400, 401, 403, 404, 409, 422, 429), PROBLEM)
CHANGE = {**WRITE, 412: PROBLEM, 428: PROBLEM}


class MissingError(Exception):
    """There is nothing here, or nothing that the caller may know of."""


class ForbiddenError(Exception):
    """The caller is known, but may not do this."""


class PreconditionError(Exception):
    """A change came without the version it is based on, or with one that cannot be read."""


def problem(*, status: int, detail: str = "", errors: list[dict[str, Any]] | None = None) -> HttpResponse:
    """Return an error as problem+json."""
    content: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        content["detail"] = detail
    if errors:
        content["errors"] = errors
    return HttpResponse(json.dumps(content), status=status, content_type="application/problem+json")


def field_errors(error: ValidationError) -> list[dict[str, Any]]:
    """Return a validation error as a list of {field, message}."""
    if hasattr(error, "error_dict"):
        return [
            {"field": "" if name == "__all__" else name, "message": message}
            for name, messages in error.message_dict.items()
            for message in messages
        ]
    return [{"field": "", "message": message} for message in error.messages]


def install(api: NinjaAPI) -> None:
    """Answer every known error of the product as a problem."""

    @api.exception_handler(StaleRecordError)
    def stale(request: HttpRequest, error: StaleRecordError) -> HttpResponse:
        since = changed_since(record=error.record, version=error.expected)
        response = problem(
            status=412,
            detail=str(error),
            errors=[
                {"field": one.field, "message": f"{one.by} changed it.", "before": one.before, "now": one.now}
                for one in since
            ],
        )
        response["ETag"] = f'"{error.record.version}"'
        return response

    @api.exception_handler(NotUndoableError)
    def conflict(request: HttpRequest, error: NotUndoableError) -> HttpResponse:
        return problem(status=409, detail=str(error))

    @api.exception_handler(PreconditionError)
    def precondition(request: HttpRequest, error: PreconditionError) -> HttpResponse:
        return problem(status=428, detail=str(error))

    @api.exception_handler(ValidationError)
    def refused(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return problem(status=422, detail="Some fields were refused.", errors=field_errors(error))

    @api.exception_handler(RequestError)
    def unreadable(request: HttpRequest, error: RequestError) -> HttpResponse:
        errors = [
            {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
            for item in error.errors
        ]
        return problem(status=422, detail="The request cannot be read.", errors=errors)

    @api.exception_handler(ForbiddenError)
    @api.exception_handler(PermissionDenied)
    def forbidden(request: HttpRequest, error: Exception) -> HttpResponse:
        return problem(status=403, detail=str(error))

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        response = problem(status=401, detail="Sign in, or send a token as `Authorization: Bearer …`.")
        response["WWW-Authenticate"] = "Bearer"
        return response

    @api.exception_handler(MissingError)
    @api.exception_handler(Http404)
    @api.exception_handler(ObjectDoesNotExist)
    def missing(request: HttpRequest, error: Exception) -> HttpResponse:
        return problem(status=404)

    @api.exception_handler(Throttled)
    def hurried(request: HttpRequest, error: Throttled) -> HttpResponse:
        response = problem(status=429, detail="Too many requests. Wait as long as Retry-After says.")
        response["Retry-After"] = str(math.ceil(error.wait or 1))
        return response

    @api.exception_handler(HttpError)
    def other(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(status=error.status_code, detail=str(error))
