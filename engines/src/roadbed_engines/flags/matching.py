"""Patterns in rules: what RE2 writes, read by Python's matcher, and refused where it could run for ever."""

from __future__ import annotations

import re
from collections.abc import Callable

from roadbed_engines.text import patterns

LONGEST_TEXT = 500
"""Of a longer value a pattern sees the beginning: the worst pattern that is let through takes some 50 ms on that."""

_CLASSES = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "punct": r"!-/:-@\[-`{-~",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
    "blank": r"\t ",
}
_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_FLAGS = re.compile(r"(?<!\\)\(\?([ims]+)\)")


def compile_pattern(pattern: str, *, fold: bool = False) -> Callable[[str], bool] | None:
    """Return whether a text has the pattern in it, as a function; None for a pattern that cannot be used.

    >>> letters = compile_pattern("^[[:alpha:]]+$")
    >>> letters("Alpha"), letters("Alpha1"), compile_pattern("(a+)+$")
    (True, False, None)
    """
    try:
        translated = _translated(pattern)
        patterns.check(pattern=translated)
        compiled = re.compile(translated, re.IGNORECASE if fold else 0)
    except (patterns.UnsafePatternError, re.error, KeyError):
        return None
    return lambda text: compiled.search(text[:LONGEST_TEXT]) is not None


def why_refused(pattern: str) -> str:
    """Return why a pattern cannot be used, for a person; empty where it can.

    >>> why_refused("(a+)+$")
    'A repetition stands inside a repetition. Give the inner one a fixed count, such as {4}.'
    """
    try:
        translated = _translated(pattern)
        patterns.check(pattern=translated)
        re.compile(translated)
    except patterns.UnsafePatternError as error:
        return str(error)
    except (re.error, KeyError) as error:
        return f"This is no pattern: {error}."
    return ""


def _translated(pattern: str) -> str:
    """Return the pattern in Python's words: named classes spelled out, flags in mid-pattern as a group."""
    found = _CLASS.sub(lambda match: _CLASSES[match[2]] if not match[1] else match[0], pattern)
    flags = _FLAGS.search(found)
    if flags is not None and flags.start() > 0:
        found = f"{found[: flags.start()]}(?{flags[1]}:{found[flags.end() :]})"
    return found
