"""Registers the app with Django."""

from django.apps import AppConfig


class TablesConfig(AppConfig):
    """The `tables` app."""

    name = "roadbed.core.tables"
    label = "tables"
