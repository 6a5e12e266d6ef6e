"""Registers the module with Django and with the core's registries."""

from django.apps import AppConfig


class RoadmapConfig(AppConfig):
    """The `roadmap` module."""

    name = "roadbed.modules.roadmap"
    label = "roadmap"
