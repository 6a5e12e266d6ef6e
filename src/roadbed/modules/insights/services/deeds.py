"""A deed is what one press of a button did: a stretch of the history, which `undo` can walk back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction

from roadbed.core.records.models import ActivityHead


@dataclass(slots=True)
class Deed:
    """The activities `first` to `last` of a workspace's history, both included."""

    workspace_id: int
    first: int = 0
    last: int = 0
    count: int = 0
    """How many records it changed."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was changed after all."""
        return self.last < self.first


@contextmanager
def doing(*, workspace_id: int) -> Iterator[Deed]:
    """Hold the end of the history while several services write, and tell which part of it they wrote."""
    with transaction.atomic():
        ActivityHead.objects.bulk_create([ActivityHead(workspace_id=workspace_id)], ignore_conflicts=True)
        # Locked, so that what follows until the commit is all ours.
        head = ActivityHead.objects.select_for_update().get(workspace_id=workspace_id)
        deed = Deed(workspace_id=workspace_id, first=head.sequence + 1)
        yield deed
        deed.last = ActivityHead.objects.values_list("sequence", flat=True).get(workspace_id=workspace_id)
