"""Registers the app with Django."""

from django.apps import AppConfig


class VectorsConfig(AppConfig):
    """The `vectors` app."""

    name = "roadbed.core.vectors"
    label = "vectors"
