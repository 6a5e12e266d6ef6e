"""The checks of `roadbed doctor`: each has a name, looks at one thing, and says how to mend it.

```python
# in an app's ready()
doctor.register("worker", check_worker, about="A worker has been heard of in the last minute.")
```

A check is a function of nothing but the clock, and returns a `Finding`. It never writes, and it never raises
for what it looks for; anything it does raise is reported as a failure of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Health(StrEnum):
    """How a check came out."""

    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw, in a sentence, and what to do about it."""

    health: Health
    seen: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A finding with the name of its check."""

    name: str
    about: str
    finding: Finding


Check = Callable[[datetime], Finding]


@dataclass(frozen=True, slots=True)
class _Entry:
    check: Check
    about: str
    needs: tuple[str, ...]


_entries: dict[str, _Entry] = {}


def good(seen: str) -> Finding:
    """Report that all is well."""
    return Finding(Health.GOOD, seen)


def warning(seen: str, *, fix: str) -> Finding:
    """Report something that works, but should be seen to."""
    return Finding(Health.WARNING, seen, fix)


def bad(seen: str, *, fix: str) -> Finding:
    """Report something that does not work."""
    return Finding(Health.BAD, seen, fix)


def register(name: str, check: Check, *, about: str, needs: tuple[str, ...] = ()) -> None:
    """Add a check; it is passed over when one that it `needs` is bad."""
    _entries[name] = _Entry(check=check, about=about, needs=needs)


def names() -> dict[str, str]:
    """Return every check's name with what it looks at, in the order in which they run."""
    return {name: _entries[name].about for name in _order()}


def examine(*, at: datetime, only: tuple[str, ...] = ()) -> list[Result]:
    """Run the checks, all or `only` some, one after the other."""
    results: list[Result] = []
    broken: set[str] = set()
    for name in _order():
        entry = _entries[name]
        if only and name not in only:
            continue
        blocked = sorted(broken.intersection(entry.needs))
        if blocked:
            finding = warning(f"not looked at, because {blocked[0]} is bad", fix=f"Mend {blocked[0]} first.")
        else:
            finding = _look(entry.check, at=at)
        if finding.health is Health.BAD or blocked:
            broken.add(name)
        results.append(Result(name=name, about=entry.about, finding=finding))
    return results


def _order() -> list[str]:
    """Return the names as they were registered, each behind those that it needs."""
    ordered: list[str] = []

    def place(name: str) -> None:
        if name in ordered or name not in _entries:
            return
        for needed in _entries[name].needs:
            place(needed)
        ordered.append(name)

    for name in _entries:
        place(name)
    return ordered


def _look(check: Check, *, at: datetime) -> Finding:
    """Run one check; a check that breaks must not keep the others from being run."""
    try:
        return check(at)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the reader must see
        return bad(
            f"the check itself broke: {type(error).__name__}: {error}", fix="Report it, with this line."
        )
