"""Several processes as one: started together, kept alive, and ended together within seconds."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

PATIENCE_SECONDS = 8.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
# A process that dies this often without ever running steadily will not run the next time either.
HOPELESS_DEATHS = 6


@dataclass
class Child:
    """One process that is to run all the time."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    resume: float = 0.0


@dataclass
class Household:
    """The children of one command, in its process group."""

    children: list[Child]
    said: Callable[[str], None]
    environ: dict[str, str] | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _kept: dict[int, Any] = field(default_factory=dict)
    """What signals did before; they are heard from the first child on, so that none of them is left behind."""

    def start(self) -> None:
        """Hear signals, and start every child."""
        self._kept |= {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)
        }
        for child in self.children:
            self._start(child)

    def run(self) -> int:
        """Keep the children alive until a signal or `end_soon`; then end them. Returns an exit code."""
        try:
            if all(child.process is None for child in self.children):
                self.start()
            while not self._stop.wait(0.2):
                for child in self.children:
                    if not self._tend(child):
                        return 1
            return 0
        finally:
            self.end()

    @property
    def is_ending(self) -> bool:
        """Whether a signal or `end_soon` has asked for the end."""
        return self._stop.is_set()

    def end_soon(self) -> None:
        """Let `run` return."""
        self._stop.set()

    def end(self) -> None:
        """Ask every child to stop; after a while stop it."""
        alive = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for process in alive:
            try:
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        while self._kept:
            signal.signal(*self._kept.popitem())

    def dead(self) -> Child | None:
        """Return a child that has ended, if any."""
        return next(
            (child for child in self.children if child.process and child.process.poll() is not None), None
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop.set()

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own commands
            list(child.command), env=self.environ, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent
        )
        child.started = time.monotonic()

    def _tend(self, child: Child) -> bool:
        """Restart a child that died, each time a little later; False when that has become pointless."""
        now = time.monotonic()
        if child.process is None:
            if now >= child.resume:
                self._start(child)
            return True
        code = child.process.poll()
        if code is None:
            return True
        child.deaths = 1 if now - child.started > STEADY_SECONDS else child.deaths + 1
        if child.deaths >= HOPELESS_DEATHS:
            self.said(
                f"{child.name} ended {child.deaths} times in a row (the last time with {code}); giving up"
            )
            return False
        pause = min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** (child.deaths - 1))
        self.said(f"{child.name} ended with {code}; starting it again in {pause:g} s")
        child.process, child.resume = None, now + pause
        return True


def _die_with_parent() -> None:
    """Ask the kernel to end this child when its parent is killed, so that no orphan keeps the port."""
    if sys.platform == "linux":
        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)
