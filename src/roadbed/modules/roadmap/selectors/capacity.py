"""How many person-days a team has, day by day and skill by skill."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
import numpy as np
from django.db.models import Count, Prefetch
from numpy.typing import NDArray

from roadbed.core.workspaces.models import Member, Team
from roadbed.modules.roadmap.models import Absence, Feature, Seat, Skill, Status, TeamDay, TeamPlan

Days = NDArray[np.float64]
UNDER_WAY = (Status.DEVELOPMENT, Status.BETA)


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which days somebody works: the days of the week (Monday is 0), and the days that are otherwise."""

    weekdays: frozenset[int]
    off: Mapping[date, str]
    """Public holidays, and the team's own days off, by name."""
    worked: frozenset[date] = frozenset()
    """Days worked although the calendar has them off."""

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day in self.worked or (day.weekday() in self.weekdays and day not in self.off)


@dataclass(frozen=True, slots=True)
class Away:
    """A seat's absence: first and last day, both included, and which part of the day (0 to 1)."""

    first: date
    last: date
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class SeatCapacity:
    """A seat as capacity is computed from it."""

    seat_id: int | None
    name: str
    share: float
    calendar: Calendar
    skills: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None
    ramp_weeks: int = 0
    away: tuple[Away, ...] = ()
    cost_rate: float | None = None
    is_filled: bool = True


@dataclass(frozen=True, slots=True)
class TeamCapacity:
    """A team as capacity is computed from it: `focus` and `reserve` are shares of a day (0 to 1)."""

    team_id: int
    name: str
    seats: tuple[SeatCapacity, ...]
    focus: float
    reserve: float
    wip_limit: int | None
    has_calendar: bool
    cost_rate: float | None = None
    country: str = ""
    subdivision: str = ""


@dataclass(frozen=True, slots=True)
class Capacity:
    """Person-days from `first` on, one place a calendar day.

    `total` is the team's, shape (days,); `seats` each seat's, shape (seats, days), in the team's order; `skills` what
    the seats with a skill have together. Skills do not add up to the total: whoever has two counts for both.
    """

    first: date
    total: Days
    seats: Days
    skills: Mapping[int, Days]

    def weeks(self) -> list[tuple[date, float]]:
        """Return the first day and the person-days of each week, as far as they are covered."""
        days = len(self.total)
        return [
            (self.first + timedelta(days=start), float(self.total[start : start + 7].sum()))
            for start in range(0, days, 7)
        ]


def capacity_of(*, team: TeamCapacity, first: date, days: int) -> Capacity:
    """Return how many person-days of planned work a team has on each of some days. Pure: no clock, no database.

    On a working day of its calendar a seat gives its share of the week, less what it is away, in even steps up to the
    full pace where it is still getting going; of that the focus reaches planned work, and the reserve is kept back.

    Parameters
    ----------
    first : date
        The first day.
    days : int
        How many calendar days.

    Returns
    -------
    Capacity
        All nothing where the team has no seats. A team without a calendar works Monday to Friday without holidays;
        `TeamCapacity.has_calendar` says so, and pages do.
    """
    span = [first + timedelta(days=place) for place in range(days)]
    table = np.zeros((len(team.seats), days))
    for row, seat in enumerate(team.seats):
        for column, day in enumerate(span):
            table[row, column] = seat_share(seat, day)
    table *= team.focus * (1.0 - team.reserve)
    known = sorted({skill for seat in team.seats for skill in seat.skills})
    skills = {skill: table[[skill in seat.skills for seat in team.seats]].sum(axis=0) for skill in known}
    return Capacity(first=first, total=table.sum(axis=0), seats=table, skills=skills)


def seat_share(seat: SeatCapacity, day: date) -> float:
    """Return which part of a day a seat is worked at, before focus and reserve."""
    if not seat.calendar.works(day):
        return 0.0
    if (seat.first is not None and day < seat.first) or (seat.last is not None and day > seat.last):
        return 0.0
    share = seat.share
    if seat.ramp_weeks and seat.first is not None:
        week = (day - seat.first).days // 7
        share *= min(1.0, (week + 1) / (seat.ramp_weeks + 1))
    away = sum(one.share for one in seat.away if one.first <= day <= one.last)
    return max(0.0, share * (1.0 - min(1.0, away)))


@lru_cache(maxsize=512)
def public_holidays(country: str, subdivision: str, year: int) -> tuple[tuple[date, str], ...]:
    """Return a year's public holidays, by day; none where the country is not known."""
    if not country:
        return ()
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=year, language="en_US")
    except NotImplementedError:
        return ()
    return tuple(sorted(found.items()))


@lru_cache(maxsize=256)
def usual_weekdays(country: str) -> frozenset[int]:
    """Return the days that are worked in a country: Monday to Friday where it is not known."""
    try:
        weekend = set(holidays.country_holidays(country).weekend) if country else {5, 6}
    except NotImplementedError:
        weekend = {5, 6}
    return frozenset(range(7)) - frozenset(weekend)


def countries() -> dict[str, list[str]]:
    """Return the codes of the countries whose holidays are known, each with its subdivisions' codes."""
    return {code: list(parts) for code, parts in _countries()}


@lru_cache(maxsize=1)
def _countries() -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = holidays.list_supported_countries(include_aliases=False)
    return tuple((code, tuple(found[code])) for code in sorted(found))


def _weekdays(text: str) -> frozenset[int]:
    return frozenset(int(digit) - 1 for digit in text)


def _calendar(
    *, country: str, subdivision: str, weekdays: str, own: Iterable[TeamDay], years: Sequence[int]
) -> Calendar:
    off = {day: name for year in years for day, name in public_holidays(country, subdivision, year)}
    worked = set()
    for one in own:
        if one.is_worked:
            worked.add(one.day)
        else:
            off[one.day] = one.name
    return Calendar(
        weekdays=_weekdays(weekdays) if weekdays else usual_weekdays(country),
        off=off,
        worked=frozenset(worked),
    )


def teams_with_plans(*, workspace_id: int, team_ids: Collection[int] | None = None) -> list[Team]:
    """Return teams with their plans, seats, skills, absences and own days; seven queries, however many there are."""
    seats = Seat.objects.select_related("member__user").prefetch_related("skills", "absences")
    members = Member.objects.filter(removed_at__isnull=True).select_related("user")
    rows = Team.objects.filter(workspace_id=workspace_id).select_related("plan")
    if team_ids is not None:
        rows = rows.filter(pk__in=team_ids)
    return list(
        rows.prefetch_related(
            Prefetch("seats", queryset=seats), Prefetch("members", queryset=members), "days"
        ).order_by("name", "pk")
    )


def plan_of(team: Team) -> TeamPlan:
    """Return how a team works; the usual where nobody has said."""
    return team.plan if hasattr(team, "plan") else TeamPlan(team=team)


def team_capacity(team: Team, *, first: date, last: date) -> TeamCapacity:
    """Return a team, read with `teams_with_plans`, as capacity is computed from it; no query.

    Members of the team who have no seat of their own count as full seats with the team's calendar.
    """
    plan = plan_of(team)
    years = range(first.year, last.year + 1)
    own = list(team.days.all())
    members = {member.pk: member for member in team.members.all()}
    seats: list[SeatCapacity] = []
    seated: set[int] = set()
    for seat in team.seats.all():
        if seat.member_id is not None:
            seated.add(seat.member_id)
            if seat.member_id not in members:
                continue
        seats.append(_seat(seat, plan, own, years))
    usual = _calendar(
        country=plan.country, subdivision=plan.subdivision, weekdays=plan.weekdays, own=own, years=years
    )
    seats += [
        SeatCapacity(seat_id=None, name=member.name, share=1.0, calendar=usual)
        for pk, member in sorted(members.items())
        if pk not in seated
    ]
    return TeamCapacity(
        team_id=team.pk,
        name=team.name,
        seats=tuple(seats),
        focus=plan.focus / 100,
        reserve=plan.reserve / 100,
        wip_limit=plan.wip_limit,
        has_calendar=plan.has_calendar,
        cost_rate=float(plan.cost_rate) if plan.cost_rate is not None else None,
        country=plan.country,
        subdivision=plan.subdivision,
    )


def _seat(seat: Seat, plan: TeamPlan, own: list[TeamDay], years: Sequence[int]) -> SeatCapacity:
    country = seat.country or plan.country
    subdivision = seat.subdivision if seat.country else plan.subdivision
    rate = seat.cost_rate if seat.cost_rate is not None else plan.cost_rate
    return SeatCapacity(
        seat_id=seat.pk,
        name=seat.label,
        share=seat.share / 100,
        calendar=_calendar(
            country=country,
            subdivision=subdivision,
            weekdays=seat.weekdays or plan.weekdays,
            own=own,
            years=years,
        ),
        skills=frozenset(skill.pk for skill in seat.skills.all()),
        first=seat.first_date,
        last=seat.last_date,
        ramp_weeks=seat.ramp_weeks,
        away=tuple(
            Away(first=one.first_date, last=one.last_date, share=one.share / 100)
            for one in seat.absences.all()
        ),
        cost_rate=float(rate) if rate is not None else None,
        is_filled=seat.member_id is not None,
    )


def under_way(*, team_ids: Collection[int]) -> dict[int, int]:
    """Return how many features each team has under way; one query."""
    rows = Feature.objects.filter(
        team_id__in=team_ids, status__in=UNDER_WAY, deleted_at__isnull=True, archived_at__isnull=True
    ).exclude(level="area")
    counted = rows.order_by().values_list("team_id").annotate(count=Count("pk"))
    return {team_id: count for team_id, count in counted if team_id is not None}


MOST_BITS = 63
"""No row has a larger number, and no database takes one."""


def access_team(*, workspace_id: int, team_id: int) -> Team:
    """Return a team with its plan, or raise `Team.DoesNotExist`, for strangers too."""
    if team_id.bit_length() > MOST_BITS:
        raise Team.DoesNotExist
    found = teams_with_plans(workspace_id=workspace_id, team_ids=[team_id])
    if not found:
        raise Team.DoesNotExist
    return found[0]


def access_seat(*, workspace_id: int, team_id: int, seat_id: int) -> Seat:
    """Return a seat of a team, or raise `Seat.DoesNotExist`, for strangers too."""
    if team_id.bit_length() > MOST_BITS:
        raise Seat.DoesNotExist
    rows = Seat.objects.filter(team__workspace_id=workspace_id, team_id=team_id)
    return rows.select_related("team", "member__user").get(pk=seat_id)


def access_absence(*, workspace_id: int, team_id: int, absence_id: int) -> Absence:
    """Return an absence in a team, or raise `Absence.DoesNotExist`, for strangers too."""
    if team_id.bit_length() > MOST_BITS:
        raise Absence.DoesNotExist
    rows = Absence.objects.filter(seat__team__workspace_id=workspace_id, seat__team_id=team_id)
    return rows.select_related("seat__team", "seat__member__user").get(pk=absence_id)


def access_day(*, workspace_id: int, team_id: int, day_id: int) -> TeamDay:
    """Return a day of a team's calendar, or raise `TeamDay.DoesNotExist`, for strangers too."""
    if team_id.bit_length() > MOST_BITS:
        raise TeamDay.DoesNotExist
    rows = TeamDay.objects.filter(team__workspace_id=workspace_id, team_id=team_id)
    return rows.select_related("team").get(pk=day_id)


def skills_of(*, workspace_id: int) -> list[Skill]:
    """Return the skills of a workspace, by name."""
    return list(Skill.objects.filter(workspace_id=workspace_id).order_by("name"))
