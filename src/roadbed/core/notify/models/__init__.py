"""Notices, who wants to hear what and when, channels of departments, and webhooks."""

from roadbed.core.notify.models.channels import Channel, ChannelMail
from roadbed.core.notify.models.notices import Digest, Frequency, Notice, Preference, Reading, Reason, Topic
from roadbed.core.notify.models.webhooks import Attempt, Delivery, DeliveryState, Endpoint

__all__ = [
    "Attempt",
    "Channel",
    "ChannelMail",
    "Delivery",
    "DeliveryState",
    "Digest",
    "Endpoint",
    "Frequency",
    "Notice",
    "Preference",
    "Reading",
    "Reason",
    "Topic",
]
