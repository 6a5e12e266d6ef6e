"""What the demo workspace is made of.

Each app registers a loader in its `ready()`, and the order follows from `after`.

```python
# roadbed/modules/insights/apps.py
def ready(self) -> None:
    from roadbed.core import demo
    from roadbed.modules.insights import demo as story

    demo.register("insights", story.load)
    demo.register("roadmap", other_story.load, after=["insights"])
```

A loader is `load(*, workspace: Workspace, seed: int, at: datetime) -> None`. It calls the services with actors
of the workspace, takes every choice from `random.Random(seed)`, and dates everything at or before `at`, so that
two runs with the same arguments make the same rows. The workspace with its people, products, departments and
teams is there before any loader runs (`roadbed.core.workspaces.demo`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from roadbed.core.workspaces.models import Workspace

WORKSPACE_SLUG = "northwind"
WORKSPACE_NAME = "Northwind Dispatch"


class Loader(Protocol):
    """Writes one app's part of the story."""

    def __call__(self, *, workspace: Workspace, seed: int, at: datetime) -> None:
        """Write it through the services, deterministic by seed, dated up to `at`."""


class DemoOrderError(Exception):
    """The loaders cannot be put in an order: one waits for a missing one, or they wait in a circle."""


@dataclass(frozen=True, slots=True)
class _Entry:
    loader: Loader
    after: tuple[str, ...]


_entries: dict[str, _Entry] = {}


def register(name: str, loader: Loader, after: Iterable[str] = ()) -> None:
    """Make `loader` a part of the demo, to be called when all that it comes `after` has been."""
    _entries[name] = _Entry(loader=loader, after=tuple(after))


def order() -> list[str]:
    """Return the names of all loaders in the order in which they run.

    Raises
    ------
    DemoOrderError
        If a loader waits for one that is not registered, or for itself.
    """
    for name, entry in _entries.items():
        missing = [other for other in entry.after if other not in _entries]
        if missing:
            raise DemoOrderError(f"{name} comes after {', '.join(missing)}, which no app has registered")
    # Sorted, so that the order does not depend on which app Django has set up first.
    sorter = TopologicalSorter({name: sorted(_entries[name].after) for name in sorted(_entries)})
    try:
        return list(sorter.static_order())
    except CycleError as error:
        raise DemoOrderError(f"these wait for each other: {', '.join(error.args[1])}") from error


def load(*, seed: int, at: datetime, said: Callable[[str], None] | None = None) -> Workspace:
    """Found the workspace and run every loader; `said` hears the name of each before it starts."""
    from roadbed.core.workspaces import demo as founding

    workspace = founding.found(name=WORKSPACE_NAME, slug=WORKSPACE_SLUG, at=at)
    for name in order():
        if said is not None:
            said(name)
        _entries[name].loader(workspace=workspace, seed=seed, at=at)
    return workspace
