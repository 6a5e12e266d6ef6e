"""What the servers have in common: a thread, what was asked, limits, breakdowns, and a clock."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

START = datetime(2026, 10, 1, tzinfo=UTC)


class Tracker(http.server.ThreadingHTTPServer):
    """A tracker. `tick` is its clock: each change is a minute later than the one before, or as `clock` says."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.written: list[tuple[str, str, Any]] = []
        self.token = ""
        self.limit: tuple[int, dict[str, str], Any] | None = None
        self.limit_after = 10**9
        self.read_only = False
        self.breaks_after = 10**9
        self.before: Callable[[str, str], None] | None = None
        self.after: Callable[[str, str], None] | None = None
        self.clock: Callable[[], datetime] | None = None
        self._minutes = 0
        self._last = START
        super().__init__(("127.0.0.1", 0), Answerer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def tick(self) -> datetime:
        if self.clock is not None:
            self._last = max(self.clock(), self._last + timedelta(seconds=1))
            return self._last
        self._minutes += 1
        return START + timedelta(minutes=self._minutes)

    def answer(
        self, verb: str, path: str, query: dict[str, list[str]], body: Any, headers: Any
    ) -> tuple[int, Any, dict[str, str]]:
        raise NotImplementedError

    def run(self) -> None:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Answerer(http.server.BaseHTTPRequestHandler):
    """Answers for a tracker."""

    server: Tracker

    def log_message(self, format: str, *args: Any) -> None:
        return

    def _do(self) -> None:
        tracker, parts = self.server, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        if tracker.before is not None:
            tracker.before(self.command, self.path)
        tracker.asked.append((self.command, self.path))
        status, content, headers = self._answer(tracker, parts.path, parse_qs(parts.query), body)
        if (
            self.command != "GET"
            and status < 300
            and not parts.path.endswith(("/graphql", "/jql", "/search"))
        ):
            tracker.written.append((self.command, parts.path, body))
        if tracker.after is not None:
            tracker.after(self.command, self.path)
        data = b"" if status in {204, 304} else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _answer(
        self, tracker: Tracker, path: str, query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        if tracker.limit is not None and len(tracker.asked) > tracker.limit_after:
            status, headers, content = tracker.limit
            return status, content, headers
        if len(tracker.asked) > tracker.breaks_after:
            return 502, {"message": "Bad gateway"}, {}
        return tracker.answer(self.command, path, query, body, self.headers)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815 - http.server calls them so
