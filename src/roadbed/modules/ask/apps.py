"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class AskConfig(AppConfig):
    """The `ask` module."""

    name = "roadbed.modules.ask"
    label = "ask"
