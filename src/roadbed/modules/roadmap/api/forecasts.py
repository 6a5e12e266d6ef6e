"""When everything is done: the newest forecast, each record's dates, and working it out again."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.api import JobOut
from roadbed.core.jobs.models import Job
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Feature, ForecastRow, PlanForecast
from roadbed.modules.roadmap.selectors import forecasts

router = Router(tags=["roadmap"])


class RefusedOut(Schema):
    """Something that has no date, and why."""

    key: str
    what: str = Field(description="estimate, team, calendar, capacity, skill or dependency: what is missing.")
    reason: str


class LoadOut(Schema):
    """A week of a team."""

    team: int
    monday: date
    person_days: float = Field(description="What the team has for planned work.")
    planned: float


class TrustOut(Schema):
    """How often a team's dates held, and by what the next ones are put right; without a team, all together."""

    team: int | None
    source: str = Field(
        description="dates: those that were given; items: finished ones that were estimated; none."
    )
    forecasts: int = Field(description="How many came to their end.")
    given: list[float] = Field(
        description="Shares kept at 50%, 85% and 95%; empty where too few came to their end."
    )
    raw: list[float] = Field(description="The same without the stretch.")
    stretch: list[float] = Field(description="What days are multiplied by at 5%, 10% … 95%.")
    missing: str


class ForecastOut(Schema):
    """A forecast of the whole plan."""

    number: int
    at: datetime
    first: date = Field(description="The first day that was planned.")
    seed: int
    runs: int = Field(description="How many futures.")
    engine: str
    digest: str = Field(description="Of everything that went in; the same digest gives the same dates.")
    placed: int = Field(description="Pieces of work with dates.")
    aside: int = Field(description="Ideas that nobody has planned yet.")
    problem: str = Field(description="Why nothing at all could be put in time; empty where it could.")
    refused: list[RefusedOut]
    load: list[LoadOut]
    trust: list[TrustOut]


class DriverOut(Schema):
    """What moves a date."""

    key: str
    kind: str = Field(description="activity or risk")
    days: float = Field(
        description="How much later the date is where this is worst than where it is best; for a risk, when it strikes."
    )
    correlation: float


class WhyOut(Schema):
    """What set the start."""

    waits_for: list[str] = []
    busy: list[str] = Field([], description="Teams, skills and limits that had no room before.")
    taken_by: list[str] = []
    away: list[str] = []


class DatesOut(Schema):
    """When one record starts and is done."""

    key: str
    kind: str = Field(description="work, parent, release or objective")
    start: date
    finish: date = Field(description="The last day if everything takes its middle estimate.")
    p50: date
    p85: date
    p95: date
    due: date | None
    is_hard: bool
    chance: float | None = Field(description="Of keeping the due date, 0 to 1.")
    critical: float | None = Field(description="How often it is on the chain that sets the end of the plan.")
    quantiles: list[date] = Field(description="Done by then at 5%, 10% … 95%.")
    drivers: list[DriverOut]
    why: WhyOut
    missing: list[str] = Field(description="What belongs to it and could not be placed.")
    forecast: int
    seed: int
    runs: int

    @staticmethod
    def of(row: ForecastRow, run: PlanForecast) -> dict[str, Any]:
        """Return what the document says of a row."""
        first = run.first.toordinal()
        names = ("kind", "start", "finish", "p50", "p85", "p95", "due", "is_hard", "chance", "critical")
        return {
            "key": row.record.key,
            **{name: getattr(row, name) for name in names},
            "quantiles": [date.fromordinal(first + day) for day in row.quantiles],
            "drivers": row.drivers,
            "why": row.why,
            "missing": [one["key"] for one in row.missing],
            "forecast": run.number,
            "seed": run.seed,
            "runs": run.runs,
        }


class DatesQuery(PageQuery):
    """Which rows."""

    kind: str = Field(
        "", max_length=9, description="work, parent, release or objective; all of them without it."
    )


def _newest(access: Access) -> PlanForecast:
    run = forecasts.latest_run(workspace_id=access.workspace.pk)
    if run is None:
        raise ObjectDoesNotExist
    return run


@router.get(
    "forecast", response={200: ForecastOut, **READ_PROBLEMS}, operation_id="get_forecast", url_name="forecast"
)
def get_forecast(request: HttpRequest, workspace: Path[str]) -> dict[str, Any]:
    """Get the newest forecast: how it was worked out, what has no date, each team's weeks."""
    access = access_of(request)
    run = _newest(access)
    names = ("number", "at", "first", "seed", "runs", "engine", "digest", "placed", "aside", "problem")
    seen = Record.objects.in_workspace(access.workspace.pk, circles=sorted(access.circle_ids))
    readable = set(seen.filter(pk__in=[one["id"] for one in run.refused]).values_list("pk", flat=True))
    return {
        **{name: getattr(run, name) for name in names},
        "refused": [one for one in run.refused if one["id"] in readable],
        "trust": [
            {
                "team": one.team_id,
                **{
                    name: getattr(one, name)
                    for name in ("source", "forecasts", "given", "raw", "stretch", "missing")
                },
            }
            for one in forecasts.records_of(run).values()
        ],
        "load": [
            {"team": load.team_id, "monday": week.monday, "person_days": week.there, "planned": week.planned}
            for load in forecasts.loads_of(run)
            for week in load.weeks
        ],
    }


@router.post(
    "forecast", response={202: JobOut, **WRITE_PROBLEMS}, operation_id="start_forecast", url_name="forecast"
)
def start_forecast(request: HttpRequest, workspace: Path[str]) -> Answer[Job]:
    """Work the dates out again, as a job."""
    access = access_of(request, role=Role.MAKER)
    job = jobs.enqueue(
        "roadmap.forecast",
        workspace_id=access.workspace.pk,
        key="forecast-asked",
        actor=access.actor,
        asked=True,
    )
    return Answer(202, job)


@router.get(
    "forecast/dates",
    response={200: PageOut[DatesOut], **READ_PROBLEMS},
    operation_id="list_forecast_dates",
    url_name="forecast-dates",
)
def list_forecast_dates(
    request: HttpRequest, workspace: Path[str], query: Query[DatesQuery]
) -> dict[str, Any]:
    """List the dates of the newest forecast."""
    access = access_of(request)
    run = _newest(access)
    chosen = [query.kind] if query.kind else []
    rows = forecasts.rows_of(run, kinds=chosen, circles=sorted(access.circle_ids))
    items, following = page_by_id(rows, query)
    return {"items": [DatesOut.of(one, run) for one in items], "next": following}


@router.get(
    "forecast/dates/{key}",
    response={200: DatesOut, **READ_PROBLEMS},
    operation_id="get_forecast_dates",
    url_name="forecast-date",
)
def get_forecast_dates(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Get the dates of a feature, a release or an objective; 404 where the newest forecast has none."""
    access = access_of(request)
    circles = sorted(access.circle_ids)
    record = Record.objects.in_workspace(access.workspace.pk, circles=circles).by_key(key).first()
    if record is None:
        raise Record.DoesNotExist
    if record.kind == "feature":
        with suppress(Feature.DoesNotExist):
            record = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    telling = forecasts.telling_of(record=record, circles=circles)
    if telling is None or telling.row is None:
        raise ObjectDoesNotExist
    return DatesOut.of(telling.row, telling.run)
