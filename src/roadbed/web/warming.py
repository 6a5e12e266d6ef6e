"""What a server process fetches into memory after its start, so that the first reader does not wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread

from django.db import connections

log = logging.getLogger(__name__)
_steps: dict[str, Callable[[], object]] = {}


def register(name: str, step: Callable[[], object]) -> None:
    """Have `step` called once in each server process, in the background; called from an app's `ready()`."""
    _steps[name] = step


def run() -> None:
    """Do every step; one that fails is noted, and costs its first reader the wait."""
    for name, step in _steps.items():
        try:
            step()
        except Exception:  # warming is a kindness: it must not take the server down
            log.warning("warming up %s failed", name, exc_info=True)


def start() -> Thread:
    """Do every step in a thread that no shutdown waits for."""
    thread = Thread(target=_run_and_hang_up, name="warming", daemon=True)
    thread.start()
    return thread


def _run_and_hang_up() -> None:
    try:
        run()
    finally:
        # A thread has connections of its own, and this one is not asked again.
        connections.close_all()
