"""When everything would be done in a branch, and in the plan beside it: the same futures for both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from roadbed.modules.roadmap.models import Branch, BranchChange, BranchOutlook
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.selectors import plan as plans
from roadbed.modules.roadmap.services import calibrating, forecasting, overlays, translating
from roadbed.modules.roadmap.services import targets as aims
from roadbed.modules.roadmap.services import units as work
from roadbed_engines.schedule import plan as engine

RUNS = ((300, 1_000), (1_000, 400))
RUNS_OF_MANY = 200
"""With more pieces of work, fewer futures: the answer is there before the hand has left the key."""


@dataclass(frozen=True, slots=True)
class Base:
    """The plan as it stands, read once; branches are laid over it."""

    plan: plans.WholePlan
    goals: tuple[aims.Goal, ...]
    first: date
    stretch: calibrating.Stretch


def read(*, workspace_id: int, first: date) -> Base:
    """Read the plan, for one branch or several."""
    last = first + timedelta(days=translating.DAYS_AHEAD)
    plan = plans.whole_plan(workspace_id=workspace_id, first=first, last=last)
    stretch = calibrating.of_newest(workspace_id=workspace_id)
    return Base(plan, aims.goals_of(workspace_id), first, stretch)


def _runs(pieces: int) -> int:
    return next((runs for most, runs in RUNS if pieces <= most), RUNS_OF_MANY)


def outlook(base: Base, changes: Sequence[BranchChange], *, seed: int, runs: int = 0) -> dict[str, Any]:
    """Return dates and weeks of the plan with some changes laid over it, plain."""
    plan = overlays.overlay(base.plan, changes) if changes else base.plan
    forest = work.Forest(plan)
    translated = translating.translate(plan, forest=forest, first=base.first)
    found: dict[str, Any] = {
        "rows": {},
        "load": {},
        "problem": "",
        "runs": runs or _runs(len(translated.units)),
        "refused": [
            {"id": one.id, "key": one.key, "what": one.what, "reason": one.reason}
            for one in translated.refused
        ],
    }
    if translated.plan is None:
        return found
    wanted = aims.targets_of(forest, translated, base.goals)
    try:
        rows, found["load"] = forecasting.work_out(
            translated,
            translated.plan,
            wanted,
            seed=seed,
            runs=found["runs"],
            with_drivers=False,
            stretch=base.stretch,
        )
    except engine.PlanError as error:
        found["problem"] = str(error)[:600]
        return found
    found["rows"] = {
        str(row.record_id): {
            "kind": str(row.kind),
            "place": row.place,
            "team": row.team_id,
            "release": row.release_id,
            "start": row.start.isoformat(),
            "finish": row.finish.isoformat(),
            "p50": row.p50.isoformat(),
            "p85": row.p85.isoformat(),
            "due": row.due.isoformat() if row.due else None,
            "is_hard": row.is_hard,
            "chance": round(row.chance, 4) if row.chance is not None else None,
            "why": row.why,
        }
        for row in rows
    }
    return found


@transaction.atomic
def work_out(*, branch: Branch, at: datetime) -> BranchOutlook:
    """Work out the plan and the branch over the same futures, and keep both."""
    base = read(workspace_id=branch.workspace_id, first=at.date())
    seed = branch.workspace_id
    main = outlook(base, (), seed=seed)
    changes = reading.changes_of(branch)
    branched = outlook(base, changes, seed=seed, runs=main["runs"]) if changes else main
    found, _ = BranchOutlook.objects.update_or_create(
        branch=branch,
        defaults={
            "at": at,
            "first": base.first,
            "seed": seed,
            "runs": main["runs"],
            "main": main,
            "branched": branched,
        },
    )
    branch.outlook = found
    return found
