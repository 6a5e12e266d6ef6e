"""A running Roadbed: with the demo, as somebody has it who types `roadbed demo`, or with a workspace of one's own."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKSPACE = "northwind"
PATIENCE = 300


@dataclass(frozen=True)
class House:
    """A Roadbed on its own port and data folder."""

    url: str
    data: Path
    workspace: str = WORKSPACE

    @property
    def base(self) -> str:
        """Where the workspace begins."""
        return f"{self.url}/w/{self.workspace}/"

    def sign_in_link(self, person: str) -> str:
        """Return a link that signs one of the demo's people (or whoever has that address) in, once."""
        address = person if "@" in person else f"{person}@northwind.example"
        told = self.run("user", "link", address)
        found = [word for word in told.split() if "/sign-in/" in word]
        return self.url + "/sign-in/" + found[0].partition("/sign-in/")[2]

    def run(self, *words: str) -> str:
        """Run a command of `roadbed` on this installation, and return what it says."""
        command = [sys.executable, "-m", "roadbed", *words]
        return subprocess.run(command, env=_environ(self), capture_output=True, text=True, check=True).stdout  # noqa: S603

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the demo's database."""
        with sqlite3.connect(f"file:{self.data / 'roadbed.sqlite3'}?mode=ro", uri=True) as database:
            return database.execute(query, values).fetchall()


def _environ(house: House) -> dict[str, str]:
    ours = ("ROADBED_", "DATABASE_URL", "DJANGO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root / "src"), str(root / "engines" / "src")])
    return {**kept, "ROADBED_DATA": str(house.data), "ROADBED_URL": house.url, "PYTHONPATH": paths}


def plan_house(data: Path, *, workspace: str = WORKSPACE) -> House:
    """Return a house on a free port, that is not started yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return House(url=f"http://127.0.0.1:{port}", data=data, workspace=workspace)


def open_house(data: Path) -> tuple[House, subprocess.Popen[bytes]]:
    """Start the demo in `data` on a free port and wait until it answers."""
    house = plan_house(data)
    return house, start(house, "demo", "--no-open", "--data", str(data))


def start(house: House, *words: str) -> subprocess.Popen[bytes]:
    """Start a house with a command (`demo`, `up`) and wait until it answers."""
    port = house.url.rpartition(":")[2]
    command = [sys.executable, "-m", "roadbed", *words, "--port", port]
    data = house.data
    with (data.parent / "house.log").open("wb") as log:
        process = subprocess.Popen(command, env=_environ(house), stdout=log, stderr=log)  # noqa: S603
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{house.url}/healthz", timeout=2):  # noqa: S310 - loopback
                return process
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    close_house(process)
    raise RuntimeError((data.parent / "house.log").read_text())


def close_house(process: subprocess.Popen[bytes]) -> None:
    """Stop the demo with its children."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
