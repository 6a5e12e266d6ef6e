"""Who hears that texts were read: what follows from meaning registers here."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[int], None]
_LISTENERS: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(workspace_id)` after new texts of a workspace were read. It should only enqueue."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)


def announce(workspace_id: int) -> None:
    """Tell every listener."""
    for listener in _LISTENERS:
        listener(workspace_id)
