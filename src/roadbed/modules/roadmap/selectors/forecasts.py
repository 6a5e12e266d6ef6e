"""Reading forecasts as they were stored; nothing is worked out here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet

from roadbed.core.records.models import Record
from roadbed.modules.roadmap.models import Feature, ForecastRow, PlanForecast, TeamRecord
from roadbed.modules.roadmap.selectors.dependencies import alive


@dataclass(frozen=True, slots=True)
class Telling:
    """What a run says of one record: a row, or why there is none."""

    run: PlanForecast
    row: ForecastRow | None = None
    refusal: Mapping[str, str] | None = None
    within: Record | None = None
    """The feature that it is forecast with, where that was estimated as a whole."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a row waits for, and what waits for it, as far as these have dates."""

    before: tuple[ForecastRow, ...] = ()
    after: tuple[ForecastRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a team, or of several: person-days there are, and person-days planned."""

    monday: date
    there: float
    planned: float


@dataclass(frozen=True, slots=True)
class Load:
    """A team's weeks."""

    team_id: int
    weeks: tuple[Week, ...] = field(default=())


def runs_of(*, workspace_id: int) -> QuerySet[PlanForecast]:
    """Return the runs of a workspace, the newest first."""
    return PlanForecast.objects.filter(workspace_id=workspace_id).select_related("by").order_by("-number")


def latest_run(*, workspace_id: int) -> PlanForecast | None:
    """Return the newest run; None before the first."""
    return runs_of(workspace_id=workspace_id).first()


def access_run(*, workspace_id: int, number: int) -> PlanForecast:
    """Return one run, or raise `PlanForecast.DoesNotExist`, for strangers too."""
    return runs_of(workspace_id=workspace_id).get(number=number)


def rows_of(
    run: PlanForecast, *, kinds: Collection[str] = (), circles: Sequence[int] = ()
) -> QuerySet[ForecastRow]:
    """Return the rows of a run, in the order of the plan. What was deleted or walled in since is left out."""
    records = Record.objects.in_workspace(run.workspace_id, circles=circles)
    rows = ForecastRow.objects.filter(forecast=run, record__in=records.values("pk"))
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return rows.select_related("record__product", "team", "release").order_by("place", "pk")


def telling_of(*, record: Record, circles: Sequence[int] = ()) -> Telling | None:
    """Return what the newest run says of a record; None before the first, or where it is not in the plan.

    A story below a feature that was estimated as a whole is forecast with that feature.
    """
    run = latest_run(workspace_id=record.workspace_id)
    if run is None:
        return None
    refusal = next((one for one in run.refused if one["id"] == record.pk), None)
    if refusal is not None:
        return Telling(run, refusal=refusal)
    rows = rows_of(run, circles=circles).select_related("record")
    row = rows.filter(record_id=record.pk).first()
    if row is not None or not isinstance(record, Feature):
        return Telling(run, row=row) if row is not None or run.problem else None
    above = record.ancestor_ids
    whole = rows.filter(record_id__in=above, kind=ForecastRow.Kind.WORK).first()
    if whole is not None:
        return Telling(run, row=whole, within=whole.record)
    return Telling(run) if run.problem else None


def names_of(keys: Iterable[str], *, workspace_id: int, circles: Sequence[int] = ()) -> dict[str, Record]:
    """Return the records behind keys, such as those of drivers, as far as they may be read; one query."""
    wanted = Q()
    count = 0
    for key in keys:
        prefix, _, number = key.partition(" ")[0].rpartition("-")
        if prefix and number.isdecimal() and len(number) < 10:
            wanted |= Q(prefix=prefix, number=int(number))
            count += 1
    if not count:
        return {}
    rows = Record.objects.in_workspace(workspace_id, circles=circles).filter(wanted)
    return {one.key: one for one in rows}


def neighbours_of(row: ForecastRow, *, circles: Sequence[int] = ()) -> Neighbours:
    """Return what a row's record waits for and what waits for it, with their dates in the same run; four queries."""
    run = row.forecast
    ties = alive(run.workspace_id)
    before = list(ties.filter(feature_id=row.record_id, on__isnull=False).values_list("on_id", flat=True))
    after = list(ties.filter(on_id=row.record_id).values_list("feature_id", flat=True))
    rows = rows_of(run, circles=circles)
    return Neighbours(
        before=tuple(rows.filter(record_id__in=before).order_by("finish", "pk")),
        after=tuple(rows.filter(record_id__in=after).order_by("start", "pk")),
    )


def loads_of(run: PlanForecast, *, team_ids: Collection[int] | None = None) -> list[Load]:
    """Return the weeks of each team, as the run stored them."""
    return [
        Load(int(team), tuple(Week(date.fromisoformat(day), there, planned) for day, there, planned in weeks))
        for team, weeks in run.load.items()
        if team_ids is None or int(team) in team_ids
    ]


def sum_of(loads: Sequence[Load]) -> list[Week]:
    """Return several teams' weeks together.

    >>> one = Load(1, (Week(date(2026, 3, 2), 10.0, 4.0),))
    >>> sum_of([one, one])
    [Week(monday=datetime.date(2026, 3, 2), there=20.0, planned=8.0)]
    """
    found: dict[date, tuple[float, float]] = {}
    for load in loads:
        for week in load.weeks:
            there, planned = found.get(week.monday, (0.0, 0.0))
            found[week.monday] = (there + week.there, planned + week.planned)
    return [
        Week(monday, round(there, 1), round(planned, 1)) for monday, (there, planned) in sorted(found.items())
    ]


def records_of(run: PlanForecast) -> dict[int | None, TeamRecord]:
    """Return what a run knew of each team's past, and under None of all together; one query."""
    return {one.team_id: one for one in TeamRecord.objects.filter(forecast=run).select_related("team")}


def record_for(run: PlanForecast, *, team_id: int | None) -> TeamRecord | None:
    """Return how far a team's dates may be trusted; of all teams where too little is known of one; one query."""
    found = records_of(run)
    own = found.get(team_id)
    return own if own is not None and own.given else found.get(None)
