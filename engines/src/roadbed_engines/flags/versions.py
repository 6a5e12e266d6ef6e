"""Versions of software, in an order."""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"[-.]")
_DIGITS = re.compile(r"^[0-9]+$")
_LEADING = re.compile(r"^v|\+.*$")


@lru_cache(maxsize=4_096)
def padded(version: str) -> str:
    """Return a text that sorts as the version does: numbers padded, a pre-release before its release.

    A leading v and the build after a plus do not count.

    >>> padded("v1.2.3-beta") < padded("1.2.3") < padded("1.10.0+build")
    True
    """
    parts = _PARTS.split(_LEADING.sub("", version))
    if len(parts) == 3:
        parts.append("~")
    return "-".join(part.rjust(5) if _DIGITS.match(part) else part for part in parts)


_SEMANTIC = re.compile(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)"
    r"(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$"
)

Key = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@lru_cache(maxsize=4_096)
def semantic(version: str) -> Key | None:
    """Return a key that orders semantic versions, or None for a text that is none (semver.org 2.0.0, section 11).

    >>> semantic("1.0.0-rc.1") < semantic("1.0.0"), semantic("1.0")
    (True, None)
    """
    match = _SEMANTIC.match(version)
    if match is None:
        return None
    major, minor, patch, pre = match.groups()
    parts = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in (pre.split(".") if pre else ())
    )
    return int(major), int(minor), int(patch), 0 if pre else 1, parts
