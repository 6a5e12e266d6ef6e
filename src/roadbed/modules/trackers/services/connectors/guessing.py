"""The likeliest of our statuses for a word of theirs."""

from __future__ import annotations

GUESSES = (
    (("done", "shipped", "released", "complete"), "shipped"),
    (("progress", "doing", "develop", "build"), "development"),
    (("review", "test", "beta", "qa"), "beta"),
    (("discover", "research", "explor"), "discovery"),
    (("won't", "wont", "drop", "cancel", "declin", "reject"), "dropped"),
    (("idea", "inbox", "backlog", "triage", "new"), "idea"),
)
"""Words in a status, and the likeliest of ours."""


def guess(word: str) -> str:
    """Return the likeliest of our statuses for a word of theirs.

    >>> guess("In progress"), guess("Won't do"), guess("Todo")
    ('development', 'dropped', 'planned')
    """
    lowered = word.casefold()
    return next((ours for parts, ours in GUESSES if any(part in lowered for part in parts)), "planned")
