"""GitHub's REST API, as far as issues go: pages, unchanged answers, and being asked to wait."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from roadbed.core import net
from roadbed.modules.insights.services.polling import FetchError, WaitError

ANSWER_MOST = 32 * 1024 * 1024
SECONDS = 40.0
NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
REDIRECTS = frozenset({301, 302, 307, 308})
WITHOUT_RESET = timedelta(minutes=1)
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    status: int
    content: Any
    etag: str = ""
    has_next: bool = False
    url: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing is different since the answer with the same mark."""
        return self.status == 304


class Client:
    """Asks one repository."""

    def __init__(self, *, api: str, repository: str, token: str, now: Callable[[], datetime]) -> None:
        self.api, self.repository, self._now = api.rstrip("/"), repository, now
        self._headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "Roadbed",
        }
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def address(self, path: str, **query: str | int) -> str:
        """Return the address of something in the repository."""
        asked = {name: value for name, value in query.items() if value not in ("", None)}
        return f"{self.api}/repos/{self.repository}/{path}" + (f"?{urlencode(asked)}" if asked else "")

    def get(self, url: str, *, etag: str = "") -> Page:
        """Ask for an address; the answer may be 200, 304, 404 or 410.

        Raises
        ------
        WaitError
            If the limit is reached.
        FetchError
            If it answers anything else, or not at all.
        """
        headers = {**self._headers, "If-None-Match": etag} if etag else self._headers
        first = urlsplit(url)
        for _ in range(4):
            answer = self._call(url, headers)
            if answer.status not in REDIRECTS:
                break
            url = urljoin(url, answer.headers.get("location", ""))
            if urlsplit(url)[:2] != first[:2]:
                raise FetchError("GitHub sent us to another host. Check the address of the API.")
        else:
            raise FetchError("GitHub sent us in circles.")
        return self._page(url, answer)

    def _call(self, url: str, headers: dict[str, str]) -> net.Answer:
        try:
            return net.get(url, headers=headers, total=SECONDS, most=ANSWER_MOST)
        except net.RefusedAddressError as error:
            raise FetchError(str(error)) from error
        except net.CallFailedError as error:
            raise FetchError(f"GitHub does not answer: {error}") from error

    def _page(self, url: str, answer: net.Answer) -> Page:
        self._refuse_limit(answer)
        if answer.status in {304, *GONE}:
            return Page(status=answer.status, content=None, etag=answer.headers.get("etag", ""), url=url)
        if answer.status == 401:
            raise FetchError("GitHub does not know the token (401). It may have ended; type in a new one.")
        if answer.status == 403:
            raise FetchError("GitHub refuses (403): the token may not read this repository’s issues.")
        if answer.status != 200:
            raise FetchError(f"GitHub answered {answer.status}.")
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise FetchError("GitHub’s answer is not JSON. Check the address of the API.") from error
        return Page(
            status=200,
            content=content,
            etag=answer.headers.get("etag", ""),
            has_next=bool(NEXT.search(answer.headers.get("link", ""))),
            url=url,
        )

    def _refuse_limit(self, answer: net.Answer) -> None:
        """Both limits: the hour's requests (remaining 0, reset) and the secondary one (Retry-After)."""
        if answer.status not in {403, 429}:
            return
        headers = answer.headers
        after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
        now = self._now()
        if after.isdecimal() and len(after) < 7:
            until = now + timedelta(seconds=int(after))
        elif headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal() and len(reset) < 12:
            until = datetime.fromtimestamp(int(reset), UTC)
        elif answer.status == 429 or "rate limit" in answer.body.lower():
            until = now + WITHOUT_RESET
        else:
            return
        until = min(max(until, now), now + timedelta(hours=2))
        raise WaitError(f"GitHub asks us to wait until {until:%H:%M} UTC.", until=until)
