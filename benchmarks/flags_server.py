"""Claim: a flag asked over HTTP costs little more than an answer that says nothing, at 500 requests a second.

    python benchmarks/flags_server.py [--seconds 10] [--rate 500]

Two servers of the same kind (granian, one worker) stand side by side: the one that `roadbed up` starts, with 200 flags
in its snapshot and no database behind it, and one whose application is an empty ASGI answer. Both are asked in turns,
at moments fixed beforehand: an answer that comes late counts from when it was due, so that a server cannot hide by
being asked less. The empty server is asked the same way, so its percentiles are those of the machine, the network and
the asker. Prints both with their ratio, writes benchmarks/results/flags_server.json, and ends with 1 where an answer
was not the right one.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
for _place in (ROOT / "engines" / "src", ROOT / "src", ROOT):
    sys.path.insert(0, str(_place))

from roadbed.cli.server import free_port  # noqa: E402 - the path comes first
from roadbed.config.ofrep.store import FILE, digest  # noqa: E402
from roadbed_engines.flags import definitions  # noqa: E402

KEY, FLAGS, CONNECTIONS, ROUNDS = "rbs_for-the-benchmark", 200, 16, 3
WAIT_SECONDS = 120.0


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """The empty ASGI answer."""
    if scope["type"] == "http":
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})


def snapshot() -> dict[str, Any]:
    """Return what the server knows: one environment with flags that go to half of Canada."""
    rule = {"id": "r1", "condition": {"country": "CA"}, "variant": "on", "share": 0.5, "unit": "targetingKey"}
    flag = {"type": "boolean", "default": "off", "rules": [rule]}
    document = {"format": definitions.FORMAT, "flags": {f"flag-{number}": flag for number in range(FLAGS)}}
    environment = {
        "environment_id": 1,
        "revision": 1,
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        "document": document,
        "keys": [{"key_hash": digest(KEY), "kind": "server", "origins": []}],
    }
    return {"environments": [environment]}


@contextmanager
def serving(application: str, *, data: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run a server of one worker on loopback, and stop it by its own process id."""
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
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "engines" / "src"), str(ROOT)]),
    }
    options = ["--workers", "1", "--loop", "asyncio", "--no-ws", "--log-level", "error"]
    process = subprocess.Popen(  # noqa: S603 - our own server
        [*command, *options, application], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{application} did not come up")
            time.sleep(0.1)
        yield port, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def request(path: str, number: int) -> bytes:
    """Return one evaluation as it goes over the wire."""
    context = {"targetingKey": f"user-{number}", "country": "CA" if number % 4 else "US"}
    body = json.dumps({"context": context}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer, and return its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    return status, await reader.readexactly(length)


async def ask(port: int, path: str, *, rate: float, seconds: float) -> tuple[list[float], list[bytes]]:
    """Ask at moments fixed beforehand; return seconds from when each was due, and some bodies."""
    queue: asyncio.Queue[int | None] = asyncio.Queue()
    took: list[float] = []
    bodies: list[bytes] = []
    count = int(rate * seconds)
    began = time.perf_counter() + 0.2

    async def visitor() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (number := await queue.get()) is not None:
            writer.write(request(path, number))
            status, body = await answer(reader)
            took.append(time.perf_counter() - (began + number / rate))
            if status != 200:
                raise SystemExit(f"{path} answered {status}: {body[:200]!r}")
            if number % 100 == 0:
                bodies.append(body)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(visitor())
        for number in range(count):
            delay = began + number / rate - time.perf_counter()
            if delay > 0:
                await asyncio.sleep(delay)
            queue.put_nowait(number)
        for _ in range(CONNECTIONS):
            queue.put_nowait(None)
    return took, bodies


def percentile(values: list[float], level: float) -> float:
    """Return a percentile in milliseconds."""
    ranked = sorted(values)
    return 1_000 * ranked[min(len(ranked) - 1, int(level * len(ranked)))]


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Return what a server and its workers have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat.parent.name) == process.pid or int(fields[1]) == process.pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Ask both in turns, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="roadbed-flags-") as room:
        data = Path(room)
        (data / FILE).write_text(json.dumps(snapshot()), encoding="utf-8")
        ours, empty = "roadbed.config.asgi:application", "benchmarks.flags_server:nothing"
        with serving(ours, data=data) as one, serving(empty, data=data) as other:
            cases = [
                ("one flag", "/ofrep/v1/evaluate/flags/flag-0", asked.rate),
                (f"all {FLAGS} flags", "/ofrep/v1/evaluate/flags", asked.rate / 10),
            ]
            for name, path, rate in cases:
                took: dict[str, list[float]] = {"roadbed": [], "empty": []}
                used = {"roadbed": 0.0, "empty": 0.0}
                for _ in range(ROUNDS):
                    for server, (port, process) in (("roadbed", one), ("empty", other)):
                        before = cpu_seconds(process)
                        found, bodies = asyncio.run(
                            ask(port, path, rate=rate, seconds=asked.seconds / ROUNDS)
                        )
                        used[server] += cpu_seconds(process) - before
                        took[server] += found
                        if server == "roadbed":
                            _check(bodies, is_bulk=path.endswith("flags"))
                rows.append({"case": name, "rate": rate, **_figures(took, used)})
    _print(rows)
    results = ROOT / "benchmarks" / "results"
    results.mkdir(exist_ok=True)
    (results / "flags_server.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return 0


def _check(bodies: list[bytes], *, is_bulk: bool) -> None:
    """Refuse figures of wrong answers."""
    for body in bodies:
        found = json.loads(body)
        flags = found["flags"] if is_bulk else [found]
        if len(flags) != (FLAGS if is_bulk else 1) or any(
            flag["value"] not in {True, False} for flag in flags
        ):
            raise SystemExit(f"a wrong answer: {body[:200]!r}")


def _figures(took: dict[str, list[float]], used: dict[str, float]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for server, values in took.items():
        figures[server] = {
            "requests": len(values),
            "p50_ms": percentile(values, 0.5),
            "p99_ms": percentile(values, 0.99),
            "cpu_us": 1e6 * used[server] / len(values),
        }
    figures["p99_ratio"] = figures["roadbed"]["p99_ms"] / figures["empty"]["p99_ms"]
    return figures


def _print(rows: list[dict[str, Any]]) -> None:
    print(f"{'':16}{'requests/s':>12}{'':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'p99 ratio':>11}")
    for row in rows:
        for server in ("roadbed", "empty"):
            one = row[server]
            name, rate = (row["case"], f"{row['rate']:.0f}") if server == "roadbed" else ("", "")
            ratio = f"{row['p99_ratio']:.2f}" if server == "roadbed" else ""
            print(
                f"{name:16}{rate:>12}{server:>10}{one['p50_ms']:9.2f}{one['p99_ms']:9.2f}{one['cpu_us']:9.0f}{ratio:>11}"
            )


if __name__ == "__main__":
    sys.exit(main())
