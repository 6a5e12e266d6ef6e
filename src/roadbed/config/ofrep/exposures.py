"""Evaluations written down as exposures, beside the hot path: noting one is a look into a set and an append.

A thread hands them on in batches. Where more come than can be kept, the newest are let go of and counted: an answer is
never late for it. A unit that was noted is not noted again for an hour, since only its first exposure counts.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from roadbed.config.ofrep.store import Entry
from roadbed_engines.flags.answers import Answer

log = logging.getLogger("roadbed.exposures")
EVERY_SECONDS = 1.0
MOST_WAITING = 50_000
MOST_IN_BATCH = 5_000
REMEMBERED = 200_000
AGAIN_AFTER_SECONDS = 3600.0
ALL = "*"
TARGETING_KEY = "targetingKey"


@dataclass(frozen=True, slots=True)
class Noted:
    """That a unit was given a variant."""

    workspace_id: int
    environment: str
    flag: str
    variant: str
    unit: str
    unit_type: str
    at: float


Keep = Callable[[Sequence[Noted], str, datetime], None]


class Exposures:
    """What was given to whom, on its way to the store of events."""

    def __init__(self, keep: Keep, *, clock: Callable[[], float] = time.time) -> None:
        self._keep, self._clock = keep, clock
        self._waiting: deque[Noted] = deque()
        self._seen: dict[tuple[int, str, str, str, str], float] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def note(self, entry: Entry, answers: Sequence[Answer], context: Mapping[str, Any]) -> None:
        """Note the answers that are to be written down. It never waits and never fails."""
        wanted = entry.exposures
        for answer in answers:
            if answer.variant is None or answer.error or (ALL not in wanted and answer.flag not in wanted):
                continue
            unit_type, unit = _unit(entry, answer, context)
            if not unit:
                continue
            now = self._clock()
            key = (entry.environment_id, answer.flag, answer.variant, unit_type, unit)
            if now - self._seen.get(key, 0.0) < AGAIN_AFTER_SECONDS:
                continue
            if len(self._waiting) >= MOST_WAITING:
                self.dropped += 1
                continue
            if len(self._seen) >= REMEMBERED:
                self._seen = {}
            self._seen[key] = now
            environment = entry.definitions.environment
            self._waiting.append(
                Noted(entry.workspace_id, environment, answer.flag, answer.variant, unit, unit_type, now)
            )
            self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopping:
                    self._thread = threading.Thread(target=self._run, name="exposures", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(EVERY_SECONDS)
            self.flush()

    def flush(self) -> int:
        """Hand on what waits, and return how many that was; what cannot be kept now waits on."""
        done = 0
        while batch := self._taken():
            by_place: dict[int, list[Noted]] = {}
            for one in batch:
                by_place.setdefault(one.workspace_id, []).append(one)
            while by_place:
                workspace_id, same = next(iter(by_place.items()))
                try:
                    self._keep(same, f"exposures:{uuid.uuid4().hex}", datetime.now(UTC))
                except Exception:  # whatever the store says, flags are answered on
                    left = [one for some in by_place.values() for one in some]
                    self._waiting.extendleft(reversed(left))
                    log.warning(
                        "exposures cannot be kept just now; %d wait", len(self._waiting), exc_info=True
                    )
                    return done
                done += len(by_place.pop(workspace_id))
        if self.dropped:
            log.warning("%d exposures were let go of: more came than could be kept", self.dropped)
            self.dropped = 0
        return done

    def _taken(self) -> list[Noted]:
        found: list[Noted] = []
        while self._waiting and len(found) < MOST_IN_BATCH:
            found.append(self._waiting.popleft())
        return found

    def stop(self) -> None:
        """Hand on what waits, once, and end the thread."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        self.flush()


def _unit(entry: Entry, answer: Answer, context: Mapping[str, Any]) -> tuple[str, str]:
    """Return what was randomised, and which: the unit of the rule that decided, else the targeting key."""
    flag = entry.definitions.flags.get(answer.flag)
    rule = next((one for one in flag.rules if one.id == answer.rule), None) if flag and answer.rule else None
    attribute = rule.unit if rule is not None and rule.unit else TARGETING_KEY
    value = context.get(attribute)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value or len(value) > 200:
        return "", ""
    return ("user" if attribute == TARGETING_KEY else attribute[:60]), value
