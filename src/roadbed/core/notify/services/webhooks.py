"""Endpoints and deliveries, in the Standard Webhooks format."""

from __future__ import annotations

import base64
import fnmatch
import json
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from standardwebhooks import Webhook

from roadbed.core import net
from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.notify.models import Attempt, Delivery, DeliveryState, Endpoint
from roadbed.core.notify.services import notices
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace

PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The pauses between tries that Standard Webhooks recommends; after the last the delivery has failed."""
GIVE_UP_AFTER = timedelta(days=5)
OLD_SECRET_LIVES = timedelta(days=1)
GONE = 410
PATTERN_MAX = 60
ONE_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def new_secret() -> str:
    """Return a new signing secret."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def clean_patterns(patterns: Sequence[str]) -> list[str]:
    """Return event patterns without doubles, or refuse them."""
    found = list(dict.fromkeys(pattern.strip().lower() for pattern in patterns if pattern.strip()))
    for pattern in found:
        if len(pattern) > PATTERN_MAX or not all(part.isalnum() or part in "._* -" for part in pattern):
            raise ValidationError(
                {"events": f"“{pattern[:PATTERN_MAX]}” is not a pattern such as need.* or *."}
            )
    if len(found) > 50:
        raise ValidationError({"events": "Fifty patterns at most."})
    return found


def _check_url(url: str) -> None:
    try:
        net.check_url(url)
    except net.RefusedAddressError as error:
        raise ValidationError({"url": str(error)}) from error


def _check(endpoint: Endpoint) -> None:
    """Check all fields. A host of one word (``http://hooks:9000/``) is sound where the operator opened a network.

    Where such a name leads is judged as it is called, like that of any other.
    """
    host = urlsplit(endpoint.url).hostname or ""
    is_inside = bool(net.allowed_networks()) and ONE_WORD.fullmatch(host) is not None
    if is_inside and len(endpoint.url) <= (Endpoint._meta.get_field("url").max_length or 0):
        URLValidator(schemes=["http", "https"])(endpoint.url.replace(f"//{host}", f"//{host}.example", 1))
        endpoint.full_clean(exclude={"url"})
    else:
        endpoint.full_clean()


def wants(endpoint: Endpoint, event_type: str) -> bool:
    """Whether one of the endpoint's patterns fits the event."""
    return any(fnmatch.fnmatchcase(event_type, pattern) for pattern in endpoint.events)


@transaction.atomic
def create_endpoint(
    *, workspace: Workspace, url: str, events: Sequence[str], description: str, actor: Actor, at: datetime
) -> Endpoint:
    """Add an endpoint with a secret of its own."""
    _check_url(url)
    endpoint = Endpoint(
        workspace=workspace,
        url=url,
        events=clean_patterns(events),
        description=description,
        secret=new_secret(),
        created_at=at,
        created_by_id=actor.user_id,
    )
    _check(endpoint)
    endpoint.save()
    records.record_activity(
        workspace_id=workspace.pk, actor=actor, verb="added webhook", at=at, changes={"url": url}
    )
    return endpoint


@transaction.atomic
def change_endpoint(
    *, endpoint: Endpoint, url: str, events: Sequence[str], description: str, actor: Actor, at: datetime
) -> Endpoint:
    """Change where to and what."""
    _check_url(url)
    before = [endpoint.url, endpoint.events]
    endpoint.url, endpoint.events, endpoint.description = url, clean_patterns(events), description
    _check(endpoint)
    endpoint.save()
    changes = {"url": [before[0], url], "events": [before[1], endpoint.events]}
    records.record_activity(
        workspace_id=endpoint.workspace_id, actor=actor, verb="changed webhook", at=at, changes=changes
    )
    return endpoint


@transaction.atomic
def delete_endpoint(*, endpoint: Endpoint, actor: Actor, at: datetime) -> None:
    """Take an endpoint away, with its log."""
    records.record_activity(
        workspace_id=endpoint.workspace_id,
        actor=actor,
        verb="removed webhook",
        at=at,
        changes={"url": endpoint.url},
    )
    endpoint.delete()


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, actor: Actor, at: datetime) -> Endpoint:
    """Make a new secret; for a day both sign, so that the other side can change over without a gap."""
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, at + OLD_SECRET_LIVES
    endpoint.secret = new_secret()
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    records.record_activity(
        workspace_id=endpoint.workspace_id,
        actor=actor,
        verb="rotated webhook secret",
        at=at,
        changes={"url": endpoint.url},
    )
    return endpoint


@transaction.atomic
def switch_endpoint(*, endpoint: Endpoint, on: bool, actor: Actor, at: datetime) -> Endpoint:
    """Turn an endpoint on or off."""
    endpoint.disabled_at = None if on else at
    endpoint.disabled_reason = "" if on else f"Turned off by {actor.name}"
    endpoint.failing_since = None
    endpoint.save(update_fields=["disabled_at", "disabled_reason", "failing_since"])
    verb = "turned webhook on" if on else "turned webhook off"
    records.record_activity(
        workspace_id=endpoint.workspace_id, actor=actor, verb=verb, at=at, changes={"url": endpoint.url}
    )
    return endpoint


def envelope(
    *, event_id: str, event_type: str, at: datetime, workspace: str, subject: str, data: dict[str, Any]
) -> str:
    """Return an event as CloudEvents JSON, with the `type`, `timestamp` and `data` of Standard Webhooks in it."""
    stamp = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    content = {
        "specversion": "1.0",
        "id": event_id,
        "type": event_type,
        "source": f"{settings.ROADBED_URL}/w/{workspace}/",
        "subject": subject,
        "time": stamp,
        "timestamp": stamp,
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


@transaction.atomic
def send(*, endpoint: Endpoint, event_id: str, event_type: str, body: str, at: datetime) -> Delivery | None:
    """Queue an event for an endpoint; the same event twice is one delivery."""
    if not endpoint.is_on:
        return None
    delivery, is_new = Delivery.objects.get_or_create(
        endpoint=endpoint,
        event_id=event_id,
        defaults={"type": event_type, "body": body, "created_at": at, "next_at": at},
    )
    if is_new:
        _queue(delivery)
    return delivery


def _queue(delivery: Delivery) -> None:
    jobs.enqueue(
        "notify.deliver",
        workspace_id=delivery.endpoint.workspace_id,
        key=f"delivery-{delivery.pk}",
        delivery_id=delivery.pk,
        label=f"Webhook to {delivery.endpoint}",
    )


def send_test(*, endpoint: Endpoint, actor: Actor, at: datetime) -> Delivery | None:
    """Send an event that means nothing, to see whether it arrives."""
    event_id = f"msg_test_{secrets.token_hex(8)}"
    body = envelope(
        event_id=event_id,
        event_type="roadbed.test",
        at=at,
        workspace=endpoint.workspace.slug,
        subject="",
        data={"message": f"{actor.name} tests this webhook."},
    )
    return send(endpoint=endpoint, event_id=event_id, event_type="roadbed.test", body=body, at=at)


@transaction.atomic
def replay(*, delivery: Delivery, at: datetime) -> Delivery:
    """Send a delivery once more, under the same id, with all its tries."""
    delivery.state, delivery.tries, delivery.next_at = DeliveryState.PENDING, 0, at
    delivery.save(update_fields=["state", "tries", "next_at"])
    _queue(delivery)
    return delivery


def headers_for(*, endpoint: Endpoint, delivery: Delivery, at: datetime) -> dict[str, str]:
    """Return the headers with the signature, or both while an old secret lives."""
    stamp = at.astimezone(UTC)
    keys = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > at:
        keys.append(endpoint.old_secret)
    signatures = [
        Webhook(key).sign(msg_id=delivery.event_id, timestamp=stamp, data=delivery.body) for key in keys
    ]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Roadbed-Webhooks/1",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(int(stamp.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def deliver(*, delivery_id: int, at: datetime) -> timedelta | None:
    """Try once; return the pause before the next try, None where there is none.

    The call is made outside any transaction, so that a slow receiver locks nothing.
    """
    delivery = Delivery.objects.select_related("endpoint__workspace").filter(pk=delivery_id).first()
    if delivery is None or delivery.state != DeliveryState.PENDING:
        return None
    endpoint = delivery.endpoint
    if not endpoint.is_on:
        _end(delivery, state=DeliveryState.FAILED, at=at)
        return None
    attempt = Attempt(delivery=delivery, at=at)
    headers = headers_for(endpoint=endpoint, delivery=delivery, at=at)
    try:
        answer = net.post(endpoint.url, body=delivery.body.encode(), headers=headers)
    except (net.RefusedAddressError, net.CallFailedError) as error:
        attempt.error = str(error)[:400]
    else:
        attempt.status, attempt.seconds = answer.status, answer.seconds
        attempt.address, attempt.answer = answer.address, answer.body[:2000]
    return _note(delivery=delivery, attempt=attempt, at=at)


def _end(delivery: Delivery, *, state: DeliveryState, at: datetime) -> None:
    delivery.state, delivery.next_at = state, None
    delivery.delivered_at = at if state == DeliveryState.DELIVERED else None
    delivery.save(update_fields=["state", "next_at", "delivered_at", "tries"])


@transaction.atomic
def _note(*, delivery: Delivery, attempt: Attempt, at: datetime) -> timedelta | None:
    attempt.save()
    endpoint = Endpoint.objects.select_for_update().get(pk=delivery.endpoint_id)
    delivery.tries += 1
    if attempt.status is not None and 200 <= attempt.status < 300:
        _end(delivery, state=DeliveryState.DELIVERED, at=at)
        if endpoint.failing_since is not None:
            Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)
        return None
    endpoint.failing_since = endpoint.failing_since or at
    endpoint.save(update_fields=["failing_since"])
    if attempt.status == GONE:
        _disable(endpoint, reason="It answered 410 Gone.", at=at)
    elif at - endpoint.failing_since >= GIVE_UP_AFTER:
        _disable(endpoint, reason=f"Nothing was delivered for {GIVE_UP_AFTER.days} days.", at=at)
    if not endpoint.is_on or delivery.tries > len(PAUSES):
        _end(delivery, state=DeliveryState.FAILED, at=at)
        return None
    pause = PAUSES[delivery.tries - 1]
    delivery.next_at = at + pause
    delivery.save(update_fields=["tries", "next_at"])
    return pause


def _disable(endpoint: Endpoint, *, reason: str, at: datetime) -> None:
    endpoint.disabled_at, endpoint.disabled_reason = at, reason
    endpoint.save(update_fields=["disabled_at", "disabled_reason"])
    notices.tell_owners(
        workspace=endpoint.workspace,
        text=f"The webhook to {endpoint} was turned off.",
        quote=reason,
        path=f"settings/webhooks/{endpoint.pk}/",
        at=at,
    )
