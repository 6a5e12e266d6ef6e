"""Registers the app with Django."""

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    """The `workspaces` app."""

    name = "roadbed.core.workspaces"
    label = "workspaces"
