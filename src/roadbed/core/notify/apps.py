"""Registers the app with Django."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    """The `notify` app."""

    name = "roadbed.core.notify"
    label = "notify"
