"""Registers the app with Django."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """The `search` app."""

    name = "roadbed.core.search"
    label = "search"
