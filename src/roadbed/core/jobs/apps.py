"""Registers the app with Django, with the doctor and with itself."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The `jobs` app."""

    name = "roadbed.core.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Make the housekeeping and the checks known."""
        from roadbed.core import doctor
        from roadbed.core.jobs import checks, tasks
        from roadbed.core.workspaces import settings_tabs

        assert tasks  # noqa: S101 - imported for its registrations
        doctor.register("worker", checks.check_worker, about="A worker runs.", needs=("database",))
        settings_tabs.register(settings_tabs.Tab(label="Jobs", path="jobs/", group="Data", order=90))
        doctor.register("jobs", checks.check_stranded, about="No job is stranded.", needs=("database",))
