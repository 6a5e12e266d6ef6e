"""Speaking HTTP to a tracker: JSON, limits and refusals, through the guard against forged addresses."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from roadbed.core import net
from roadbed.modules.trackers.services.connectors.base import TrackerError, UnsignedError, WaitError

ANSWER_MOST = 32 * 1024 * 1024
SECONDS = 40.0
REDIRECTS = frozenset({301, 302, 307, 308})
GONE = frozenset({404, 410})
WITHOUT_RESET = timedelta(minutes=1)
WAIT_MOST = timedelta(hours=2)
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tracker answered."""

    status: int
    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing there (any more), or nothing that we may see."""
        return self.status in GONE

    def link(self, rel: str) -> bool:
        """Whether a Link header leads on."""
        return f'rel="{rel}"' in self.headers.get("link", "")


def moment(text: Any) -> datetime:
    """Read a time as trackers write it."""
    words = str(text or "")
    if len(words) > 5 and words[-5] in "+-" and words[-3] != ":":  # Jira writes +0000
        words = f"{words[:-2]}:{words[-2:]}"
    try:
        read = datetime.fromisoformat(words)
    except ValueError as error:
        raise TrackerError(f"“{words[:40]}” is not a time.") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def clean(text: Any) -> str:
    """Return Markdown as we compare it: one sort of line end, no blanks around."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip() if isinstance(text, str) else ""


def check_hmac(*, body: bytes, secret: str, given: str, prefix: str = "", name: str) -> None:
    """Compare a signature in constant time.

    Raises
    ------
    UnsignedError
        If it is missing or wrong, or there is no secret to check it with.
    """
    wanted = prefix + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise UnsignedError(f"{name} is missing, or does not fit.")


def read_object(body: bytes) -> dict[str, Any]:
    """Read a webhook's body.

    Raises
    ------
    ValueError
        If it is no JSON object.
    """
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("It is nested too deeply.") from error
    if not isinstance(found, dict):
        raise ValueError("An object is wanted.")
    return found


class Caller:
    """Calls one tracker, at a pace it can bear."""

    def __init__(
        self, *, name: str, base: str, headers: Mapping[str, str], now: Now, write_gap: float = 0.0
    ) -> None:
        self.name, self.base, self._now = name, base.rstrip("/"), now
        self._headers = {"User-Agent": "Roadbed", "Accept": "application/json", **headers}
        self._write_gap, self._wrote = write_gap, 0.0

    def now(self) -> datetime:
        """The present moment."""
        return self._now()

    def address(self, path: str, query: Mapping[str, Any] | None = None) -> str:
        """Return the address of a path, with a query."""
        asked = [(name, value) for name, value in (query or {}).items() if value not in ("", None)]
        place = path if path.startswith(("https://", "http://")) else f"{self.base}/{path.lstrip('/')}"
        return place + (f"?{urlencode(asked, doseq=True)}" if asked else "")

    def call(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        may: frozenset[int] = frozenset(),
        follow: bool = True,
    ) -> Answer:
        """Call a path and return a good answer, a 304, one that says there is nothing, or one of those that `may` be.

        Raises
        ------
        WaitError
            If the tracker asks us to come back later.
        TrackerError
            If it answers anything else, or not at all.
        """
        url = self.address(path, query)
        first = urlsplit(url)
        sent = {**self._headers, **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        for _ in range(4):
            if verb != "GET":
                self._pace()
            answer = self._once(verb, url, data, sent)
            if answer.status not in REDIRECTS or not follow:
                return self._judge(answer, may=may)
            url = urljoin(url, answer.headers.get("location", ""))
            if urlsplit(url)[:2] != first[:2]:
                raise TrackerError(f"{self.name} sent us to another host. Check the address.")
        raise TrackerError(f"{self.name} sent us in circles.")

    def graphql(self, path: str, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a GraphQL question and return its data.

        Raises
        ------
        WaitError, TrackerError
            As `call`; also where the answer holds errors.
        """
        answer = self.call("POST", path, body={"query": query, "variables": variables}, may=frozenset({400}))
        content = answer.content if isinstance(answer.content, dict) else {}
        errors = content.get("errors") or []
        codes = {str(_code(each)).upper() for each in errors if isinstance(each, dict)}
        if codes & {"RATE_LIMITED", "RATELIMITED"}:
            raise WaitError(f"{self.name} asks us to wait.", until=self._until(answer.headers))
        if errors or answer.status != 200:
            words = "; ".join(str(each.get("message", "")) for each in errors if isinstance(each, dict))
            raise TrackerError(f"{self.name}: {words or 'it cannot answer this'}"[:380])
        data = content.get("data")
        return data if isinstance(data, dict) else {}

    def _pace(self) -> None:
        left = self._write_gap - (time.monotonic() - self._wrote)
        if left > 0:
            time.sleep(left)
        self._wrote = time.monotonic()

    def _once(self, verb: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            got = net.call(verb, url, headers=headers, body=data, total=SECONDS, most=ANSWER_MOST)
        except net.RefusedAddressError as error:
            raise TrackerError(str(error)) from error
        except net.CallFailedError as error:
            raise TrackerError(f"{self.name} does not answer: {error}") from error
        content: Any = None
        if got.body and got.status != 304:
            try:
                content = json.loads(got.body)
            except (ValueError, RecursionError) as error:
                if got.status < 400:
                    raise TrackerError(
                        f"{self.name}’s answer is not JSON. Check the address of the API."
                    ) from error
        return Answer(status=got.status, content=content, headers=got.headers, url=url)

    def _judge(self, answer: Answer, *, may: frozenset[int]) -> Answer:
        self._refuse_limit(answer)
        if answer.status < 300 or answer.status == 304 or answer.status in GONE or answer.status in may:
            return answer
        said = words_of(answer.content)
        if answer.status == 401:
            raise TrackerError(
                f"{self.name} does not know the token (401). It may have ended; type in a new one."
            )
        if answer.status == 403:
            raise TrackerError(f"{self.name} refuses (403): the token may not do this. {said}".strip()[:380])
        raise TrackerError(f"{self.name} answered {answer.status}. {said}".strip()[:380])

    def _refuse_limit(self, answer: Answer) -> None:
        if answer.status not in {403, 429}:
            return
        headers = answer.headers
        spent = headers.get("x-ratelimit-remaining") == "0" or headers.get("ratelimit-remaining") == "0"
        words = words_of(answer.content).lower()
        if answer.status == 429 or spent or "retry-after" in headers or "rate limit" in words:
            until = self._until(headers)
            raise WaitError(f"{self.name} asks us to wait until {until:%H:%M} UTC.", until=until)

    def _until(self, headers: Mapping[str, str]) -> datetime:
        """Read when to come back: Retry-After in seconds or as a date, else one of the Reset headers."""
        now = self._now()
        after = headers.get("retry-after", "")
        until = now + WITHOUT_RESET
        if after.isdecimal() and len(after) < 7:
            until = now + timedelta(seconds=int(after))
        elif after:
            with contextlib.suppress(ValueError):
                until = parsedate_to_datetime(after)
        else:
            resets = [
                found
                for name in (
                    "x-ratelimit-reset",
                    "ratelimit-reset",
                    "x-ratelimit-requests-reset",
                    "x-ratelimit-complexity-reset",
                )
                if (found := _reset(headers.get(name, ""))) is not None and found > now
            ]
            until = min(resets, default=until)
        if until.tzinfo is None:
            until = until.replace(tzinfo=UTC)
        return min(max(until, now + timedelta(seconds=1)), now + WAIT_MOST)


def _reset(text: str) -> datetime | None:
    """Read a moment: seconds or milliseconds since 1970, or ISO."""
    if text.isdecimal() and len(text) < 15:
        number = int(text)
        return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _code(error: Mapping[str, Any]) -> Any:
    extensions = error.get("extensions")
    inner = extensions.get("code") if isinstance(extensions, dict) else None
    return inner or error.get("type") or ""


def words_of(content: Any) -> str:
    """Return what an error says, however the tracker says it."""
    if not isinstance(content, dict):
        return ""
    found: list[str] = []
    for name in ("message", "error", "error_description"):
        value = content.get(name)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, (dict, list)):
            found.append(json.dumps(value)[:200])
    messages = content.get("errorMessages")
    if isinstance(messages, list):
        found += [str(each) for each in messages]
    errors = content.get("errors")
    if isinstance(errors, dict):
        found += [f"{name}: {value}" for name, value in errors.items()]
    elif isinstance(errors, list):
        found += [
            str(each.get("message") or each.get("code") or "") for each in errors if isinstance(each, dict)
        ]
    return " ".join(each for each in found if each)[:300]
