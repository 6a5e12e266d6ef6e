"""Registers the web parts with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, components and static files."""

    name = "roadbed.web"
    label = "web"
