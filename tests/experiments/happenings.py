"""Events for tests: users over eight weeks, exposures of one flag, orders that the new way makes a little larger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from roadbed.analytics.events import compaction
from roadbed.analytics.events.event import EXPOSURE, Event
from roadbed.analytics.events.store import EventStore
from roadbed.modules.experiments import services

END = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WEEKS, USERS = 8, 240


def events() -> list[Event]:
    """Visits of every user from a first day on, orders after some, and who was shown which variant."""
    chance = np.random.default_rng(11)
    found: list[Event] = []
    for user in range(USERS):
        unit = f"u{user}"
        first = END - timedelta(weeks=WEEKS) + timedelta(hours=float(chance.uniform(0, WEEKS * 7 * 24 - 1)))
        variant = "new" if user % 2 else "old"
        found.append(
            Event(
                f"x{user}", EXPOSURE, first, unit, flag="checkout", variant=variant, environment="production",
                attributes='{"country":"NL"}' if user % 3 else '{"country":"DE"}',
            )
        )  # fmt: skip
        for visit in range(6):
            at = first + timedelta(days=2 * visit, minutes=5)
            if at >= END:
                break
            found.append(Event(f"v{user}-{visit}", "visit", at, unit, environment="production"))
            if chance.uniform() < 0.3:
                paid = round(float(chance.gamma(2.0, 12.0)) * (1.15 if variant == "new" else 1.0), 2)
                found.append(Event(f"o{user}-{visit}", "order", at + timedelta(minutes=20), unit, value=paid))
    return found


def fill(workspace_id: int, *, moves: bool = True) -> EventStore:
    """Put the events into the workspace's store."""
    store = EventStore(services.events_folder(workspace_id))
    store.append(events(), key="all", received_at=END)
    if moves:
        compaction.compact(store, now=END)
    return store
