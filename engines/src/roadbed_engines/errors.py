"""What an engine answers when it cannot answer."""

from __future__ import annotations


class NotEnoughDataError(ValueError):
    """The data cannot carry the answer. The message says, for a person, what is missing."""
