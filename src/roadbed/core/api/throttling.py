"""How often one token may ask."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from roadbed.core.accounts import keys

WINDOW = 60


class TokenThrottle(BaseThrottle):
    """Counts each token's requests by the minute, in each server process. People with a session are not counted."""

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether this request is still within the minute's allowance."""
        limit: int = settings.ROADBED_API_RATE
        sent = request.headers.get("Authorization", "")
        if not limit or not sent:
            return True
        name = f"api-rate:{keys.digest(sent)}:{int(time.time()) // WINDOW}"
        cache.add(name, 0, timeout=2 * WINDOW)
        try:
            return cache.incr(name) <= limit
        except ValueError:  # thrown out of the cache in between
            return True

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return WINDOW - time.time() % WINDOW
