"""Registers the app with Django and with the navigation."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """The `records` app."""

    name = "roadbed.core.records"
    label = "records"

    def ready(self) -> None:
        """Put Today at the top of the navigation."""
        from roadbed.core.records import tasks, today
        from roadbed.core.workspaces import navigation

        assert tasks  # noqa: S101 - imported for its registrations
        navigation.register(navigation.Entry(label="Today", path="", order=0, count=today.count))
