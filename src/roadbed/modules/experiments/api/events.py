"""Events in: batches of our own form and of CloudEvents 1.0, acknowledged once they lie on the disk."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema
from ninja.security import HttpBearer

from roadbed.core.accounts import keys
from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import ForbiddenError, problem
from roadbed.core.workspaces import tokens
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import services
from roadbed.modules.experiments.api.schemas import WRITE_PROBLEMS
from roadbed.modules.experiments.models import EnvironmentKey

root_router = Router(tags=["events"])
router = Router(tags=["events"])
LARGEST = 8 * 1024 * 1024
LONGEST_KEY = 200
CLOUD = "application/cloudevents+json"
CLOUD_BATCH = "application/cloudevents-batch+json"
SENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            '`{"events": […]}`, a list, or one event; or CloudEvents 1.0: one (`application/cloudevents+json`, or '
            "with `ce-…` headers) or a batch (`application/cloudevents-batch+json`). With an `Idempotency-Key` a batch "
            "that is sent again changes nothing."
        ),
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["events"],
                    "properties": {
                        "events": {
                            "type": "array",
                            "maxItems": services.MOST_EVENTS,
                            "items": {
                                "type": "object",
                                "required": ["name", "unit"],
                                "properties": {
                                    "id": {"type": "string"},
                                    "name": {"type": "string", "description": "`$exposure` for an exposure."},
                                    "time": {"type": "string", "format": "date-time"},
                                    "unit": {"type": "string"},
                                    "unit_type": {"type": "string", "default": "user"},
                                    "value": {"type": "number"},
                                    "flag": {"type": "string"},
                                    "variant": {"type": "string"},
                                    "environment": {"type": "string"},
                                    "attributes": {"type": "object"},
                                },
                            },
                        }
                    },
                }
            },
            CLOUD: {"schema": {"type": "object"}},
            CLOUD_BATCH: {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    },
    "parameters": [
        {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": LONGEST_KEY}}
    ],
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Where the events of a request belong."""

    workspace_id: int
    environment: str = ""


class SenderAuth(HttpBearer):
    """``Authorization: Bearer …`` with a server's key of an environment (``rbs_…``), or a token that may write."""

    def authenticate(self, request: HttpRequest, token: str) -> Sender | None:
        """Return where events belong, or refuse."""
        if token.startswith("rbb_"):
            raise ForbiddenError(
                "A browser’s key only reads answers: anybody can copy it. Send events from a server."
            )
        rows = EnvironmentKey.objects.filter(
            revoked_at__isnull=True,
            kind=EnvironmentKey.Kind.SERVER,
            environment__removed_at__isnull=True,
            environment__workspace__closed_at__isnull=True,
        )
        key = rows.filter(key_hash=keys.digest(token)).select_related("environment").first()
        if key is not None:
            return Sender(key.environment.workspace_id, key.environment.key)
        access = tokens.find_access(token=token, at=timezone.now())
        if access is None:
            return None
        if not access.allows(Role.CONTRIBUTOR):
            raise ForbiddenError("This needs the role contributor and a token that may write.")
        return Sender(access.workspace.pk)


class EventsTakenOut(Schema):
    """That events are kept."""

    events: int = Field(description="How many the batch has.")
    again: bool = Field(description="Whether it had been taken before, so that nothing changed.")


class UnreadableError(ValueError):
    """The body is no batch."""


@root_router.post(
    "events",
    auth=[SenderAuth()],
    response={200: EventsTakenOut, **WRITE_PROBLEMS, 413: problems.PROBLEM},
    operation_id="send_events",
    url_name="send-events",
    openapi_extra=SENT,
)
def send_events(request: HttpRequest) -> Any:
    """Send events: all of the batch is kept, or none, and the answer comes once it would outlive a loss of power.

    429 with Retry-After means that too much waits: nothing was kept, send it again later with the same Idempotency-Key.
    """
    sender: Sender = request.auth  # type: ignore[attr-defined]  # ninja keeps what the authentication returned
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > LONGEST_KEY:
        return problem(status=422, detail=f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
    if len(request.body) > LARGEST:
        return problem(status=413, detail=f"A batch has at most {LARGEST // 1024 // 1024} MB.")
    try:
        sent = read_body(request)
    except UnreadableError as error:
        return problem(status=400, detail=str(error))
    try:
        receipt = services.take_events(
            workspace_id=sender.workspace_id,
            sent=sent,
            key=key or f"none:{uuid.uuid4().hex}",
            said=request.body.decode("utf-8", "replace"),
            environment=sender.environment,
            at=timezone.now(),
        )
    except services.BatchError as error:
        listed = [{"field": f"events.{place}", "message": why} for place, why in error.problems[:100]]
        return problem(status=422, detail=f"{error} Nothing of this batch was kept.", errors=listed)
    except services.OtherContentError as error:
        return problem(status=409, detail=str(error))
    except services.BusyError as error:
        response = problem(status=429, detail=f"{error} Nothing of this batch was kept.")
        response["Retry-After"] = str(max(1, round(error.wait.total_seconds())))
        return response
    return {"events": receipt.events, "again": receipt.again}


def read_body(request: HttpRequest) -> list[Any]:
    """Return the events of a request, as they were sent.

    Raises
    ------
    UnreadableError
        If the body is no JSON, or neither an event nor a list of them.
    """
    kind = (request.headers.get("Content-Type") or "").partition(";")[0].strip().casefold()
    if request.headers.get("ce-specversion"):
        return [_binary(request)]
    found = _json(request.body)
    if kind == CLOUD_BATCH and not isinstance(found, list):
        raise UnreadableError("A batch of CloudEvents is a list.")
    if kind == CLOUD and not isinstance(found, dict):
        raise UnreadableError(
            "One CloudEvent is an object; a list is sent as application/cloudevents-batch+json."
        )
    if isinstance(found, dict) and isinstance(found.get("events"), list) and "specversion" not in found:
        if other := sorted(set(found) - {"events"}):
            raise UnreadableError(f"Beside “events” there is nothing called “{other[0][:60]}”.")
        found = found["events"]
    elif isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        raise UnreadableError("The body is an object with “events”, a list of events, or one event.")
    return found


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"The body is no JSON: {str(error)[:200]}") from error


def _binary(request: HttpRequest) -> dict[str, Any]:
    """Return a CloudEvent of the binary mode: its attributes are headers, its data the body."""
    names = ("specversion", "id", "source", "type", "subject", "time")
    said: dict[str, Any] = {
        name: request.headers[f"ce-{name}"] for name in names if f"ce-{name}" in request.headers
    }
    if request.body.strip():
        said["data"] = _json(request.body)
    return said


class ForgottenOut(Schema):
    """How many events are gone."""

    events: int


class EventErasureIn(Schema):
    """Whose events are to go."""

    unit: str = Field(min_length=1, max_length=200)
    unit_type: str = Field("user", min_length=1, max_length=60)


@router.post(
    "event-erasures",
    response={200: ForgottenOut, **WRITE_PROBLEMS},
    operation_id="erase_events_of_unit",
    url_name="event-erasures",
)
def erase_unit(request: HttpRequest, workspace: Path[str], body: EventErasureIn) -> dict[str, int]:
    """Let go of all that one unit did: a person who asks to be forgotten. Experiments lose it from their next look."""
    access = access_of(request, role=Role.OWNER)
    gone = services.forget_unit(
        workspace=access.workspace, **body.dict(), actor=access.actor, at=timezone.now()
    )
    return {"events": gone}


class EventPolicyOut(Schema):
    """How long events are kept, and how many there are."""

    keep_days: int
    events: int
    bytes: int
    days: int
    batches_waiting: int


class EventPolicyIn(Schema):
    """How long events are kept."""

    keep_days: int = Field(ge=7, le=3653)


def _policy(workspace: Any) -> dict[str, int]:
    held = services.waiting_events(workspace.pk)
    return {
        "keep_days": services.policy_of(workspace).keep_days,
        "events": held["events"],
        "bytes": held["bytes"],
        "days": held["days"],
        "batches_waiting": held["batches"],
    }


@router.get(
    "event-policy",
    response={200: EventPolicyOut, **problems.READ},
    operation_id="get_event_policy",
    url_name="event-policy",
)
def get_policy(request: HttpRequest, workspace: Path[str]) -> dict[str, int]:
    """Say how long events are kept, and how many there are."""
    return _policy(access_of(request, role=Role.MAKER).workspace)


@router.put(
    "event-policy",
    response={200: EventPolicyOut, **WRITE_PROBLEMS},
    operation_id="put_event_policy",
    url_name="event-policy",
)
def put_policy(request: HttpRequest, workspace: Path[str], body: EventPolicyIn) -> dict[str, int]:
    """Change how long events are kept; older days go in the night that follows."""
    access = access_of(request, role=Role.OWNER)
    services.change_policy(
        workspace=access.workspace, keep_days=body.keep_days, actor=access.actor, at=timezone.now()
    )
    return _policy(access.workspace)
