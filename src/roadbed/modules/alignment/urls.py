"""Addresses of alignment, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.modules.alignment.views import sessions

SESSION = "alignment/sessions/<int:number>/"
workspace_patterns: list[URLPattern] = [
    path("alignment/", sessions.index, name="sessions"),
    path("alignment/sessions/new/", sessions.create, name="session-new"),
    path(SESSION, sessions.show, name="session"),
    path(f"{SESSION}vote/", sessions.vote, name="session-vote"),
    path(f"{SESSION}open/", sessions.decide, {"deed": "open"}, name="session-open"),
    path(f"{SESSION}again/", sessions.decide, {"deed": "again"}, name="session-again"),
    path(f"{SESSION}close/", sessions.decide, {"deed": "close"}, name="session-close"),
    path(f"{SESSION}keep/", sessions.decide, {"deed": "keep"}, name="session-keep"),
]
