"""The ASGI app of the flag server: evaluation of one flag and of all, and the stream of changes.

References
----------
.. [1] OpenFeature, Remote Evaluation Protocol 0.3.0 (service/openapi.yaml), and its decisions 8 to 10 on event streams.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from roadbed.config.ofrep import wire
from roadbed.config.ofrep.exposures import Exposures
from roadbed.config.ofrep.store import Entry, Opening, Store

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

PREFIX = "/ofrep/v1/"
FLAGS = "/ofrep/v1/evaluate/flags"
STREAM = "/ofrep/v1/stream/"
LARGEST = 2 * 1024 * 1024
"""Bytes of a body: a context of one megabyte is answered, a longer one than two is refused."""
PING_SECONDS = 15.0
READY_SECONDS = 3.0
INACTIVITY_SECONDS = 120
ALLOWED = b"Content-Type, If-None-Match, Authorization, X-API-Key"


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, code: str, details: str) -> None:
        self.status, self.code, self.details = status, code, details
        super().__init__(details)


class FlagServer:
    """The app. All it needs is a store; with `exposures` it notes what it gave to whom, where that is asked for."""

    def __init__(self, store: Store, exposures: Exposures | None = None) -> None:
        self.store, self.exposures = store, exposures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        method, path = scope["method"], scope["path"]
        origin = headers.get(b"origin")
        if method == "OPTIONS":
            await _answer(send, 204, b"", _preflight(origin))
            return
        key = path[len(FLAGS) + 1 :] if path.startswith(FLAGS + "/") else ""
        cors: Headers = []
        try:
            if path.startswith(STREAM):
                _only(method, "GET")
                await self._stream(path[len(STREAM) :], origin, receive, send)
                return
            if path != FLAGS and not key:
                raise RefusedError(
                    404, "GENERAL", "There is nothing here. OFREP is under /ofrep/v1/evaluate/flags."
                )
            _only(method, "POST")
            opening = await self._open(headers)
            cors = _cors(opening, origin)
            context = _context(await _body(receive, headers))
            entry = self.store.entries[opening.entry_id]
            if entry.compiled.reads_time:
                context.setdefault("currentTime", datetime.now(UTC).isoformat())
            if key:
                await self._one(entry, opening, key, context, cors, send)
            else:
                await self._all(entry, opening, context, headers, cors, send)
        except RefusedError as refused:
            body = {"errorCode": refused.code, "errorDetails": refused.details}
            if key:
                body["key"] = key
            extra: Headers = cors or _echo(origin)
            if refused.status in {429, 503}:
                extra = [*extra, (b"retry-after", b"2")]
            if refused.status == 405:
                extra = [*extra, (b"allow", b"GET" if path.startswith(STREAM) else b"POST, OPTIONS")]
            await _json(send, refused.status, json.dumps(body), extra)

    async def _open(self, headers: Mapping[bytes, bytes]) -> Opening:
        """Return what the key of the request opens, or refuse."""
        for _ in range(int(READY_SECONDS / 0.02)):
            if self.store.is_ready.is_set():
                break
            await asyncio.sleep(0.02)
        else:
            raise RefusedError(503, "GENERAL", "The flags are not there yet. Try again in a moment.")
        sent = headers.get(b"authorization", b"")
        secret = sent[7:] if sent[:7].lower() == b"bearer " else headers.get(b"x-api-key", b"")
        if not secret.strip():
            raise RefusedError(
                401, "GENERAL", "Send a key of an environment as Authorization: Bearer … or X-API-Key."
            )
        opening = self.store.find(secret.strip().decode("latin-1"))
        if opening is None or opening.entry_id not in self.store.entries:
            raise RefusedError(403, "GENERAL", "This key opens nothing: it is unknown, or was revoked.")
        origin = headers.get(b"origin")
        if origin is not None and opening.kind != "browser":
            raise RefusedError(403, "GENERAL", "A server’s key was sent by a browser. Make one for browsers.")
        if origin is not None and opening.origins and origin.decode("latin-1") not in opening.origins:
            raise RefusedError(403, "GENERAL", "This key is not for this site.")
        return opening

    async def _one(
        self, entry: Entry, opening: Opening, key: str, context: dict[str, Any], cors: Headers, send: Send
    ) -> None:
        answer = entry.compiled.ask(key, context)
        body = wire.fragment(entry, answer, is_public=opening.kind == "browser")
        status = 200 if not answer.error else 404 if answer.error == "FLAG_NOT_FOUND" else 400
        await _json(send, status, body, cors)
        if entry.exposures and self.exposures is not None:
            self.exposures.note(entry, [answer], context)

    async def _all(
        self,
        entry: Entry,
        opening: Opening,
        context: dict[str, Any],
        headers: Mapping[bytes, bytes],
        cors: Headers,
        send: Send,
    ) -> None:
        is_public = opening.kind == "browser"
        answers = entry.compiled.ask_all(context)
        flags = ",".join(wire.fragment(entry, answer, is_public=is_public) for answer in answers)
        if entry.exposures and self.exposures is not None:
            self.exposures.note(entry, answers, context)
        shown = {name: value for name, value in context.items() if name != "currentTime"}
        tag = wire.etag(shown, flags)
        tagged = [*cors, (b"etag", tag.encode()), (b"cache-control", b"private, no-cache")]
        if tag.encode() in [each.strip() for each in headers.get(b"if-none-match", b"").split(b",")]:
            await _answer(send, 304, b"", tagged)
            return
        about = {"environment": entry.definitions.environment, "revision": entry.revision}
        stream = {
            "type": "sse",
            "endpoint": {"requestUri": f"{STREAM}{opening.stream}"},
            "inactivityDelaySec": INACTIVITY_SECONDS,
        }
        body = f'{{"flags":[{flags}],"metadata":{json.dumps(about)},"eventStreams":[{json.dumps(stream)}]}}'
        await _json(send, 200, body, tagged)

    async def _stream(self, name: str, origin: bytes | None, receive: Receive, send: Send) -> None:
        """Tell of each change until the client goes. A stream costs one task, and no thread."""
        entry_id = self.store.streams.get(name)
        if entry_id is None:
            raise RefusedError(404, "GENERAL", "There is no such stream: its key was revoked.")
        start = {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
                *_echo(origin),
            ],
        }
        await send(start)
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        gone = asyncio.ensure_future(_gone(receive))
        try:
            while not gone.done():
                event = self.store.listen(entry_id)
                changed = asyncio.ensure_future(event.wait())
                try:
                    await asyncio.wait(
                        {gone, changed}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    self.store.forget(event)
                    changed.cancel()
                if gone.done() or name not in self.store.streams:
                    break
                body = _event(self.store.entries.get(entry_id)) if event.is_set() else b": still here\n\n"
                await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _event(entry: Entry | None) -> bytes:
    if entry is None:
        return b": still here\n\n"
    modified = format_datetime(entry.changed_at.astimezone(UTC), usegmt=True)
    data = {"type": "refetchEvaluation", "etag": f'"{entry.tag}"', "lastModified": modified}
    return f"id: {entry.tag}\nevent: message\ndata: {json.dumps(data)}\n\n".encode()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


def _only(method: str, wanted: str) -> None:
    if method != wanted:
        raise RefusedError(405, "GENERAL", f"This takes {wanted}.")


async def _body(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
    length = headers.get(b"content-length", b"0")
    too_large = RefusedError(413, "INVALID_CONTEXT", "A context has at most two megabytes.")
    if length.isdigit() and int(length) > LARGEST:
        raise too_large
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "PARSE_ERROR", "The request ended too early.")
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST:
            raise too_large
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _context(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body) if body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "PARSE_ERROR", f"The body is no JSON: {str(error)[:200]}") from error
    if not isinstance(sent, dict):
        raise RefusedError(400, "PARSE_ERROR", 'The body must be an object with a "context".')
    context = sent.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise RefusedError(400, "INVALID_CONTEXT", "The context must be an object.")
    return context


# -- headers ------------------------------------------------------------------------------------------


def _preflight(origin: bytes | None) -> Headers:
    return [
        (b"access-control-allow-origin", origin or b"*"),
        (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
        (b"access-control-allow-headers", ALLOWED),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Origin"),
    ]


def _cors(opening: Opening, origin: bytes | None) -> Headers:
    return _echo(origin) if opening.kind == "browser" else []


def _echo(origin: bytes | None) -> Headers:
    if origin is None:
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"ETag, Retry-After"),
        (b"vary", b"Origin"),
    ]


async def _json(send: Send, status: int, body: str, extra: Iterable[tuple[bytes, bytes]]) -> None:
    encoded = body.encode("utf-8", "surrogatepass")
    await _answer(send, status, encoded, [(b"content-type", b"application/json"), *extra])


async def _answer(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    own = [*headers, (b"x-content-type-options", b"nosniff")]
    if status not in {204, 304}:
        own.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": own})
    await send({"type": "http.response.body", "body": body, "more_body": False})
