"""Reading notices, channels, endpoints and deliveries."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from roadbed.core import prepared
from roadbed.core.notify.models import Channel, Delivery, Endpoint, Notice
from roadbed.core.notify.services.notices import notices_for, notices_of
from roadbed.core.workspaces.access import Access

UNREAD_MAX = 99


def count_unread(access: Access) -> int:
    """How many notices wait for the member; counting stops where the badge does."""
    return _UNREAD.count(member=access.member.pk, circles=access.circle_ids)


def _unread(member: int, circles: Collection[int]) -> QuerySet[Notice]:
    found = notices_for(member=member, circles=circles).filter(read_at__isnull=True)
    return found.order_by()[: UNREAD_MAX + 1]


_UNREAD = prepared.Question(_unread)


def inbox(*, access: Access, unread_only: bool) -> QuerySet[Notice]:
    """Return the member's notices."""
    found = notices_of(member=access.member).select_related("record")
    return found.filter(read_at__isnull=True) if unread_only else found


def channels(*, access: Access) -> QuerySet[Channel]:
    """Return the workspace's channels."""
    found = Channel.objects.filter(workspace=access.workspace)
    return found.select_related("department", "endpoint", "workspace")


def endpoints(*, access: Access) -> QuerySet[Endpoint]:
    """Return the workspace's webhooks."""
    return Endpoint.objects.filter(workspace=access.workspace).select_related("workspace")


def deliveries(*, endpoint: Endpoint) -> QuerySet[Delivery]:
    """Return an endpoint's deliveries, newest first, with their tries."""
    return Delivery.objects.filter(endpoint=endpoint).prefetch_related("attempts").order_by("-pk")
