"""A board on a domain of its own: the host leads to it, and to nothing else of the installation."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase

from roadbed.modules.portal.selectors import doors

KEPT_SECONDS = 30
Answer = Callable[[HttpRequest], HttpResponseBase]


@lru_cache(maxsize=8)
def _own_host(url: str) -> str:
    return (urlsplit(url).hostname or "localhost").lower()


def _board_of(host: str) -> tuple[str, str] | None:
    name = f"portal-domain:{host}"
    kept = cache.get(name)
    if kept is None:
        kept = doors.board_of_domain(domain=host) or ()
        cache.set(name, kept, KEPT_SECONDS)
    return (kept[0], kept[1]) if kept else None


def lead_domains_to_boards(get_response: Answer) -> Answer:
    """Answer the host names of boards with these boards. Which hosts are answered at all is the operator's setting."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        host = request.get_host().rpartition(":")[0] or request.get_host()
        host = host.lower()
        if host not in {_own_host(settings.ROADBED_URL), "localhost", "127.0.0.1", "[::1]", "testserver"}:
            found = _board_of(host)
            if found is not None and not request.path_info.startswith(settings.STATIC_URL):
                request.portal_domain = True  # type: ignore[attr-defined]  # the views read it back
                request.path_info = f"/p/{found[0]}/{found[1]}{request.path_info}"
        return get_response(request)

    return middleware
