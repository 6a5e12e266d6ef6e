"""How modules offer their part of the chain from a sentence to a result."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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


Beside = Callable[[int, str, Any, Collection[int]], Sequence[Part]]
"""`beside(workspace_id, workspace_slug, record, circles)`: what stands behind a record within walls."""

_BESIDE: list[Beside] = []


def register_beside(source: Beside) -> None:
    """Say what a member's circles hold about a record. It is shown beside the shared figures, never within them."""
    if source not in _BESIDE:
        _BESIDE.append(source)


def beside(*, workspace_id: int, workspace: str, record: Any, circles: Collection[int]) -> list[Part]:
    """What a member of these circles may know of a record besides what everybody does; nothing without circles."""
    if not circles:
        return []
    return [part for source in _BESIDE for part in source(workspace_id, workspace, record, circles)]


_PROVIDERS: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Add a module's provider."""
    _PROVIDERS[provider.name] = provider


def providers() -> Sequence[Provider]:
    """Every provider, in the order of registration."""
    return tuple(_PROVIDERS.values())
