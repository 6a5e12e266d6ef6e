"""How much work features of a table are: person-days by their quantiles, as exports write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from roadbed.core.records.services import record_activity
from roadbed.core.tables.targets import Change, Field, Outcome, ParsedRow, Run
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Estimate, Origin
from roadbed.modules.roadmap.services import estimates
from roadbed_engines import effort

BEFORE = "estimate"
"""Under this name an import remembers which estimate stood before its own; none is null."""
ALIKE = 1e-3
FIELDS = (
    Field("p10", "Effort P10", "number", aliases=("p10", "low", "optimistic", "least days", "best case"),
          help="Person-days that it rarely needs less than."),
    Field("p50", "Effort P50", "number", aliases=("p50", "likely", "most likely", "likely days"),
          help="Person-days: as likely more as less. May be left out where the other two are there."),
    Field("p90", "Effort P90", "number", aliases=("p90", "high", "pessimistic", "most days", "worst case"),
          help="Person-days that it rarely needs more than."),
)  # fmt: skip
NAMES = tuple(one.name for one in FIELDS)


def estimate(run: Run, rows: Sequence[ParsedRow], *, ids: Mapping[int, int], outcome: Outcome) -> None:
    """Keep what rows say of their effort, but for what stands there already; one that cannot be meant is named.

    Parameters
    ----------
    ids : mapping
        Of each row, by its place in the batch, the feature that it is about.
    """
    if run.mapped.isdisjoint(NAMES):
        return
    found: dict[int, tuple[str, effort.Effort, dict[str, float]]] = {}
    for index, row in enumerate(rows):
        said = {name: float(row.values[name]) for name in NAMES if row.values.get(name) not in {None, ""}}
        if not said or index not in ids:
            continue
        try:
            found[ids[index]] = _read(said)
        except ValidationError as error:
            outcome.partly += 1
            outcome.rejects.append((index, f"It was kept, but not its effort: {' '.join(error.messages)}"))
    if run.is_dry or not found:
        return
    current = {one.feature_id: one for one in Estimate.objects.filter(feature_id__in=found, is_current=True)}
    new = {pk: each for pk, each in found.items() if pk not in current or not _alike(current[pk], each[1])}
    Estimate.objects.filter(pk__in=[current[pk].pk for pk in new if pk in current]).update(is_current=False)
    Estimate.objects.bulk_create(
        Estimate(
            feature_id=pk,
            origin=origin,
            p10=days.p10,
            p50=days.p50,
            p90=days.p90,
            mean=days.mean,
            said=said,
            at=run.at,
            by_id=run.actor.user_id,
            by_name=run.actor.name[:120],
        )
        for pk, (origin, days, said) in new.items()
    )
    _note(outcome, {pk: current[pk].pk if pk in current else None for pk in new})
    if new:
        record_activity(
            workspace_id=run.workspace_id,
            actor=run.actor,
            verb="imported estimates",
            at=run.at,
            changes={"features": selectors.keys_in_order(sorted(new)[:50]), "count": len(new)},
        )


def _read(said: Mapping[str, float]) -> tuple[str, effort.Effort, dict[str, float]]:
    """Return the origin, the effort and what to keep of how it was said, or refuse in words."""
    if "p50" in said and len(said) == 1:
        raise ValidationError(
            "one figure says nothing of how sure it is. Say what it rarely needs less and more than."
        )
    names = {"low": said.get("p10"), "likely": said.get("p50"), "high": said.get("p90")}
    origin = Origin.THREE_POINT if "p50" in said else Origin.RANGE
    given = estimates.figures_of(origin, names)
    if origin == Origin.RANGE:
        middle = math.sqrt(given["low"] * given["high"])
        return origin, effort.of_quantiles(p10=given["low"], p50=middle, p90=given["high"]), given
    return origin, effort.of_quantiles(p10=given["low"], p50=given["likely"], p90=given["high"]), given


def _alike(stored: Estimate, found: effort.Effort) -> bool:
    return all(
        math.isclose(one, other, rel_tol=ALIKE)
        for one, other in ((stored.p10, found.p10), (stored.p50, found.p50), (stored.p90, found.p90))
    )


def _note(outcome: Outcome, before: Mapping[int, int | None]) -> None:
    """Remember which estimates stood before: of features that were there, so that undoing puts them back."""
    created = set(outcome.created.get("feature", ()))
    changed = outcome.changed.setdefault("feature", [])
    place = {one.record_id: at for at, one in enumerate(changed)}
    for pk, estimate_id in before.items():
        if pk in created:
            continue
        if pk in place:
            known = changed[place[pk]]
            changed[place[pk]] = Change(pk, {**known.before, BEFORE: estimate_id})
        else:
            changed.append(Change(pk, {BEFORE: estimate_id}))


def give_back(record_id: int, before: Mapping[str, Any]) -> None:
    """Let the estimate before an import be the current one again."""
    if BEFORE not in before:
        return
    Estimate.objects.filter(feature_id=record_id, is_current=True).update(is_current=False)
    Estimate.objects.filter(feature_id=record_id, pk=before[BEFORE] or 0).update(is_current=True)
