"""The registry of deeds that the palette offers. Apps add theirs when Django starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from roadbed.core.workspaces.roles import Role


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do, as the palette offers it; `path` is below the workspace's address."""

    label: str
    path: str
    icon: str = "plus"
    words: str = ""
    role: Role = Role.MAKER
    method: Literal["get", "post"] = "get"


_DEEDS: dict[str, Deed] = {}


def register(deed: Deed) -> None:
    """Offer a deed; the same label replaces the one before."""
    _DEEDS[deed.label] = deed


def all_deeds() -> list[Deed]:
    """Every deed, by label."""
    return sorted(_DEEDS.values(), key=lambda deed: deed.label)


@dataclass(frozen=True, slots=True)
class QueryDeed:
    """Something to do with what was typed; `path` is below the workspace's address and ends where the words go."""

    label: str
    """Such as ``Ask``: the palette shows it before the words."""
    path: str
    icon: str = "search"
    role: Role = Role.VIEWER


_QUERY_DEEDS: dict[str, QueryDeed] = {}


def register_query(deed: QueryDeed) -> None:
    """Offer a deed on what was typed; the same label replaces the one before."""
    _QUERY_DEEDS[deed.label] = deed


def query_deeds() -> list[QueryDeed]:
    """Every deed on what was typed, by label."""
    return sorted(_QUERY_DEEDS.values(), key=lambda deed: deed.label)
