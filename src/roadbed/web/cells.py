"""Values that leave in a file for a spreadsheet."""

from __future__ import annotations

from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guard_formula(value: Any) -> Any:
    """Return the value so that no spreadsheet runs it: text that begins like a formula gets a quote in front.

    >>> guard_formula("=HYPERLINK(1)"), guard_formula(-4), guard_formula("-4")
    ("'=HYPERLINK(1)", -4, "'-4")
    """
    if isinstance(value, str) and value.startswith(_STARTS):
        return f"'{value}"
    return "" if value is None else value
