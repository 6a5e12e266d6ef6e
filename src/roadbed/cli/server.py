"""The web process and the worker, as commands that another process can start; and what must hold before."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from roadbed.cli.exits import Exit, end
from roadbed.cli.processes import Child, Household


def check_port(*, host: str, port: int) -> None:
    """End with a clear message when something else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            end(
                Exit.REFUSED,
                f"this user may not listen on port {port}",
                fix="Take a port from 1024 on, with a reverse proxy in front: --port 8400",
            )
        except OSError as error:
            if error.errno == socket.EAI_ADDRFAMILY or "assign" in str(error).lower():
                end(
                    Exit.USAGE, f"{host} is no address of this machine", fix="Try --host 127.0.0.1 or 0.0.0.0"
                )
            end(
                Exit.REFUSED,
                f"port {port} of {host} is taken by another program",
                fix=f"Stop it, or take another port: --port {port + 1}",
            )


def free_port() -> int:
    """Return a port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_workers(*, workers: int) -> None:
    """Refuse more web processes than the database bears."""
    from django.db import connection

    if workers > 1 and connection.vendor == "sqlite":
        end(
            Exit.REFUSED,
            f"{workers} web processes need PostgreSQL: SQLite lets one process write at a time",
            fix="Set DATABASE_URL=postgresql://…, or ROADBED_WORKERS=1",
        )


def web(*, host: str, port: int, workers: int = 1) -> Child:
    """Return the web process: granian speaking ASGI, which stops within a fraction of a second.

    Flags are answered on its loop, pages in threads beside it (`roadbed.config.asgi`).
    """
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", host, "--port", str(port)]
    settings = ["--workers", str(workers), "--loop", "asyncio", "--workers-kill-timeout", "5s"]
    quiet = ["--no-ws", "--log-level", "warning"]
    return Child("web", [*command, *settings, *quiet, "roadbed.config.asgi:application"])


def worker() -> Child:
    """Return the process that does the jobs."""
    return Child("worker", [sys.executable, "-m", "roadbed", "worker", "--quiet"])


def environ(*, data: Path, url: str) -> dict[str, str]:
    """Return the environment of the children: the same data folder and address as the parent's."""
    return {
        **os.environ,
        "ROADBED_DATA": str(data),
        "ROADBED_URL": url,
        "DJANGO_SETTINGS_MODULE": "roadbed.config.settings",
    }


def own_address(*, host: str, port: int) -> str:
    """Return the address at which this machine reaches its own server."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named, not bound
    host = everywhere.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def wait_until_ready(household: Household, *, address: str, seconds: float = 300) -> None:
    """Wait until the server answers, or somebody asks for the end; end with the reason when it does neither.

    A child that dies ends it at once, so patience costs nothing; a busy machine may need minutes for a first start.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if household.is_ending:
            return
        dead = household.dead()
        if dead is not None:
            household.end()
            end(
                Exit.FAILURE, f"{dead.name} did not start; its own words are above", fix="Try: roadbed doctor"
            )
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2) as answer:  # noqa: S310 - loopback
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    household.end()
    end(Exit.FAILURE, f"{address} did not answer within {seconds:.0f} s", fix="Try: roadbed doctor")
