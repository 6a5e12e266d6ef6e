"""Registers the app with Django."""

from importlib import import_module

from django.apps import AppConfig


class TablesConfig(AppConfig):
    """The `tables` app."""

    name = "roadbed.core.tables"
    label = "tables"

    def ready(self) -> None:
        """Make the jobs known, and show the imports in the navigation."""
        from roadbed.core.workspaces import navigation
        from roadbed.core.workspaces.roles import Role

        import_module("roadbed.core.tables.tasks")
        navigation.register(
            navigation.Entry(label="Import", path="import/", group="Discover", order=90, role=Role.MAKER)
        )
