"""Registers the app with Django."""

from django.apps import AppConfig


class GatesConfig(AppConfig):
    """Allowances and puzzles."""

    name = "roadbed.core.gates"
    label = "gates"

    def ready(self) -> None:
        """Make the nightly clearing known."""
        from roadbed.core.gates import tasks

        assert tasks  # noqa: S101 - imported for its registrations
