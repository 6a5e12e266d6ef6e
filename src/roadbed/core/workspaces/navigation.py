"""The registry of navigation entries. Apps add theirs when Django starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role

GROUPS = ("", "Discover", "Decide", "Prove", "Align")
Counter = Callable[[Access], int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the navigation; `path` is below the workspace's address, and `also` are further paths of the place."""

    label: str
    path: str
    group: str = ""
    order: int = 100
    role: Role = Role.VIEWER
    count: Counter | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """An entry as one member sees it on one page."""

    label: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A headed part of the navigation."""

    label: str
    entries: list[Item]


_ENTRIES: dict[str, Entry] = {}
_UNREAD: list[Counter] = []


def register(entry: Entry) -> None:
    """Add a place; the same path replaces the one before."""
    if entry.group not in GROUPS:
        raise ValueError(f"{entry.group} is not a group of the navigation")
    _ENTRIES[entry.path] = entry


def register_unread(counter: Counter) -> None:
    """Name the function that counts a member's unread notices."""
    _UNREAD[:] = [counter]


def unread(*, access: Access) -> int:
    """How many notices wait for the member."""
    return _UNREAD[0](access) if _UNREAD else 0


def entries() -> list[Entry]:
    """Every entry, in order; the palette offers them too."""
    return sorted(_ENTRIES.values(), key=lambda entry: (GROUPS.index(entry.group), entry.order, entry.label))


def build(*, access: Access, path: str) -> list[Group]:
    """Return the navigation for a member; the longest entry that the path lies under is the current one."""
    base = f"/w/{access.workspace.slug}/"
    visible = [entry for entry in entries() if access.allows(entry.role)]
    under = {
        place: entry.path
        for entry in visible
        for place in (entry.path, *entry.also)
        if path.startswith(base + place)
    }
    current = under[max(under, key=len)] if under else None
    groups: list[Group] = []
    for label in GROUPS:
        items = [
            Item(
                label=entry.label,
                url=base + entry.path,
                count=access.count(entry.count) if entry.count else 0,
                current=entry.path == current and (entry.path != "" or path == base),
            )
            for entry in visible
            if entry.group == label
        ]
        if items:
            groups.append(Group(label=label, entries=items))
    return groups
