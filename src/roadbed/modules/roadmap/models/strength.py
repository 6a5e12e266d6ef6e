"""How strong the evidence behind a record is, in a word, by a rule that everybody can read."""

from __future__ import annotations

from dataclasses import dataclass

from roadbed.core.evidence.models import EvidenceTally

STRONG_PEOPLE, STRONG_ACCOUNTS = 12, 5
SOME_PEOPLE, SOME_ACCOUNTS = 4, 2
RULE = (
    f"Strong: at least {STRONG_PEOPLE} people at {STRONG_ACCOUNTS} customers. "
    f"Some: at least {SOME_PEOPLE} people at {SOME_ACCOUNTS} customers. Thin: anybody at all. None: nobody."
)


@dataclass(frozen=True, slots=True)
class Strength:
    """A word, its tone, and the figures and the rule behind it."""

    label: str
    tone: str
    reason: str


def evidence_strength(tally: EvidenceTally | None) -> Strength:
    """Return the word for a tally. Distinct people and customers count, not votes or quotes."""
    people = tally.people if tally else 0
    accounts = tally.accounts if tally else 0
    figures = f"{people} people at {accounts} customers. {RULE}"
    if people >= STRONG_PEOPLE and accounts >= STRONG_ACCOUNTS:
        return Strength("Evidence strong", "good", figures)
    if people >= SOME_PEOPLE and accounts >= SOME_ACCOUNTS:
        return Strength("Evidence some", "accent", figures)
    if people:
        return Strength("Evidence thin", "warn", figures)
    return Strength("Evidence none", "outline", figures)
