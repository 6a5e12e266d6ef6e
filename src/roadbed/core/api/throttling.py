"""How often one token may ask."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from roadbed.core.accounts import keys
from roadbed.core.gates import services as gates

WINDOW = 60
BLOCKS = 40
"""A process takes a fortieth of the minute's allowance at once: one write for 30 requests, not one for each."""
DOOR = "api"


class _Tickets:
    """What this process has taken of each token's allowance and not used yet, for the current minute alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._left: dict[str, int] = {}

    def use(self, who: str, *, minute: int) -> bool:
        """Use a ticket, if one is left."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._left = minute, {}
            left = self._left.get(who, 0)
            self._left[who] = max(left - 1, 0)
            return left > 0

    def put(self, who: str, *, count: int) -> None:
        """Add tickets that were taken."""
        with self._lock:
            self._left[who] = self._left.get(who, 0) + count

    def forget(self) -> None:
        """Let go of every ticket."""
        with self._lock:
            self._left = {}


TICKETS = _Tickets()


class TokenThrottle(BaseThrottle):
    """Counts each token's requests by the minute, in all server processes together.

    People with a session are not counted.
    """

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether this request is still within the minute's allowance."""
        limit: int = settings.ROADBED_API_RATE
        sent = request.headers.get("Authorization", "")
        # Only tokens that open something: made-up ones are refused before, and shall not fill a table.
        if not limit or not sent or not getattr(request, "auth", None):
            return True
        now = time.time()
        who = keys.digest(sent)
        if TICKETS.use(who, minute=int(now) // WINDOW):
            return True
        for count in dict.fromkeys((max(1, limit // BLOCKS), 1)):
            try:
                gates.take(
                    door=DOOR,
                    who=who,
                    limit=gates.Limit(limit, timedelta(seconds=WINDOW)),
                    at=datetime.fromtimestamp(now, tz=UTC),
                    count=count,
                )
            except gates.TooOftenError:
                continue
            except OperationalError:
                return True  # the database is busy: the request will find that out by itself
            TICKETS.put(who, count=count - 1)
            return True
        return False

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return WINDOW - time.time() % WINDOW
