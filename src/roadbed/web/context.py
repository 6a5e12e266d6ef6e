"""What a person chose for this browser: light or dark, single-key shortcuts on or off."""

from __future__ import annotations

from django.http import HttpRequest

THEME_COOKIE = "roadbed_theme"
SHORTCUTS_COOKIE = "roadbed_shortcuts"
THEMES = ("auto", "light", "dark")


def theme(request: HttpRequest | None) -> str:
    """Return the chosen scheme. It is a cookie so that the first paint is already right."""
    chosen = request.COOKIES.get(THEME_COOKIE, "auto") if request is not None else "auto"
    return chosen if chosen in THEMES else "auto"


def shortcuts(request: HttpRequest | None) -> str:
    """Return ``on`` or ``off``: single-key shortcuts can be switched off (WCAG 2.1.4)."""
    return "off" if request is not None and request.COOKIES.get(SHORTCUTS_COOKIE) == "off" else "on"
