"""The registry of what may wait for a member. Apps add theirs when Django starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from roadbed.core.workspaces.access import Access


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: how many, what, and where to go. Zero waits for nobody and is not shown."""

    count: int
    text: str
    url: str
    detail: str = ""
    tone: str = ""
    order: int = 100


Waiter = Callable[[Access, datetime], list[Waiting]]
_WAITERS: list[Waiter] = []


def register(waiter: Waiter) -> None:
    """Ask `waiter(access, now)` each time Today is opened; it must be quick."""
    if waiter not in _WAITERS:
        _WAITERS.append(waiter)


def waiting(*, access: Access, now: datetime) -> list[Waiting]:
    """Everything that waits for the member, the most pressing first."""
    found = [item for waiter in _WAITERS for item in waiter(access, now) if item.count > 0]
    return sorted(found, key=lambda item: (item.order, item.text))


def count(access: Access) -> int:
    """How many kinds of things wait, for the navigation; cheap counters only."""
    return len(waiting(access=access, now=timezone.now()))
