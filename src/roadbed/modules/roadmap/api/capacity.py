"""How teams work, who sits in them, and how many days that makes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Team
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Absence, Seat, TeamDay, TeamPlan

router = Router(tags=["roadmap"])


class PlaceFields(Schema):
    """Where and on which days somebody works."""

    country: str | None = Field(None, max_length=2, description="Two letters, such as DE.")
    subdivision: str | None = Field(None, max_length=10)
    weekdays: str | None = Field(None, max_length=7, description="12345 is Monday to Friday.")


class TeamPlanFields(PlaceFields):
    """How a team works; what is left out stays."""

    focus: int | None = Field(None, ge=0, le=100)
    reserve: int | None = Field(None, ge=0, le=100)
    wip_limit: int | None = Field(None, ge=1, le=1000)
    cost_rate: Decimal | None = Field(None, ge=0, max_digits=10, decimal_places=2)
    point_low: float | None = None
    point_likely: float | None = None
    point_high: float | None = None


class TeamPlanOut(Schema):
    """How a team works."""

    country: str
    subdivision: str
    weekdays: str
    focus: int
    reserve: int
    wip_limit: int | None
    cost_rate: Decimal | None = Field(description="For makers; nothing for others.")
    point_low: float | None
    point_likely: float | None
    point_high: float | None
    has_calendar: bool


class SeatFields(PlaceFields):
    """What may be said of a seat; what is left out stays."""

    name: str | None = Field(None, max_length=80)
    share: int | None = Field(None, ge=0, le=100)
    skills: list[str] | None = Field(None, max_length=30)
    first_date: date | None = None
    last_date: date | None = None
    ramp_weeks: int | None = Field(None, ge=0, le=52)
    cost_rate: Decimal | None = Field(None, ge=0, max_digits=10, decimal_places=2)


class SeatIn(SeatFields):
    """A new seat: a member's by their address, or one with a name for what it is."""

    member: str | None = Field(None, max_length=254)


class AbsenceOut(Schema):
    """Days away."""

    id: int
    first_date: date
    last_date: date
    share: int
    reason: str
    note: str


class SeatOut(Schema):
    """A seat of a team."""

    id: int
    label: str
    member: str | None
    share: int
    country: str
    subdivision: str
    weekdays: str
    first_date: date | None
    last_date: date | None
    ramp_weeks: int
    skills: list[str]
    absences: list[AbsenceOut]

    @staticmethod
    def resolve_member(seat: Seat) -> str | None:
        """The member's address."""
        return seat.member.user.email if seat.member else None

    @staticmethod
    def resolve_skills(seat: Seat) -> list[str]:
        """The names of the skills."""
        return sorted(skill.name for skill in seat.skills.all())

    @staticmethod
    def resolve_absences(seat: Seat) -> list[Absence]:
        """Every absence."""
        return list(seat.absences.all())


class AbsenceIn(Schema):
    """Days away, both included."""

    first: date
    last: date
    share: int = Field(100, ge=1, le=100)
    reason: Literal["leave", "training", "other"] = "leave"
    note: str = Field("", max_length=120)


class DayIn(Schema):
    """A day that the team's calendar has otherwise."""

    day: date
    name: str = Field(min_length=1, max_length=80)
    is_worked: bool = False


class DayOut(DayIn):
    """A day of a team's own calendar."""

    id: int


class WeekOut(Schema):
    """A week's person-days that reach the plan."""

    first: date
    days: float


class CapacityOut(Schema):
    """How many person-days there are, week by week; skills do not add up to the total."""

    weeks: list[WeekOut]
    skills: dict[str, list[WeekOut]]
    has_calendar: bool


class SkillsIn(Schema):
    """Percent of the work by skill."""

    skills: dict[str, int] = Field(max_length=30)


def _team(access: Access, team_id: int) -> Team:
    return selectors.access_team(workspace_id=access.workspace.pk, team_id=team_id)


def _given(body: Schema, empty: set[str]) -> dict[str, Any]:
    given = body.dict(exclude_unset=True)
    kept = {name: value for name, value in given.items() if value is not None or name in empty}
    for value in kept.values():
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and "\x00" in text for text in texts):
            raise ValidationError("Null characters cannot be stored.")
    for name in ("country", "subdivision"):
        if name in kept:
            kept[name] = kept[name].upper()
    return kept


PLAN_EMPTY = {"wip_limit", "cost_rate", "point_low", "point_likely", "point_high"}
SEAT_EMPTY = {"first_date", "last_date", "cost_rate"}


def _plan_out(plan: TeamPlan, access: Access) -> dict[str, Any]:
    values = {name: getattr(plan, name) for name in TeamPlanOut.model_fields}
    if not access.can_make:
        values["cost_rate"] = None
    return values


@router.get(
    "teams/{int:team_id}/plan",
    response={200: TeamPlanOut, **READ_PROBLEMS},
    operation_id="get_team_plan",
    url_name="team-plan",
)
def get_team_plan(request: HttpRequest, workspace: Path[str], team_id: Path[int]) -> dict[str, Any]:
    """Get how a team works."""
    access = access_of(request)
    return _plan_out(selectors.plan_of(_team(access, team_id)), access)


@router.patch(
    "teams/{int:team_id}/plan",
    response={200: TeamPlanOut, **WRITE_PROBLEMS},
    operation_id="change_team_plan",
    url_name="team-plan",
)
def change_team_plan(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], body: TeamPlanFields
) -> dict[str, Any]:
    """Say how a team works."""
    access = access_of(request, role=Role.MAKER)
    plan = services.change_team_plan(
        team=_team(access, team_id), changes=_given(body, PLAN_EMPTY), actor=access.actor, at=timezone.now()
    )
    return _plan_out(plan, access)


class CapacityQuery(Schema):
    """Which weeks."""

    first: date | None = Field(None, description="The first day; this week's Monday where it is not said.")
    weeks: int = Field(12, ge=1, le=104)


@router.get(
    "teams/{int:team_id}/capacity",
    response={200: CapacityOut, **READ_PROBLEMS},
    operation_id="get_team_capacity",
    url_name="team-capacity",
)
def get_team_capacity(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], query: Query[CapacityQuery]
) -> dict[str, Any]:
    """Get how many person-days a team has, week by week and skill by skill."""
    access = access_of(request)
    today = timezone.localdate()
    first = query.first or today - timedelta(days=today.weekday())
    if not 1990 <= first.year <= 2200:
        raise ValidationError({"first": "The first day lies between 1990 and 2200."})
    days = query.weeks * 7
    team = selectors.team_capacity(_team(access, team_id), first=first, last=first + timedelta(days=days))
    found = selectors.capacity_of(team=team, first=first, days=days)
    names = {skill.pk: skill.name for skill in selectors.skills_of(workspace_id=access.workspace.pk)}

    def weeks(values: Any) -> list[dict[str, Any]]:
        return [
            {"first": first + timedelta(days=start), "days": float(values[start : start + 7].sum())}
            for start in range(0, days, 7)
        ]

    return {
        "weeks": weeks(found.total),
        "skills": {names[skill]: weeks(values) for skill, values in found.skills.items() if skill in names},
        "has_calendar": team.has_calendar,
    }


@router.get(
    "teams/{int:team_id}/seats",
    response={200: list[SeatOut], **READ_PROBLEMS},
    operation_id="list_seats",
    url_name="team-seats",
)
def list_seats(request: HttpRequest, workspace: Path[str], team_id: Path[int]) -> list[Seat]:
    """List a team's seats."""
    return list(_team(access_of(request), team_id).seats.all())


@router.post(
    "teams/{int:team_id}/seats",
    response={201: SeatOut, **WRITE_PROBLEMS},
    operation_id="add_seat",
    url_name="team-seats",
)
def add_seat(request: HttpRequest, workspace: Path[str], team_id: Path[int], body: SeatIn) -> Answer[Seat]:
    """Make a seat in a team; a member who gets one joins the team."""
    access = access_of(request, role=Role.OWNER)
    team = _team(access, team_id)
    given = _given(body, SEAT_EMPTY)
    address = given.pop("member", None)
    member = None
    if address:
        rows = Member.objects.select_related("user").filter(
            workspace=access.workspace, removed_at__isnull=True
        )
        member = rows.filter(user__email__iexact=address).first()
        if member is None:
            raise ValidationError({"member": f"There is no member {address} here."})
    seat = services.put_seat(team=team, member=member, actor=access.actor, at=timezone.now(), **given)
    return Answer(201, seat)


def _seat(access: Access, team_id: int, seat_id: int) -> Seat:
    return selectors.access_seat(workspace_id=access.workspace.pk, team_id=team_id, seat_id=seat_id)


@router.patch(
    "teams/{int:team_id}/seats/{int:seat_id}",
    response={200: SeatOut, **WRITE_PROBLEMS},
    operation_id="change_seat",
    url_name="team-seat",
)
def change_seat(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], seat_id: Path[int], body: SeatFields
) -> Seat:
    """Change a seat."""
    access = access_of(request, role=Role.MAKER)
    seat = _seat(access, team_id, seat_id)
    given = _given(body, SEAT_EMPTY)
    return services.put_seat(team=seat.team, seat=seat, actor=access.actor, at=timezone.now(), **given)


@router.delete(
    "teams/{int:team_id}/seats/{int:seat_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_seat",
    url_name="team-seat",
)
def remove_seat(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], seat_id: Path[int]
) -> Answer[None]:
    """Take a seat out of a team; its member leaves the team with it."""
    access = access_of(request, role=Role.OWNER)
    services.remove_seat(seat=_seat(access, team_id, seat_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    "teams/{int:team_id}/seats/{int:seat_id}/absences",
    response={201: AbsenceOut, **WRITE_PROBLEMS},
    operation_id="add_absence",
    url_name="seat-absences",
)
def add_absence(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], seat_id: Path[int], body: AbsenceIn
) -> Answer[Absence]:
    """Say that somebody is away; it holds in every team in which they have a seat."""
    access = access_of(request, role=Role.MAKER)
    seat = _seat(access, team_id, seat_id)
    _given(body, set())
    made = services.add_absence(seat=seat, actor=access.actor, at=timezone.now(), **body.dict())
    return Answer(201, made[0])


@router.delete(
    "teams/{int:team_id}/absences/{int:absence_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_absence",
    url_name="team-absence",
)
def remove_absence(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], absence_id: Path[int]
) -> Answer[None]:
    """Take an absence back."""
    access = access_of(request, role=Role.MAKER)
    absence = selectors.access_absence(
        workspace_id=access.workspace.pk, team_id=team_id, absence_id=absence_id
    )
    services.remove_absence(absence=absence, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "teams/{int:team_id}/days",
    response={200: list[DayOut], **READ_PROBLEMS},
    operation_id="list_team_days",
    url_name="team-days",
)
def list_team_days(request: HttpRequest, workspace: Path[str], team_id: Path[int]) -> list[TeamDay]:
    """List the days that a team's own calendar has otherwise."""
    return list(_team(access_of(request), team_id).days.all())


@router.post(
    "teams/{int:team_id}/days",
    response={201: DayOut, **WRITE_PROBLEMS},
    operation_id="add_team_day",
    url_name="team-days",
)
def add_team_day(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], body: DayIn
) -> Answer[TeamDay]:
    """Put a day off, or one worked, into a team's own calendar."""
    access = access_of(request, role=Role.MAKER)
    _given(body, set())
    day = services.put_day(team=_team(access, team_id), actor=access.actor, at=timezone.now(), **body.dict())
    return Answer(201, day)


@router.delete(
    "teams/{int:team_id}/days/{int:day_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_team_day",
    url_name="team-day",
)
def remove_team_day(
    request: HttpRequest, workspace: Path[str], team_id: Path[int], day_id: Path[int]
) -> Answer[None]:
    """Take a day out of a team's own calendar."""
    access = access_of(request, role=Role.MAKER)
    day = selectors.access_day(workspace_id=access.workspace.pk, team_id=team_id, day_id=day_id)
    services.remove_day(day=day, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.put(
    "features/{key}/skills",
    response={200: SkillsIn, **WRITE_PROBLEMS},
    operation_id="set_skill_needs",
    url_name="feature-skills",
)
def set_skill_needs(
    request: HttpRequest, workspace: Path[str], key: str, body: SkillsIn
) -> dict[str, dict[str, int]]:
    """Say which part of a feature's work needs which skill."""
    access = access_of(request, role=Role.MAKER)
    feature = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    if any("\x00" in name for name in body.skills):
        raise ValidationError("Null characters cannot be stored.")
    found = services.set_skill_needs(
        feature=feature, shares=body.skills, actor=access.actor, at=timezone.now()
    )
    return {"skills": {one.skill.name: one.share for one in found}}
