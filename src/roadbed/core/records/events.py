"""Who hears of an activity: notices and webhooks register here; called within the writer's transaction."""

from __future__ import annotations

from collections.abc import Callable

from roadbed.core.records.models import Activity

Listener = Callable[[Activity], None]
_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` with each new activity, inside its transaction. It should only enqueue."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)


def announce(activity: Activity) -> None:
    """Tell every listener."""
    for listener in _LISTENERS:
        listener(activity)
