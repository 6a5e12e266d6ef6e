"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The `portal` module."""

    name = "roadbed.modules.portal"
    label = "portal"
