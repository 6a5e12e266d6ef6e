"""Patterns that people write themselves: refused where some text could keep them busy, run in short stretches.

Python's matcher backtracks. How often it may come back to the same place is counted beforehand from the pattern's
tree: each repetition that can give up characters to what follows it multiplies the ways. A pattern with too many
ways, or with ways inside a repetition (which multiply without end), is refused with words that say what to change.
"""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

STRETCH = 256
"""Characters that a pattern sees at once; each stretch overlaps the one before by half."""
MOST_WAYS = STRETCH * STRETCH
LONGEST = 200
_ALPHABET = frozenset(map(chr, range(128))) | set("é中\u00a0٣")
_SETS: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda each: each.isalnum() or each == "_",
}


class UnsafePatternError(ValueError):
    """The pattern cannot be read, or could run for ever. The message says what to change."""


def _category(name: str) -> frozenset[str]:
    test = _SETS[name.replace("_NOT_", "_")]
    return frozenset(each for each in _ALPHABET if bool(test(each)) != ("_NOT_" in name))


def _characters(op: str, value: Any) -> frozenset[str]:
    """Return which characters of a sample alphabet one step may take."""
    if op == "LITERAL":
        letter = chr(value)
        return frozenset({letter, letter.lower(), letter.upper()})
    if op == "NOT_LITERAL":
        return _ALPHABET - {chr(value)}
    if op == "IN":
        found: set[str] = set()
        negated = False
        for kind, part in value:
            name = str(kind)
            if name == "NEGATE":
                negated = True
            elif name == "RANGE":
                own = {each for each in _ALPHABET if part[0] <= ord(each) <= part[1]} | {chr(part[0])}
                found |= own | {each.lower() for each in own} | {each.upper() for each in own}
            elif name == "CATEGORY":
                found |= _category(str(part))
            else:
                found |= _characters(name, part)
        return frozenset(_ALPHABET - found if negated else found)
    if op == "CATEGORY":
        return _category(str(value))
    return _ALPHABET


_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def _first(steps: list[Any]) -> tuple[frozenset[str], bool]:
    """Return what the next character may be, and whether the steps may end without one."""
    found: frozenset[str] = frozenset()
    for op, value in steps:
        name = str(op)
        if name == "AT" or name.startswith("ASSERT"):
            continue
        if name in _REPEATS:
            own, empty = _first(list(value[2]))
            empty = empty or value[0] == 0
        elif name == "SUBPATTERN":
            own, empty = _first(list(value[3]))
        elif name == "ATOMIC_GROUP":
            own, empty = _first(list(value))
        elif name == "BRANCH":
            sides = [_first(list(side)) for side in value[1]]
            own, empty = frozenset().union(*(side[0] for side in sides)), any(side[1] for side in sides)
        else:
            own, empty = _characters(name, value), False
        found |= own
        if not empty:
            return found, False
    return found, True


def _ways(steps: list[Any], after: frozenset[str] | None) -> int:
    """Return in how many ways steps can match one stretch; `after` is what may follow them, None for the end."""
    total = 1
    for place, (op, value) in enumerate(steps):
        name = str(op)
        rest, empty = _first(steps[place + 1 :])
        follows = (
            None if empty and after is None and not rest else rest | (after or frozenset()) if empty else rest
        )
        if name in {"GROUPREF", "GROUPREF_EXISTS"}:
            raise UnsafePatternError("Write out what the reference repeats: references are not allowed.")
        if name in _REPEATS:
            low, high, body = int(value[0]), min(int(value[1]), STRETCH), list(value[2])
            own, _ = _first(body)
            inner = _ways(body, own | (follows or frozenset()))
            if high > 1 and inner > 1 and low != high:
                raise UnsafePatternError(
                    "A repetition stands inside a repetition. Give the inner one a fixed count, such as {4}."
                )
            total *= inner ** max(low, 1) if inner > 1 else 1
            if low != high and follows is not None and (own & follows):
                total *= high - low + 1
        elif name == "SUBPATTERN":
            total *= _ways(list(value[3]), follows)
        elif name == "ATOMIC_GROUP":
            total *= _ways(list(value), follows)
        elif name.startswith("ASSERT"):
            total *= _ways(list(value[1]), None)
        elif name == "BRANCH":
            total *= sum(_ways(list(side), follows) for side in value[1])
        if total > MOST_WAYS:
            raise UnsafePatternError(
                "It could match one text in too many ways. Limit its repetitions, such as {1,20} in place of +."
            )
    return total


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    if not pattern.strip():
        raise UnsafePatternError("Write a pattern.")
    if len(pattern) > LONGEST:
        raise UnsafePatternError(f"A pattern has at most {LONGEST} characters.")
    try:
        # The standard library's own parser: what it understands is what will run.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = importlib.import_module("re._parser").parse(pattern, re.IGNORECASE)
            found = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise UnsafePatternError(f"This is no pattern: {error}.") from error
    _ways(list(tree), None)
    if found.search("") is not None:
        raise UnsafePatternError("It matches nothing at all: every place of every text.")
    return found


def check(*, pattern: str) -> None:
    """Refuse a pattern that is not safe to run on any text.

    Raises
    ------
    UnsafePatternError
        If it cannot be read, is too long, matches the empty text, or could be kept busy.

    Examples
    --------
    >>> check(pattern=r"HF-\\d{5}")
    >>> check(pattern=r"(a+)+$")
    Traceback (most recent call last):
    ...
    roadbed_engines.text.patterns.UnsafePatternError: A repetition stands inside a repetition. Give the inner one a \
fixed count, such as {4}.
    """
    _compiled(pattern)


def finditer(
    *, pattern: str, text: str, clock: Callable[[], float] | None = None, stop: float | None = None
) -> Iterator[tuple[int, int]]:
    """Yield where a checked pattern matches, stretch by stretch; ends with (-1, -1) where the time is over.

    >>> list(finditer(pattern="b+", text="abba"))
    [(1, 3)]
    """
    compiled = _compiled(pattern)
    done = 0
    for begin in range(0, max(len(text), 1), STRETCH // 2):
        if clock is not None and stop is not None and clock() > stop:
            yield -1, -1
            return
        last = begin + STRETCH >= len(text)
        for found in compiled.finditer(text, begin, begin + STRETCH):
            # What begins in the second half is seen whole by the next stretch.
            if (
                found.end() == found.start()
                or found.start() < done
                or (not last and found.start() >= begin + STRETCH // 2)
            ):
                continue
            done = found.end()
            yield found.span()
        if last:
            return
