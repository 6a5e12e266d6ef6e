"""Addresses of jobs, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.core.jobs import views

workspace_patterns: list[URLPattern] = [
    path("jobs/", views.show_all, name="jobs"),
    path("jobs/<int:job_id>/", views.show, name="job"),
    path("jobs/<int:job_id>/progress/", views.progress, name="job-progress"),
    path("jobs/<int:job_id>/cancel/", views.cancel, name="job-cancel"),
    path("jobs/<int:job_id>/retry/", views.retry, name="job-retry"),
]
