"""Registers the web parts with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates, components and static files."""

    name = "roadbed.web"
    label = "web"

    def ready(self) -> None:
        """Have each server process draw its first chart before somebody asks for one."""
        from roadbed.web import charts, warming

        warming.register("charts", charts.warm)
