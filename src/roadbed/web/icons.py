# ruff: noqa: E501 - a path is one word and cannot be broken
"""The icons: sixteen units square, drawn with one stroke, in the colour of the text around them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_PATHS = {
    "archive": "M2.5 4h11v2.5h-11zM3.5 6.5v6.5h9V6.5M6.5 9h3",
    "arrow-down": "M8 3v10M4 9l4 4 4-4",
    "arrow-left": "M13 8H3M7 4 3 8l4 4",
    "arrow-right": "M3 8h10M9 4l4 4-4 4",
    "arrow-up": "M8 13V3M4 7l4-4 4 4",
    "bell": "M8 2.5a4 4 0 0 1 4 4c0 3.5 1.2 4.5 1.2 4.5H2.8S4 10 4 6.5a4 4 0 0 1 4-4M6.5 13.5a1.6 1.6 0 0 0 3 0",
    "board": "M2.5 3h3v10h-3zM6.5 3h3v6h-3zM10.5 3h3v8h-3z",
    "bolt": "M9 2 3.5 9H8l-1 5 5.5-7H8z",
    "calendar": "M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3",
    "chart": "M2.5 13.5h11M4.5 11V8M8 11V4M11.5 11V6.5",
    "check": "m3 8.5 3.5 3.5L13 4.5",
    "chevron-down": "m4 6 4 4 4-4",
    "chevron-right": "m6 4 4 4-4 4",
    "circle": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11",
    "clock": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 5v3.2l2.2 1.3",
    "columns": "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
    "comment": "M2.5 3.5h11v7.5H7l-3 2.5V11H2.5z",
    "copy": "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
    "cross": "m4 4 8 8M12 4l-8 8",
    "download": "M8 2.5V10M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
    "edit": "m3 13 .6-2.8L11 2.8l2.2 2.2-7.4 7.4zM9.5 4.3l2.2 2.2",
    "eye": "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8M8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6",
    "file": "M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5",
    "filter": "M2.5 4h11M4.5 8h7M6.5 12h3",
    "flag": "M4 14V2.5h8l-2 3 2 3H4",
    "folder": "M2 4h4l1.5 2H14v7H2z",
    "grip": "M5.6 4a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M5.6 8a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M5.6 12a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M9.6 4a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M9.6 8a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M9.6 12a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0",
    "help": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M6.4 6.4a1.7 1.7 0 1 1 2.4 1.7c-.5.3-.8.6-.8 1.2M8 11.3h.01",
    "inbox": "M2.5 9.5 4 3.5h8l1.5 6v3.5h-11zM2.5 9.5H6c0 1 .8 1.8 2 1.8s2-.8 2-1.8h3.5",
    "info": "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8 7.5V11M8 5.2h.01",
    "link": "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.9-.9",
    "list": "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
    "menu": "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    "merge": "M4 2.5v11M4 5c0 4 8 2 8 6v2.5M9.8 11.3 12 13.5l2.2-2.2",
    "minus": "M3 8h10",
    "moon": "M13 9.5A5.5 5.5 0 1 1 6.5 3a4.3 4.3 0 0 0 6.5 6.5",
    "more": "M3.1 8a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M7.6 8a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0M12.1 8a.4.4 0 1 1 .8 0 .4.4 0 0 1-.8 0",
    "people": "M6 3a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 6 3M2 13c0-2.4 1.8-4 4-4s4 1.6 4 4M10.5 3.3a2 2 0 0 1 0 3.8M11.5 9.3c1.5.5 2.5 1.9 2.5 3.7",
    "person": "M8 2.8a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M3 13.5c0-2.8 2.2-4.3 5-4.3s5 1.5 5 4.3",
    "pin": "M8 9.5V14M5 2.5h6M5.8 2.5v4L4 9.5h8l-1.8-3v-4",
    "play": "M5 3.5v9l7-4.5z",
    "plus": "M8 3v10M3 8h10",
    "quote": "M3 11V8c0-2 1-3.2 3-3.8M9 11V8c0-2 1-3.2 3-3.8M3 8.5h3V11H3zM9 8.5h3V11H9z",
    "refresh": "M13 3v3.5H9.5M3 13V9.5h3.5M12.7 6.5A5 5 0 0 0 3.6 6M3.3 9.5a5 5 0 0 0 9.1.5",
    "roadmap": "M2.5 4h6M5.5 8h7M4 12h5",
    "search": "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.2 3.2",
    "send": "M13.5 2.5 2.5 7l4.5 2 2 4.5zM7 9l3-3",
    "settings": "M2.5 5h6M12 5h1.5M2.5 11H4M7.5 11h6M10.2 3.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6M5.8 9.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6",
    "sign-out": "M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
    "sort": "m4 6.5 4 4 4-4",
    "sparkle": "M8 2.5 9.3 6.7 13.5 8 9.3 9.3 8 13.5 6.7 9.3 2.5 8l4.2-1.3z",
    "star": "m8 2.5 1.7 3.6 3.8.5-2.8 2.7.7 3.9L8 11.3l-3.4 1.9.7-3.9L2.5 6.6l3.8-.5z",
    "sun": "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7",
    "table": "M2.5 3h11v10h-11zM2.5 6.3h11M2.5 9.7h11M6.2 3v10",
    "tag": "M2.5 2.5H8l5.5 5.5-5.5 5.5L2.5 8zM5.2 5.2h.01",
    "trash": "M3 4.5h10M6 4.5V3h4v1.5M4.2 4.5l.6 9h6.4l.6-9M6.8 7v4M9.2 7v4",
    "tree": "M2.5 3h4v3h-4zM9.5 6.5h4v3h-4zM9.5 11h4v3h-4zM4.5 6v6.5h5M4.5 8h5",
    "undo": "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M5.5 4 3 6.5 5.5 9",
    "upload": "M8 10.5V3M4.8 6 8 2.8 11.2 6M2.5 13.5h11",
    "warning": "M8 2.5 14 13H2zM8 6.5v3M8 11.3h.01",
}

NAMES = tuple(sorted(_PATHS))


def icon(name: str, *, label: str = "", small: bool = False) -> SafeString:
    """Return the icon; without a label it is an ornament and hidden from screen readers."""
    classes = "icon icon--small" if small else "icon"
    path = mark_safe(_PATHS[name])  # noqa: S308 - a literal of this file
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 16 16" role="img" aria-label="{}"><path d="{}"/></svg>',
            classes,
            label,
            path,
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', classes, path
    )
