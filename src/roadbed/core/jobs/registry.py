"""Which tasks there are, and which of them recur. Apps register theirs in ``tasks.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)

DAY = timedelta(days=1)


class UnknownTaskError(LookupError):
    """No task has this name."""


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of work: the function and how it is to be run."""

    name: str
    handler: Handler
    label: str
    max_attempts: int
    timeout: timedelta | None
    queue: str
    priority: int
    backoff: timedelta


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a task recurs: each `every`, counted from midnight or from `at` (the server's clock)."""

    name: str
    every: timedelta
    at: time | None

    def slot(self, *, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the latest slot that has begun."""
        if self.at is None:
            seconds = self.every.total_seconds()
            return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
        days = self.every // DAY
        today = now.astimezone(zone).date()
        for back in range(days + 1):
            day = today - timedelta(days=back)
            # Several days count from one fixed day, so that a restart does not move them.
            if day.toordinal() % days == 0:
                slot = datetime.combine(day, self.at, tzinfo=zone)
                if slot <= now:
                    return slot.astimezone(UTC)
        return datetime.combine(today - timedelta(days=days), self.at, tzinfo=zone).astimezone(UTC)


_TASKS: dict[str, Task] = {}
_SCHEDULES: dict[str, Schedule] = {}


def task(
    name: str,
    *,
    label: str = "",
    max_attempts: int = 3,
    timeout: timedelta | None = timedelta(minutes=30),
    queue: str = "default",
    priority: int = 0,
    backoff: timedelta = timedelta(seconds=5),
) -> Callable[[H], H]:
    """Register the decorated function as the task `name`.

    Parameters
    ----------
    label : str, optional
        What people read on the job's page; the name by default.
    max_attempts : int
        How often it may end in an error before it stays failed.
    timeout : timedelta or None
        How long one attempt may take.
    backoff : timedelta
        The pause after the first error; it doubles with each further one.
    """

    def register(handler: H) -> H:
        known = _TASKS.get(name)
        if known is not None and known.handler.__qualname__ != handler.__qualname__:
            raise ValueError(f"The task {name} is already registered")
        _TASKS[name] = Task(
            name=name,
            handler=handler,
            label=label or name,
            max_attempts=max_attempts,
            timeout=timeout,
            queue=queue,
            priority=priority,
            backoff=backoff,
        )
        return handler

    return register


def schedule(name: str, *, every: timedelta, at: str | None = None) -> None:
    """Let the task `name` recur.

    Parameters
    ----------
    every : timedelta
        The pause between slots; whole days where `at` is given. Missed slots are made up for by one run.
    at : str, optional
        A time of day, such as ``"03:00"``, by the server's clock (``ROADBED_TIME_ZONE``).
    """
    if every < timedelta(seconds=1) or (at is not None and every % DAY):
        raise ValueError("A schedule recurs each second at most, and at a time of day in whole days")
    _SCHEDULES[name] = Schedule(name=name, every=every, at=time.fromisoformat(at) if at else None)


def get(name: str) -> Task:
    """Return the task of that name, or raise `UnknownTaskError`."""
    try:
        return _TASKS[name]
    except KeyError as error:
        raise UnknownTaskError(name) from error


def schedules() -> Iterable[Schedule]:
    """Every recurring task."""
    return tuple(_SCHEDULES.values())


def tasks() -> Iterable[Task]:
    """Every task."""
    return tuple(_TASKS.values())
