"""Registers the app with Django."""

from django.apps import AppConfig


class VectorsConfig(AppConfig):
    """The `vectors` app."""

    name = "roadbed.core.vectors"
    label = "vectors"

    def ready(self) -> None:
        """Register the jobs and the doctor's check."""
        from roadbed.core import doctor
        from roadbed.core.vectors import checks, tasks  # noqa: F401 - importing registers the jobs

        doctor.register(
            "vectors",
            checks.check_vectors,
            about="Every text has been read for meaning, with a model that is installed.",
            needs=("database",),
        )
