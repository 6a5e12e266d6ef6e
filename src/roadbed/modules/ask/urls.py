"""Addresses of the module."""

from django.urls import URLPattern

workspace_patterns: list[URLPattern] = []
