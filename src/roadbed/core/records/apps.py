"""Registers the app with Django."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The `records` app."""

    name = "roadbed.core.records"
    label = "records"
