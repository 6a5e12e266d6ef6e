"""How evidence climbs a tree: the module that keeps the tree, and the one that counts, meet here.

The roadmap registers its tree of features with `register_tree`; insights registers its counting with
`register_counter`. Whoever changes what stands under a record (moves a branch, restores a feature) calls `recount`
inside the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

Relatives = Callable[[int, Collection[int]], Mapping[int, Collection[int]]]
Counter = Callable[[int, Collection[int], datetime], None]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of records.

    `descendants(workspace_id, record_ids)` and `ancestors(workspace_id, record_ids)` return, per record asked for, the
    ids of all live records below (above) it at any depth, without itself; a record outside the tree may be left out.
    Each takes a number of queries that does not grow with the records.
    """

    descendants: Relatives
    ancestors: Relatives


_TREES: list[Tree] = []
_COUNTERS: list[Counter] = []


def register_tree(tree: Tree) -> None:
    """Let evidence climb this tree. Registering the same tree again changes nothing."""
    if tree not in _TREES:
        _TREES.append(tree)


def register_counter(counter: Counter) -> None:
    """Name the function that counts: `counter(workspace_id, record_ids, at)`."""
    if counter not in _COUNTERS:
        _COUNTERS.append(counter)


def _gather(
    relatives: list[Relatives], workspace_id: int, record_ids: Collection[int]
) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {record_id: set() for record_id in record_ids}
    for relation in relatives:
        for record_id, ids in relation(workspace_id, record_ids).items():
            if record_id in found:
                found[record_id].update(ids)
    return found


def descendants(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the ids below each record, in every registered tree."""
    return _gather([tree.descendants for tree in _TREES], workspace_id, record_ids)


def ancestors(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, set[int]]:
    """Return the ids above each record, in every registered tree."""
    return _gather([tree.ancestors for tree in _TREES], workspace_id, record_ids)


def recount(*, workspace_id: int, record_ids: Collection[int], at: datetime) -> None:
    """Count the evidence of these records, and of all that stands above them, anew. Call it inside the transaction.

    After a branch moves, give the moved record and its old parent: the new ancestors are found by themselves.
    """
    for counter in _COUNTERS:
        counter(workspace_id, record_ids, at)
