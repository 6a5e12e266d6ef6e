"""A figure and what it was computed from, so that no number stands on a page without its parts."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One line of a receipt."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A figure that opens to its parts.

    `parts` are shown at once; `url` names a fragment that is fetched when the receipt is opened first, for parts
    that are dear to compute. `more_url` leads to the full list behind the figure.
    """

    value: str
    title: str
    parts: tuple[Part, ...] = ()
    total: Part | None = None
    method: str = ""
    as_of: str = ""
    url: str = ""
    more_url: str = ""
    more_label: str = "See all of them"

    @property
    def digest(self) -> str:
        """A short name for the popover that stays the same while the content does."""
        seed = "|".join((self.title, self.value, self.url, *(part.label + part.value for part in self.parts)))
        return f"{zlib.crc32(seed.encode()):08x}"
