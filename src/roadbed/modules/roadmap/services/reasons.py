"""Why something starts when it does, as a person says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """Return names as a person lists them.

    >>> listed(["F-1"]), listed(["F-1", "F-2"]), listed(["F-1", "F-2", "F-3", "F-4"])
    ('F-1', 'F-1 and F-2', 'F-1, F-2, F-3 and 1 more')
    """
    shown = [*names[:most], f"{len(names) - most} more"] if len(names) > most else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def why_words(why: Mapping[str, Any], *, is_begun: bool = False) -> str:
    """Return why something starts when it does.

    >>> why_words({"waits_for": ["F-12"], "busy": ["Mobile"], "taken_by": ["F-9"]})
    'Waits for F-12 and for Mobile, busy with F-9.'
    >>> why_words({"away": ["Mobile"]}), why_words({})
    ('Waits until Mobile is back.', 'Starts as early as it may.')
    """
    if is_begun:
        return "Has begun."
    parts = []
    if why.get("waits_for"):
        parts.append(f"for {listed(why['waits_for'])}")
    if why.get("busy"):
        held = f", busy with {listed(why['taken_by'])}" if why.get("taken_by") else ""
        parts.append(f"for {listed(why['busy'])}{held}")
    if why.get("away"):
        parts.append(f"until {listed(why['away'])} {'is' if len(why['away']) == 1 else 'are'} back")
    return f"Waits {' and '.join(parts)}." if parts else "Starts as early as it may."
