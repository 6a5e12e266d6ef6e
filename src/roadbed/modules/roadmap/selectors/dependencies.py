"""Reading what waits for what."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import F, Q, QuerySet

from roadbed.modules.roadmap.models import CLOSED, Dependency, External, Feature, graphs

RELATED = ("feature", "on", "external__owner__user")


def access_external(*, workspace_id: int, number: int) -> External:
    """Return the external dependency with that number, or raise `External.DoesNotExist`, for strangers too."""
    rows = External.objects.in_workspace(workspace_id).select_related("product", "workspace", "owner__user")
    found: External = rows.get(number=number)
    return found


def access_dependency(*, workspace_id: int, dependency_id: int) -> Dependency:
    """Return a dependency of the workspace, or raise `Dependency.DoesNotExist`, for strangers too."""
    return alive(workspace_id).select_related(*RELATED).get(pk=dependency_id)


def alive(workspace_id: int) -> QuerySet[Dependency]:
    """Return the dependencies whose both ends are there."""
    rows = Dependency.objects.filter(workspace_id=workspace_id, feature__deleted_at__isnull=True)
    return rows.filter(
        Q(on__isnull=False, on__deleted_at__isnull=True)
        | Q(external__isnull=False, external__deleted_at__isnull=True)
    )


def filter_dependencies(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Dependency]:
    """Return the dependencies that the filters leave; page, API and download share it."""
    rows = alive(workspace_id)
    if words := filters.get("q"):
        rows = rows.filter(
            Q(feature__title__icontains=words)
            | Q(on__title__icontains=words)
            | Q(external__title__icontains=words)
            | Q(external__promised_by__icontains=words)
        )
    if ties := filters.get("tie"):
        rows = rows.filter(tie__in=ties if not isinstance(ties, str) else [ties])
    if lane := filters.get("lane"):
        rows = rows.filter(feature__lane=lane)
    if team := filters.get("team"):
        rows = rows.filter(Q(feature__team_id=team) | Q(on__team_id=team))
    if (is_external := filters.get("external")) is not None:
        rows = rows.filter(external__isnull=not is_external)
    if (across := filters.get("across")) is not None:
        other = Q(on__isnull=False) & ~Q(feature__team_id=F("on__team_id"))
        rows = rows.filter(other) if across else rows.exclude(other)
    if (is_open := filters.get("open")) is not None:
        waiting = ~Q(feature__status__in=CLOSED) & (
            Q(on__isnull=False) & ~Q(on__status__in=CLOSED) | Q(external__state=External.State.WAITING)
        )
        rows = rows.filter(waiting) if is_open else rows.exclude(waiting)
    return rows.select_related(*RELATED, "feature__team", "on__team")


def dependencies_of(feature: Feature) -> tuple[list[Dependency], list[Dependency]]:
    """Return what a feature waits for, and what waits for it; two queries."""
    rows = alive(feature.workspace_id).select_related(*RELATED)
    return list(rows.filter(feature=feature)[:200]), list(rows.filter(on=feature)[:200])


def waiting_for(external: External) -> list[Feature]:
    """Return the features that wait for something external."""
    rows = Feature.objects.in_workspace(external.workspace_id).filter(waits_for__external=external)
    return list(rows.select_related("team", "release").distinct().order_by("pk")[:200])


def filter_externals(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[External]:
    """Return the external dependencies that the filters leave."""
    rows: Any = External.objects.in_workspace(workspace_id).filter(kind="external").not_archived()
    if words := filters.get("q"):
        rows = rows.filter(Q(title__icontains=words) | Q(promised_by__icontains=words))
    if state := filters.get("state"):
        rows = rows.filter(state=state)
    return rows.select_related("product", "owner__user")  # type: ignore[no-any-return]  # kept loose while the filters are put on


def waits_and_parents(*, workspace_id: int) -> tuple[list[graphs.Wait], dict[int, int | None]]:
    """Return every wait of one feature for another, and each feature's parent; two queries."""
    rows = alive(workspace_id).filter(on__isnull=False).order_by().values_list("feature_id", "on_id", "tie")
    waits = [graphs.Wait(feature=feature, on=on, tie=tie) for feature, on, tie in rows if on is not None]
    if not waits:
        return [], {}
    return waits, dict(Feature.objects.in_workspace(workspace_id).order_by().values_list("pk", "parent_id"))


def graph_of(*, workspace_id: int) -> graphs.Graph:
    """Return everything that must not come before something else."""
    waits, parents = waits_and_parents(workspace_id=workspace_id)
    if not parents:
        parents = dict(Feature.objects.in_workspace(workspace_id).order_by().values_list("pk", "parent_id"))
    return graphs.Graph.of(waits=waits, parents=parents)


def keys_in_order(pks: Sequence[int]) -> list[str]:
    """Return the keys of some features in the order of their ids."""
    rows: dict[int, Feature] = Feature.objects.in_bulk(list(pks))
    return [rows[pk].key for pk in pks if pk in rows]


def blocked(*, feature_ids: Collection[int]) -> dict[int, int]:
    """Return how many things each feature still waits for; one query."""
    counts: dict[int, int] = {}
    rows = Dependency.objects.filter(feature_id__in=feature_ids).filter(
        (Q(on__deleted_at__isnull=True, on__isnull=False) & ~Q(on__status__in=CLOSED))
        | Q(external__state=External.State.WAITING, external__deleted_at__isnull=True)
    )
    for feature_id in rows.values_list("feature_id", flat=True):
        counts[feature_id] = counts.get(feature_id, 0) + 1
    return counts
