"""Assembling the chain of a record: what lies before it and after it, stage by stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from roadbed.core.evidence.registry import EvidenceItem, Stage, providers
from roadbed.core.records.models import Link, Record, Relation

HEARD_KINDS = frozenset({"feedback"})
"""Kinds that come in masses. They are counted by their provider, never walked one by one."""

NEIGHBOUR_LIMIT = 200


@dataclass(frozen=True, slots=True)
class StageLine:
    """One stage of a chain, with what is there."""

    stage: Stage
    items: tuple[EvidenceItem, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known at this stage."""
        return not self.items


@dataclass(frozen=True, slots=True)
class Chain:
    """A record's evidence from the first word to the last."""

    record_id: int
    lines: tuple[StageLine, ...]
    """Stages that a module answers for, in order, also the empty ones."""

    @property
    def filled(self) -> tuple[StageLine, ...]:
        """The stages at which something is known."""
        return tuple(line for line in self.lines if not line.is_empty)

    @property
    def missing(self) -> tuple[Stage, ...]:
        """The stages at which nothing is known yet."""
        return tuple(line.stage for line in self.lines if line.is_empty)


def _steps(ids: Collection[int], *, upstream: bool) -> dict[int, set[int]]:
    """One step along the chain for many records: towards what was heard, or towards what was shipped."""
    found: dict[int, set[int]] = defaultdict(set)
    towards_target = (
        [Relation.ANSWERS, Relation.DELIVERS] if upstream else [Relation.SUPPORTS, Relation.ASKS_FOR]
    )
    towards_source = (
        [Relation.SUPPORTS, Relation.ASKS_FOR] if upstream else [Relation.ANSWERS, Relation.DELIVERS]
    )
    # A chain is for everybody: what is private to a circle is no bead of it.
    live: dict[str, Any] = {
        f"{end}__{name}__isnull": True for end in ("source", "target") for name in ("deleted_at", "circle")
    }
    forward = Link.objects.filter(source_id__in=ids, relation__in=towards_target, **live)
    for source, target in forward.values_list("source_id", "target_id")[: NEIGHBOUR_LIMIT * len(ids)]:
        found[source].add(target)
    backward = Link.objects.filter(target_id__in=ids, relation__in=towards_source, **live)
    if upstream:
        backward = backward.exclude(source__kind__in=HEARD_KINDS)
    for source, target in backward.values_list("source_id", "target_id")[: NEIGHBOUR_LIMIT * len(ids)]:
        found[target].add(source)
    return found


def related_records(record_ids: Collection[int]) -> dict[int, set[int]]:
    """Return, per record, the records on its chain: two steps up and two steps down, in eight queries at the most."""
    related: dict[int, set[int]] = {pk: set() for pk in record_ids}
    for upstream in (True, False):
        frontier: dict[int, set[int]] = {pk: {pk} for pk in record_ids}
        for _ in range(2):
            ids = set().union(*frontier.values()) if frontier else set()
            if not ids:
                break
            steps = _steps(ids, upstream=upstream)
            frontier = {
                pk: set().union(*(steps.get(one, set()) for one in reached)) - related[pk] - {pk}
                for pk, reached in frontier.items()
            }
            for pk, reached in frontier.items():
                related[pk] |= reached
    return related


def _unique(items: Iterable[EvidenceItem]) -> tuple[EvidenceItem, ...]:
    kept: dict[tuple[str, str], EvidenceItem] = {}
    for item in items:
        kept.setdefault((item.key, item.headline), item)
    return tuple(kept.values())


def chains_for(*, workspace_id: int, workspace: str, record_ids: Collection[int]) -> dict[int, Chain]:
    """Return the chain of each record, in one call per module whatever their number.

    At each stage a record's own items count; where it has none, those of the records on its chain do.
    """
    related = related_records(record_ids)
    everything = set(record_ids).union(*related.values()) if related else set(record_ids)
    collected: dict[int, dict[Stage, list[EvidenceItem]]] = defaultdict(lambda: defaultdict(list))
    for provider in providers():
        for pk, items in provider.collect(workspace_id, workspace, everything).items():
            for item in items:
                collected[pk][item.stage].append(item)
    covered = {stage for provider in providers() for stage in provider.stages}
    chains: dict[int, Chain] = {}
    for pk in record_ids:
        lines = []
        for stage in Stage:
            own = collected[pk][stage]
            items = own or [item for one in sorted(related[pk]) for item in collected[one][stage]]
            if items or stage in covered:
                lines.append(StageLine(stage=stage, items=_unique(items)))
        chains[pk] = Chain(record_id=pk, lines=tuple(lines))
    return chains


def chain_of(*, record: Record, workspace: str) -> Chain:
    """Return the chain of one record."""
    found = chains_for(workspace_id=record.workspace_id, workspace=workspace, record_ids=[record.pk])
    return found[record.pk]
