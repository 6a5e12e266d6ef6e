"""How often somebody out there may knock, counted in each server process."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from roadbed.core.accounts import keys


def caller(request: HttpRequest) -> str:
    """Return the address that a request came from; behind a proxy of ours, the one that the proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None) and forwarded:
        return forwarded.rpartition(",")[2].strip()[:60]
    return str(request.META.get("REMOTE_ADDR", ""))[:60]


def wait_for(*, name: str, most: int, window: int) -> int:
    """Count one knock; return how many seconds to wait where there were too many, and 0 where there were not.

    Parameters
    ----------
    window : int
        Seconds in which `most` are let in.
    """
    now = time.time()
    key = f"door:{keys.digest(name)}:{int(now) // window}"
    cache.add(key, 0, timeout=2 * window)
    try:
        count = cache.incr(key)
    except ValueError:  # thrown out of the cache in between
        return 0
    return 0 if count <= most else max(1, int(window - now % window))
