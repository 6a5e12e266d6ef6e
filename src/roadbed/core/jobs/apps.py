"""Registers the app with Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """The `jobs` app."""

    name = "roadbed.core.jobs"
    label = "jobs"
