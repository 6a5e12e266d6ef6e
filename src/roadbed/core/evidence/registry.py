"""How modules offer their part of the chain from a sentence to a result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import models


class Stage(models.TextChoices):
    """The chain, in its order."""

    HEARD = "heard", "Heard"
    NEEDED = "needed", "Needed"
    WORTH = "worth", "Worth"
    USABLE = "usable", "Usable"
    FEASIBLE = "feasible", "Feasible"
    PLANNED = "planned", "Planned"
    WORKS = "works", "Works"
    SURVIVES = "survives", "Survives"
    SHIPPED = "shipped", "Shipped"
    TOLD = "told", "Told"


Strength = Literal["full", "partial", "none"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a figure: a row behind it, with where to see it."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One bead on the chain: what it says, how strongly, since when, and what it is made of."""

    record_id: int
    stage: Stage
    headline: str
    strength: Strength
    detail: str = ""
    quote: str = ""
    key: str = ""
    url: str = ""
    at: datetime | None = None
    parts: tuple[Part, ...] = ()
    method: str = ""


Collect = Callable[[int, str, Collection[int]], Mapping[int, Sequence[EvidenceItem]]]


@dataclass(frozen=True, slots=True)
class Provider:
    """A module's answer for any number of records, in a number of queries that does not grow with them.

    `collect(workspace_id, workspace_slug, record_ids)` returns items by record id; ids that are not the module's
    business are simply left out. `stages` are those it answers for, shown also where nothing is there yet.
    """

    name: str
    stages: tuple[Stage, ...]
    collect: Collect


_PROVIDERS: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Add a module's provider."""
    _PROVIDERS[provider.name] = provider


def providers() -> Sequence[Provider]:
    """Every provider, in the order of registration."""
    return tuple(_PROVIDERS.values())
