"""A child process that solves beside its parent, says what it finds, and can be ended at any moment."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from typing import Any


class Child:
    """A process of its own, begun at once: `work` is called in it with its end of the pipe and the arguments."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, what: Any) -> bool:
        """Hand something over; False where the child is gone."""
        with contextlib.suppress(OSError):
            self._ours.send(what)
            return True
        return False

    def received(self, *, within: float = 0.0) -> tuple[list[Any], bool]:
        """Return what the child has said since the last time, and whether it is gone.

        Parameters
        ----------
        within : float
            How many seconds to wait for the first of it.
        """
        found: list[Any] = []
        try:
            while self._ours.poll(0.0 if found else within):
                found.append(self._ours.recv())
        except (EOFError, OSError):
            return found, True
        return found, False

    def stop(self) -> None:
        """End the child, now."""
        self._process.kill()
        self._process.join(timeout=2)
        self._ours.close()
