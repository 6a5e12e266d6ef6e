"""Notices, preferences, channels, webhooks and deliveries through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema, Status
from ninja.errors import HttpError

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import PROBLEM, READ, MissingError
from roadbed.core.notify import selectors
from roadbed.core.notify.models import Channel, Delivery, DeliveryState, Endpoint, Frequency, Reason
from roadbed.core.notify.services import channels, notices, webhooks
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Department
from roadbed.core.workspaces.roles import Role

router = Router(tags=["notify"])
ID_MAX = 2**53


class NoticeOut(Schema):
    """One thing that you are told."""

    id: int
    reason: Reason
    actor_name: str
    text: str
    quote: str
    url: str
    created_at: datetime
    read_at: datetime | None


class NoticeQuery(PageQuery):
    """Which notices."""

    unread: bool = False


class NoticeIds(Schema):
    """Which notices to mark."""

    ids: list[int] | None = Field(None, max_length=1000, description="Leave it out to mark all.")


class MarkedOut(Schema):
    """How many were marked."""

    marked: int


class PreferenceBody(Schema):
    """How often mail comes for each topic, and when."""

    mention: Frequency
    watch: Frequency
    channel: Frequency
    system: Frequency
    hour: int = Field(ge=0, le=23)
    weekday: int = Field(ge=0, le=6, description="0 is Monday.")


class ChannelIn(Schema):
    """Which news goes to which department. An empty list means all."""

    name: str = Field(min_length=1, max_length=80)
    department_id: int
    kinds: list[str] = []
    verbs: list[str] = []
    tags: list[str] = []
    to_inbox: bool = True
    email: str = Field("", max_length=254)
    endpoint_id: int | None = None


class ChannelOut(ChannelIn):
    """A channel."""

    id: int


class EndpointIn(Schema):
    """Where events are sent, and which."""

    url: str = Field(min_length=1, max_length=500)
    events: list[str] = Field(["*"], description="Patterns such as `*`, `need.*`, `feature.changed`.")
    description: str = Field("", max_length=120)


class EndpointOut(Schema):
    """A webhook; its secret is shown to owners on its page, and here when it is made."""

    id: int
    url: str
    events: list[str]
    description: str
    is_on: bool
    disabled_reason: str
    failing_since: datetime | None
    created_at: datetime


class EndpointWithSecret(EndpointOut):
    """A webhook that was just made, or whose secret was."""

    secret: str


class AttemptOut(Schema):
    """One try."""

    at: datetime
    status: int | None
    seconds: float
    error: str
    answer: str


class DeliveryOut(Schema):
    """One event on its way."""

    id: int
    event_id: str
    type: str
    state: DeliveryState
    tries: int
    created_at: datetime
    next_at: datetime | None
    delivered_at: datetime | None
    attempts: list[AttemptOut]

    @staticmethod
    def resolve_attempts(row: Delivery) -> list[Any]:
        """Return the tries, the first first."""
        return list(row.attempts.all())


def _in_range(number: int) -> int:
    if not -1 < number < ID_MAX:
        raise MissingError
    return number


@router.get(
    "notices", response={200: PageOut[NoticeOut], **READ}, operation_id="list_notices", url_name="notices"
)
def list_notices(request: HttpRequest, workspace: Path[str], query: Query[NoticeQuery]) -> dict[str, Any]:
    """List your notices, newest first."""
    access = access_of(request)
    rows, following = page_by_id(selectors.inbox(access=access, unread_only=query.unread), query)
    return {"items": rows, "next": following}


@router.post(
    "notices/read",
    response={200: MarkedOut, **READ},
    operation_id="mark_notices_read",
    url_name="notices-read",
)
def mark_notices_read(request: HttpRequest, workspace: Path[str], body: NoticeIds) -> dict[str, int]:
    """Mark your notices as read."""
    access = _own(request)
    ids = None if body.ids is None else [number for number in body.ids if abs(number) < ID_MAX]
    return {"marked": len(notices.mark_read(member=access.member, ids=ids, at=timezone.now()))}


def _own(request: HttpRequest) -> Access:
    """Return who is asking, for deeds on what is only their own: any role, but a token that may write."""
    access = access_of(request)
    return access if access.may_write else access_of(request, role=Role.CONTRIBUTOR)


@router.get(
    "notification-preferences",
    response={200: PreferenceBody, **READ},
    operation_id="get_notification_preferences",
    url_name="preferences",
)
def get_preferences(request: HttpRequest, workspace: Path[str]) -> Any:
    """Read when mail comes to you."""
    return notices.preference_of(member=access_of(request).member)


@router.put(
    "notification-preferences",
    response={200: PreferenceBody, **READ},
    operation_id="put_notification_preferences",
    url_name="preferences",
)
def put_preferences(request: HttpRequest, workspace: Path[str], body: PreferenceBody) -> Any:
    """Choose when mail comes to you."""
    preference = notices.preference_of(member=_own(request).member)
    for name, value in body.model_dump().items():
        setattr(preference, name, value)
    return notices.save_preference(preference=preference)


def _channel(access: Access, channel_id: int) -> Channel:
    return selectors.channels(access=access).get(pk=_in_range(channel_id))


def _fill(access: Access, channel: Channel, body: ChannelIn) -> Channel:
    channel.department = Department.objects.get(workspace=access.workspace, pk=_in_range(body.department_id))
    channel.endpoint = None if body.endpoint_id is None else _endpoint(access, body.endpoint_id)
    for name in ("name", "kinds", "verbs", "tags", "to_inbox", "email"):
        setattr(channel, name, getattr(body, name))
    return channels.save_channel(channel=channel, actor=access.actor, at=timezone.now())


@router.get(
    "channels", response={200: list[ChannelOut], **READ}, operation_id="list_channels", url_name="channels"
)
def list_channels(request: HttpRequest, workspace: Path[str]) -> list[Channel]:
    """List the channels of departments."""
    return list(selectors.channels(access=access_of(request, role=Role.OWNER)))


@router.post(
    "channels", response={201: ChannelOut, **READ}, operation_id="create_channel", url_name="channels"
)
def create_channel(request: HttpRequest, workspace: Path[str], body: ChannelIn) -> Status[Channel]:
    """Add a channel."""
    access = access_of(request, role=Role.OWNER)
    return Status(201, _fill(access, Channel(workspace=access.workspace), body))


@router.put(
    "channels/{int:channel_id}",
    response={200: ChannelOut, **READ},
    operation_id="put_channel",
    url_name="channel",
)
def put_channel(request: HttpRequest, workspace: Path[str], channel_id: int, body: ChannelIn) -> Channel:
    """Change a channel."""
    access = access_of(request, role=Role.OWNER)
    return _fill(access, _channel(access, channel_id), body)


@router.delete(
    "channels/{int:channel_id}",
    response={204: None, **READ},
    operation_id="delete_channel",
    url_name="channel",
)
def delete_channel(request: HttpRequest, workspace: Path[str], channel_id: int) -> Status[None]:
    """Take a channel away."""
    access = access_of(request, role=Role.OWNER)
    channels.delete_channel(channel=_channel(access, channel_id), actor=access.actor, at=timezone.now())
    return Status(204, None)


def _endpoint(access: Access, endpoint_id: int) -> Endpoint:
    return selectors.endpoints(access=access).get(pk=_in_range(endpoint_id))


@router.get(
    "webhooks", response={200: list[EndpointOut], **READ}, operation_id="list_webhooks", url_name="webhooks"
)
def list_webhooks(request: HttpRequest, workspace: Path[str]) -> list[Endpoint]:
    """List the webhooks."""
    return list(selectors.endpoints(access=access_of(request, role=Role.OWNER)))


@router.post(
    "webhooks",
    response={201: EndpointWithSecret, **READ},
    operation_id="create_webhook",
    url_name="webhooks",
)
def create_webhook(request: HttpRequest, workspace: Path[str], body: EndpointIn) -> Status[Endpoint]:
    """Add a webhook; the answer holds its secret."""
    access = access_of(request, role=Role.OWNER)
    endpoint = webhooks.create_endpoint(
        workspace=access.workspace, actor=access.actor, at=timezone.now(), **body.model_dump()
    )
    return Status(201, endpoint)


@router.put(
    "webhooks/{int:endpoint_id}",
    response={200: EndpointOut, **READ},
    operation_id="put_webhook",
    url_name="webhook",
)
def put_webhook(request: HttpRequest, workspace: Path[str], endpoint_id: int, body: EndpointIn) -> Endpoint:
    """Change where events are sent, and which."""
    access = access_of(request, role=Role.OWNER)
    endpoint = _endpoint(access, endpoint_id)
    return webhooks.change_endpoint(
        endpoint=endpoint, actor=access.actor, at=timezone.now(), **body.model_dump()
    )


@router.delete(
    "webhooks/{int:endpoint_id}",
    response={204: None, **READ},
    operation_id="delete_webhook",
    url_name="webhook",
)
def delete_webhook(request: HttpRequest, workspace: Path[str], endpoint_id: int) -> Status[None]:
    """Take a webhook away, with its log."""
    access = access_of(request, role=Role.OWNER)
    webhooks.delete_endpoint(endpoint=_endpoint(access, endpoint_id), actor=access.actor, at=timezone.now())
    return Status(204, None)


@router.post(
    "webhooks/{int:endpoint_id}/rotate",
    response={200: EndpointWithSecret, **READ},
    operation_id="rotate_webhook_secret",
    url_name="webhook-rotate",
)
def rotate_secret(request: HttpRequest, workspace: Path[str], endpoint_id: int) -> Endpoint:
    """Make a new secret; for a day both sign."""
    access = access_of(request, role=Role.OWNER)
    return webhooks.rotate_secret(
        endpoint=_endpoint(access, endpoint_id), actor=access.actor, at=timezone.now()
    )


@router.post(
    "webhooks/{int:endpoint_id}/test",
    response={202: DeliveryOut, 409: PROBLEM, **READ},
    operation_id="test_webhook",
    url_name="webhook-test",
)
def send_test(request: HttpRequest, workspace: Path[str], endpoint_id: int) -> Status[Delivery]:
    """Send a test event."""
    access = access_of(request, role=Role.OWNER)
    sent = webhooks.send_test(endpoint=_endpoint(access, endpoint_id), actor=access.actor, at=timezone.now())
    if sent is None:
        raise HttpError(409, "It is turned off.")
    return Status(202, sent)


@router.get(
    "webhooks/{int:endpoint_id}/deliveries",
    response={200: PageOut[DeliveryOut], **READ},
    operation_id="list_deliveries",
    url_name="deliveries",
)
def list_deliveries(
    request: HttpRequest, workspace: Path[str], endpoint_id: int, query: Query[PageQuery]
) -> dict[str, Any]:
    """List what was sent to a webhook in the last 30 days."""
    access = access_of(request, role=Role.OWNER)
    rows, following = page_by_id(selectors.deliveries(endpoint=_endpoint(access, endpoint_id)), query)
    return {"items": rows, "next": following}


@router.post(
    "deliveries/{int:delivery_id}/replay",
    response={202: DeliveryOut, **READ},
    operation_id="replay_delivery",
    url_name="delivery-replay",
)
def replay_delivery(request: HttpRequest, workspace: Path[str], delivery_id: int) -> Status[Delivery]:
    """Send a delivery once more, under the same id."""
    access = access_of(request, role=Role.OWNER)
    delivery = Delivery.objects.select_related("endpoint").get(
        pk=_in_range(delivery_id), endpoint__workspace=access.workspace
    )
    return Status(202, webhooks.replay(delivery=delivery, at=timezone.now()))
