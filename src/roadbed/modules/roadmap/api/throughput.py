"""When and how many, by what a team has finished."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from roadbed.core.api.auth import access_of
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.api.schemas import WRITE_PROBLEMS
from roadbed.modules.roadmap.services import throughput

router = Router(tags=["roadmap"])


class ThroughputQuery(Schema):
    """What is asked."""

    items: int = Field(10, ge=1, le=5_000, description="When will so many more be done?")
    weeks: int = Field(4, ge=1, le=104, description="How many will be done within so many weeks?")


class ThroughputLevelOut(Schema):
    """What is told at one chance."""

    level: float
    days: int = Field(description="Working days until the items are done.")
    day: date | None = Field(description="None where it lies more than ten years ahead.")
    items: int = Field(description="At least so many within the weeks.")
    kept: float | None = Field(
        description="How often such a date held in the past; none while it is not known."
    )


class ThroughputOut(Schema):
    """When and how many, how sure, and how often that held."""

    items: int
    weeks: int
    levels: list[ThroughputLevelOut]
    forecasts: int = Field(description="Past forecasts that came to their end.")
    own_errors: int = Field(description="Of the team's own, behind the stretch of its dates.")
    is_calibrated: bool = Field(description="Whether enough of them are the team's own.")
    unmeasured: str = Field(description="Why it is not known yet how often such dates held.")


@router.get(
    "teams/{int:team_id}/throughput",
    response={200: ThroughputOut, **WRITE_PROBLEMS},
    operation_id="get_team_throughput",
    url_name="team-throughput",
)
def get_team_throughput(
    request: HttpRequest, workspace: Path[str], team_id: int, query: Query[ThroughputQuery]
) -> dict[str, Any]:
    """Forecast from finished items alone; 422 with what is missing where they cannot carry it."""
    access = access_of(request)
    team = selectors.access_team(workspace_id=access.workspace.pk, team_id=team_id)
    told = throughput.tell(team=team, items=query.items, weeks=query.weeks, until=timezone.localdate())
    if told.when is None or told.many is None:
        raise ValidationError(told.missing)
    kept = told.kept.given.coverage if told.kept else (None,) * len(told.when.levels)
    return {
        "items": query.items,
        "weeks": query.weeks,
        "levels": [
            {"level": level, "days": days, "day": day, "items": items, "kept": share}
            for level, days, day, items, share in zip(
                told.when.levels, told.when.days, told.when.dates, told.many.items, kept, strict=True
            )
        ],
        "forecasts": told.kept.forecasts if told.kept else 0,
        "own_errors": told.when.calibration.own,
        "is_calibrated": told.when.calibration.is_own,
        "unmeasured": told.unmeasured,
    }
