"""The registry of settings pages. Apps add theirs when Django starts; all share one frame.

A page extends ``workspaces/settings.html`` (blocks: title, settings_heading, settings_actions, settings_note,
settings) and is guarded like any other by `access.page`. The tab appears for those whose role reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role

GROUPS = ("You", "Workspace", "Data", "Connections")


@dataclass(frozen=True, slots=True)
class Tab:
    """A settings page; `path` is below the workspace's address, such as ``settings/members/``."""

    label: str
    path: str
    group: str
    order: int = 100
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class Item:
    """A tab as one member sees it."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A headed part of the tabs."""

    label: str
    items: list[Item]


_TABS: dict[str, Tab] = {}


def register(tab: Tab) -> None:
    """Add a page; the same path replaces the one before."""
    if tab.group not in GROUPS:
        raise ValueError(f"{tab.group} is not a group of the settings")
    _TABS[tab.path] = tab


def tabs() -> list[Tab]:
    """Every tab, in order."""
    return sorted(_TABS.values(), key=lambda tab: (GROUPS.index(tab.group), tab.order, tab.label))


def build(*, access: Access, path: str) -> list[Group]:
    """Return the tabs that the member may open; the longest that the path lies under is the current one."""
    base = f"/w/{access.workspace.slug}/"
    visible = [tab for tab in tabs() if access.allows(tab.role)]
    current = max((tab.path for tab in visible if path.startswith(base + tab.path)), key=len, default=None)
    groups = []
    for label in GROUPS:
        items = [
            Item(label=tab.label, url=base + tab.path, current=tab.path == current)
            for tab in visible
            if tab.group == label
        ]
        if items:
            groups.append(Group(label=label, items=items))
    return groups
