"""Reading objectives: how far each key result is, by its check-ins, and which features are for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from roadbed.core.records.models import Link, Relation
from roadbed.modules.roadmap.models import CheckIn, Feature, KeyResult, Objective


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a key result is: `share` of the way from baseline to target (0 to 1), by its latest check-in."""

    key_result: KeyResult
    check_ins: tuple[CheckIn, ...]
    """The newest first."""
    share: float | None
    """None before the first check-in."""

    @property
    def current(self) -> float | None:
        """The latest figure."""
        return self.check_ins[0].value if self.check_ins else None


def share_of_way(*, baseline: float, target: float, current: float) -> float:
    """Return which part of the way from baseline to target is done, between 0 and 1.

    >>> share_of_way(baseline=40, target=20, current=35)
    0.25
    """
    return min(1.0, max(0.0, (current - baseline) / (target - baseline)))


def progress_of_result(key_result: KeyResult) -> Progress:
    """Return how far a key result is; its check-ins must be prefetched, the newest first."""
    found = tuple(key_result.check_ins.all())
    share = (
        share_of_way(baseline=key_result.baseline, target=key_result.target, current=found[0].value)
        if found
        else None
    )
    return Progress(key_result, found, share)


def progress_of_objective(objective: Objective) -> float | None:
    """Return the mean over its key results, one that nobody has checked counting as not begun; None without any."""
    shares = [progress_of_result(one).share or 0.0 for one in objective.key_results.all()]
    return sum(shares) / len(shares) if shares else None


def _whole(rows: Any) -> Any:
    results = KeyResult.objects.select_related("owner__user").prefetch_related("check_ins")
    return rows.select_related("owner__user", "department", "product", "workspace").prefetch_related(
        Prefetch("key_results", queryset=results)
    )


def access_objective(*, workspace_id: int, number: int) -> Objective:
    """Return the objective with that number, or raise `Objective.DoesNotExist`, for strangers too."""
    found: Objective = _whole(Objective.objects.in_workspace(workspace_id)).get(number=number)
    return found


def access_key_result(*, workspace_id: int, number: int, result_id: int) -> KeyResult:
    """Return a key result of an objective, or raise `KeyResult.DoesNotExist`, for strangers too."""
    rows = KeyResult.objects.filter(
        objective__workspace_id=workspace_id, objective__number=number, objective__deleted_at__isnull=True
    )
    return rows.select_related("objective__workspace", "owner__user").get(pk=result_id)


def filter_objectives(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Objective]:
    """Return the objectives that the filters leave, with their key results."""
    rows: Any = Objective.objects.in_workspace(workspace_id).filter(kind="objective").not_archived()
    if words := filters.get("q"):
        rows = rows.filter(Q(title__icontains=words) | Q(description__icontains=words))
    if state := filters.get("state"):
        rows = rows.filter(state=state)
    if product := filters.get("product"):
        rows = rows.filter(product__slug=product)
    if department := filters.get("department"):
        rows = rows.filter(department_id=department)
    return _whole(rows)  # type: ignore[no-any-return]  # kept loose while the filters are put on


def delivering(*, objective_ids: Collection[int]) -> dict[int, list[Feature]]:
    """Return the live features that are for each objective, in the order of their keys; two queries."""
    links = Link.objects.filter(
        target_id__in=objective_ids, relation=Relation.DELIVERS, source__kind="feature",
        source__deleted_at__isnull=True, source__circle__isnull=True,
    ).values_list("target_id", "source_id")  # fmt: skip
    pairs = list(links)
    rows: dict[int, Feature] = (
        Feature.objects.filter(pk__in=[source for _, source in pairs])
        .select_related("release", "team", "product")
        .in_bulk()
    )
    found: dict[int, list[Feature]] = {}
    for target, source in pairs:
        if source in rows:
            found.setdefault(target, []).append(rows[source])
    return {target: sorted(each, key=lambda one: (one.prefix, one.number)) for target, each in found.items()}
