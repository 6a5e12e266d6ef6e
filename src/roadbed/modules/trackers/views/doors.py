"""What trackers call: their webhooks."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from roadbed.core.gates import services as gates
from roadbed.modules.trackers.services import hearing
from roadbed.modules.trackers.services.connectors.base import TrackerError, UnsignedError, WaitError

LIMIT = gates.Limit(600, timedelta(minutes=1))


def _problem(status: int, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)


@csrf_exempt  # programs have no cookie; the address is a secret, and what comes is signed
@require_POST
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """Take a tracker's call: check who it is, and queue a look at what it tells of."""
    connection = hearing.find(token=token)
    if connection is None:
        return _problem(404, "There is no such address.")
    now = timezone.now()
    try:
        gates.take(door="trackers.hook", who=str(connection.pk), limit=LIMIT, at=now)
    except gates.TooOftenError as error:
        seconds = max(1, int(error.wait.total_seconds()))
        response = _problem(429, f"Too many requests. Wait {seconds} seconds.")
        response["Retry-After"] = str(seconds)
        return response
    if not connection.is_on:
        return _problem(410, "This connection is not started, or paused.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        heard = hearing.hear(connection=connection, headers=headers, body=request.body, at=now)
    except UnsignedError as error:
        return _problem(401, str(error))
    except ValueError as error:
        return _problem(422, str(error)[:300])
    except (TrackerError, WaitError) as error:
        return _problem(503, str(error)[:300])
    return JsonResponse(
        {"changed": list(heard.changed), "gone": [each.id for each in heard.gone]}, status=202
    )
