"""The flag server: what it answers on the wire, without a database, and to real clients."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from roadbed.config.ofrep.app import FlagServer
from roadbed.config.ofrep.store import Store, digest

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SERVER, BROWSER = "rbs_secret", "rbb_public"
DOCUMENT = {
    "format": "roadbed-flags/1",
    "environment": "production",
    "flags": {
        "new-map": {
            "type": "boolean",
            "default": "off",
            "rules": [{"id": "r1", "condition": {"country": "CA"}, "variant": "on"}],
        },
        "ratio": {"type": "float", "variants": {"one": 1}, "default": "one"},
        "limit": {"type": "integer", "variants": {"ten": 10}, "default": "ten"},
        "words": {"type": "string", "variants": {"a": "A"}},
        "shape": {"type": "json", "variants": {"s": {"sides": 4}}, "default": "s"},
        "off": {"type": "boolean", "on": False, "off": "off"},
        "ramped": {
            "default": "off",
            "rules": [
                {
                    "id": "r",
                    "variant": "on",
                    "ramp": {
                        "steps": [{"share": 0.0, "seconds": 60}, {"share": 1.0}],
                        "started_at": NOW.isoformat(),
                    },
                }
            ],
        },
    },
}


class Database:
    """Stands for the database: it can be changed, and it can be away."""

    def __init__(self) -> None:
        self.revision, self.document, self.is_away = 1, dict(DOCUMENT), False
        self.now = NOW
        self.keys = [
            {"key_hash": digest(SERVER), "kind": "server", "origins": []},
            {"key_hash": digest(BROWSER), "kind": "browser", "origins": ["https://app.example"]},
        ]

    def revisions(self) -> Mapping[int, int]:
        if self.is_away:
            raise ConnectionError("away")
        return {7: self.revision}

    def fetch(self, environment_id: int) -> Mapping[str, Any]:
        return {
            "environment_id": environment_id,
            "revision": self.revision,
            "changed_at": NOW.isoformat(),
            "document": self.document,
            "keys": self.keys,
        }

    def store(self, folder: Any) -> Store:
        return Store(revisions=self.revisions, fetch=self.fetch, folder=folder, clock=lambda: self.now)


class Wire:
    """Asks the app as a server would."""

    def __init__(self, app: FlagServer) -> None:
        self.app = app

    def ask(
        self, path: str, body: Any = None, *, method: str = "POST", key: str = SERVER, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent.setdefault("authorization", f"Bearer {key}")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        found = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        whole = b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0]["status"], found, json.loads(whole) if whole else None

    def flag(self, key: str, **context: Any) -> tuple[int, Any]:
        status, _, body = self.ask(f"/ofrep/v1/evaluate/flags/{key}", {"context": context})
        return status, body


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def wire(database, tmp_path) -> Iterator[Wire]:
    store = database.store(tmp_path)
    store.refresh()
    yield Wire(FlagServer(store))
    store.stop()


class TestOneFlag:
    def test_every_type_goes_over_as_itself(self, wire):
        assert wire.flag("new-map", country="CA") == (
            200,
            {"key": "new-map", "reason": "TARGETING_MATCH", "variant": "on", "value": True,
             "metadata": {"why": "rule", "rule": "r1"}},
        )  # fmt: skip
        status, headers, _ = wire.ask("/ofrep/v1/evaluate/flags/ratio")
        assert (status, headers["content-type"]) == (200, "application/json")
        assert [wire.flag(key)[1]["value"] for key in ("limit", "shape")] == [10, {"sides": 4}]

    def test_a_float_keeps_its_point(self, wire):
        _, body = wire.flag("ratio")
        assert isinstance(body["value"], float)

    def test_the_codes_own_default_is_a_value_left_out(self, wire):
        _, body = wire.flag("words")
        assert "value" not in body
        assert (body["variant"], body["reason"]) == (None, "STATIC")
        assert wire.flag("off")[1]["reason"] == "DISABLED"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "PARSE_ERROR"),
            (b"[1]", 400, "PARSE_ERROR"),
            (b'{"context": [1]}', 400, "INVALID_CONTEXT"),
            (b"[" * 100_000, 400, "PARSE_ERROR"),
            (b'{"context": {"a": "' + b"x" * 3_000_000 + b'"}}', 413, "INVALID_CONTEXT"),
        ],
    )
    def test_bad_input_is_answered_clearly(self, wire, body, status, code):
        found, _, said = wire.ask("/ofrep/v1/evaluate/flags/new-map", body)
        assert (found, said["errorCode"], said["key"]) == (status, code, "new-map")
        assert said["errorDetails"]

    def test_a_context_of_one_megabyte_is_answered(self, wire):
        assert wire.flag("new-map", country="CA", more="x" * 1_000_000)[1]["value"] is True
        assert wire.flag("new-map", targetingKey="\ud800")[0] == 200

    def test_an_unknown_flag_is_named(self, wire):
        status, body = wire.flag("nope")
        assert (status, body["key"], body["errorCode"]) == (404, "nope", "FLAG_NOT_FOUND")
        assert wire.flag("a/b c")[0] == 404

    def test_keys_open_and_shut(self, wire):
        path = "/ofrep/v1/evaluate/flags/new-map"
        assert wire.ask(path, key="")[0] == 401
        assert wire.ask(path, key="wrong")[0] == 403
        assert wire.ask(path, key="", x_api_key=SERVER)[0] == 200
        assert wire.ask(path, method="GET")[0] == 405


class TestAllFlags:
    def test_the_tag_covers_context_and_result(self, wire, database):
        path = "/ofrep/v1/evaluate/flags"
        status, headers, body = wire.ask(path, {"context": {"country": "CA"}})
        assert status == 200
        assert {flag["key"]: flag["variant"] for flag in body["flags"]}["new-map"] == "on"
        again, kept, nothing = wire.ask(path, {"context": {"country": "CA"}}, if_none_match=headers["etag"])
        assert (again, kept["etag"], nothing) == (304, headers["etag"], None)
        other, _, body = wire.ask(path, {"context": {"country": "NL"}}, if_none_match=headers["etag"])
        assert (other, {flag["key"]: flag["variant"] for flag in body["flags"]}["new-map"]) == (200, "off")
        assert body["eventStreams"][0]["endpoint"]["requestUri"].startswith("/ofrep/v1/stream/")

    def test_browsers_may_ask_from_where_the_key_allows(self, wire):
        path, origin = "/ofrep/v1/evaluate/flags", "https://app.example"
        status, headers, _ = wire.ask(path, method="OPTIONS", key="", origin=origin)
        assert (status, headers["access-control-allow-origin"]) == (204, origin)
        assert "If-None-Match" in headers["access-control-allow-headers"]
        status, headers, body = wire.ask(path, key=BROWSER, origin=origin)
        assert status == 200
        assert "ETag" in headers["access-control-expose-headers"]
        assert all(flag["metadata"] == {} for flag in body["flags"]), "a public key is told no rules"
        assert wire.ask(path, key=BROWSER, origin="https://elsewhere.example")[0] == 403
        assert wire.ask(path, key=SERVER, origin=origin)[0] == 403


class TestChange:
    def test_what_is_published_is_answered_and_its_listeners_told(self, wire, database):
        told = threading.Event()

        async def listen() -> None:
            stream = next(iter(wire.app.store.streams))
            messages: list[bytes] = []
            gone = asyncio.Event()

            async def receive() -> dict[str, Any]:
                await gone.wait()
                return {"type": "http.disconnect"}

            async def send(message: Any) -> None:
                messages.append(message.get("body", b""))
                if b"refetchEvaluation" in messages[-1]:
                    told.set()
                    gone.set()

            scope = {"type": "http", "method": "GET", "path": f"/ofrep/v1/stream/{stream}", "headers": []}
            task = asyncio.ensure_future(wire.app(scope, receive, send))
            await asyncio.sleep(0.05)
            database.document = {
                **DOCUMENT,
                "flags": {**DOCUMENT["flags"], "new-map": {"type": "boolean", "default": "on"}},
            }
            database.revision += 1
            await asyncio.to_thread(wire.app.store.refresh)
            await asyncio.wait_for(task, 5)

        asyncio.run(listen())
        assert told.is_set()
        assert wire.flag("new-map")[1]["variant"] == "on"

    def test_a_revoked_key_opens_nothing(self, wire, database):
        database.keys = database.keys[1:]
        database.revision += 1
        wire.app.store.refresh()
        assert wire.flag("new-map")[0] == 403

    def test_time_alone_moves_a_ramp(self, wire, database):
        assert wire.flag("ramped", targetingKey="u")[1]["variant"] == "off"
        database.now = NOW.replace(minute=2)
        wire.app.store.refresh()
        assert wire.flag("ramped", targetingKey="u")[1]["variant"] == "on"

    def test_it_answers_while_the_database_is_away_and_starts_without_one(self, wire, database, tmp_path):
        database.is_away = True
        with pytest.raises(ConnectionError):
            wire.app.store.refresh()
        assert wire.flag("new-map", country="CA")[1]["value"] is True
        cold = database.store(tmp_path)
        cold.start()
        try:
            assert Wire(FlagServer(cold)).flag("new-map", country="CA")[1]["value"] is True
        finally:
            cold.stop()
        assert (tmp_path / "flags-snapshot.json").stat().st_mode & 0o777 == 0o600
