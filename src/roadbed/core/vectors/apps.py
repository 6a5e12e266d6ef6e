"""Registers the app with Django."""

from django.apps import AppConfig


class VectorsConfig(AppConfig):
    """The `vectors` app."""

    name = "roadbed.core.vectors"
    label = "vectors"

    def ready(self) -> None:
        """Register the jobs, the doctor's check, and what a server process loads after its start."""
        from roadbed.core import doctor
        from roadbed.core.vectors import checks, selectors, tasks  # noqa: F401 - importing registers the jobs
        from roadbed.web import warming

        doctor.register(
            "vectors",
            checks.check_vectors,
            about="Every text has been read for meaning, with a model that is installed.",
            needs=("database",),
        )
        warming.register("meaning", selectors.warm)
