"""Registers the app with Django."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """The `files` app."""

    name = "roadbed.core.files"
    label = "files"
