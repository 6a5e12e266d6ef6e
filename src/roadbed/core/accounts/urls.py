"""Addresses of signing in that are not allauth's."""

from django.urls import URLPattern, path

from roadbed.core.accounts import views

root_patterns: list[URLPattern] = [
    path("sign-in/<slug:secret>/", views.sign_in_link, name="sign-in-link"),
    path("accounts/sessions/<int:session_id>/end/", views.end_session, name="session-end"),
]
urlpatterns = root_patterns
"""By Django's own name, so that a link to one of them needs no others."""
