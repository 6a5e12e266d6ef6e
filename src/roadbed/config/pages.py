"""Django's pages in threads of their own, behind the one ASGI door that they share with the flag server."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from roadbed.config.ofrep.app import Receive, Scope, Send

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
IN_MEMORY = 1024 * 1024
"""Bytes of a body that stay in memory; what is longer goes through a temporary file."""
PIECE = 64 * 1024


class Pages:
    """A WSGI application as an ASGI one: a fixed number of threads, each with its own database connection."""

    def __init__(self, application: Wsgi, *, threads: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as body:  # closed with the answer
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body.write(message.get("body", b""))
                if not message.get("more_body"):
                    break
            size = body.tell()
            body.seek(0)
            loop = asyncio.get_running_loop()
            environ = environ_of(scope, body, size)
            await loop.run_in_executor(self._threads, self._answer, environ, send, loop)

    def _answer(self, environ: dict[str, Any], send: Send, loop: asyncio.AbstractEventLoop) -> None:
        """Run the application in this thread; hand over what it answers piece by piece, as fast as it is taken."""
        start: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            del exc_info
            start.update(
                type="http.response.start",
                status=int(status.split(" ", 1)[0]),
                headers=[
                    (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
                ],
            )

        def say(*messages: dict[str, Any]) -> None:
            async def tell() -> None:
                for message in messages:
                    await send(message)

            asyncio.run_coroutine_threadsafe(tell(), loop).result()

        found = self._application(environ, start_response)
        try:
            if not getattr(found, "streaming", True):
                say(start, {"type": "http.response.body", "body": b"".join(found), "more_body": False})
                return
            is_begun = False
            for piece in found:
                if piece:
                    more = {"type": "http.response.body", "body": bytes(piece), "more_body": True}
                    say(*([] if is_begun else [start]), more)
                    is_begun = True
            last = {"type": "http.response.body", "body": b"", "more_body": False}
            say(*([] if is_begun else [start]), last)
        finally:
            close = getattr(found, "close", None)
            if close is not None:
                close()


def environ_of(scope: Scope, body: IO[bytes], size: int) -> dict[str, Any]:
    """Return a request as WSGI has it (PEP 3333)."""
    host, port = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name or name == "content-length":
            continue  # an underscore would pass for a dash, and the length is known from the body itself
        key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
        environ[key] = value
    return environ
