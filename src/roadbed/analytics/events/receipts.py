"""What a store says to a batch: that it is kept, or why not. Kept apart, since whoever asks needs no columns for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


class BusyError(RuntimeError):
    """More is waiting than can be taken in; nothing of this batch was kept.

    Attributes
    ----------
    wait : timedelta
        When to try again.
    """

    def __init__(self, *, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"Too many events are waiting. Try again in {wait.total_seconds():.0f} seconds.")


class OtherContentError(ValueError):
    """A key that was used before came with other events."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was used before, with other events.")


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a batch lies on the disk.

    Attributes
    ----------
    events : int
        How many events it has.
    again : bool
        Whether it had been taken before, so that nothing changed.
    """

    events: int
    again: bool
