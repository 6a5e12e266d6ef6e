"""Teams as the plan sees them: who has which skill, when, and how many days there are in the next twelve weeks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Team
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms.capacity import (
    AbsenceForm,
    DayForm,
    NewSeatForm,
    SeatForm,
    TeamPlanForm,
)
from roadbed.modules.roadmap.models import Absence, Seat, TeamDay
from roadbed.modules.roadmap.views import asking, shared
from roadbed.modules.roadmap.views.effort import days as days_words
from roadbed.web import responses
from roadbed.web.receipts import Part, Receipt

WEEKS = 12


def team_url(access: Access, team: Team) -> str:
    """The address of a team."""
    return f"{shared.base(access)}teams/{team.pk}/"


def team_or_404(access: Access, team_id: int) -> Team:
    """Return the team with its plan; a stranger's and a missing one look the same."""
    try:
        return selectors.access_team(workspace_id=access.workspace.pk, team_id=team_id)
    except Team.DoesNotExist as error:
        raise Http404 from error


def _monday() -> date:
    today = timezone.localdate()
    return today - timedelta(days=today.weekday())


def _strip(weeks: list[tuple[date, float]], most: float, name: str) -> SafeString:
    """Return the weeks as bars, one a week; the table beside says the same in figures."""
    height = 40
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="20" height="{}" rx="2"><title>{}</title></rect>',
        (
            (
                "strip__bar" if days > 0 else "strip__none",
                index * 24 + 2,
                round(height - max(days / most * height if most else 0, 2), 1),
                round(max(days / most * height if most else 0, 2), 1),
                f"Week of {first:%-d %B}: {days_words(days) if days else 'no'} person-days",
            )
            for index, (first, days) in enumerate(weeks)
        ),
    )
    return format_html(
        '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="xMinYMax" role="img" '
        'aria-label="Person-days a week of {}">{}</svg>',
        len(weeks) * 24,
        height,
        name,
        bars,
    )


def _warnings(team: selectors.TeamCapacity, capacity: selectors.Capacity) -> list[str]:
    """Return in words what keeps the capacity from being trusted."""
    said = []
    if not team.has_calendar:
        said.append(
            f"{team.name} has no calendar: Monday to Friday is assumed, and no holiday is known. Say its country."
        )
    if not team.seats:
        said.append(f"{team.name} has nobody in it, so nothing that it is to build can have a date.")
    elif not capacity.total.any():
        said.append(
            f"{team.name} has no capacity at all in the next {WEEKS} weeks: see its seats, focus and reserve."
        )
    else:
        none = [first for first, days in capacity.weeks() if days == 0]
        if none:
            weeks = ", ".join(f"{first:%-d %b}" for first in none)
            said.append(f"Nobody works in the week{'s' if len(none) > 1 else ''} of {weeks}.")
    return said


def _receipt(team: selectors.TeamCapacity, capacity: selectors.Capacity, index: int) -> Receipt:
    start = index * 7
    first, total = capacity.weeks()[index]
    lines = [
        Part(seat.name, f"{days_words(float(capacity.seats[row, start : start + 7].sum()))} days")
        for row, seat in enumerate(team.seats)
    ]
    free = sorted(
        {
            (day, seat.calendar.off[day])
            for seat in team.seats
            for day in (first + timedelta(days=place) for place in range(7))
            if day in seat.calendar.off and day not in seat.calendar.worked
        }
    )
    lines += [Part(f"{day:%-d %b}", name) for day, name in free]
    return Receipt(
        value=days_words(total),
        title=f"Week of {first:%-d %B}",
        parts=tuple(lines),
        method=f"Working days × part of the week, at {team.focus:.0%} focus, less {team.reserve:.0%} reserve.",
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every team with its next twelve weeks."""
    first = _monday()
    last = first + timedelta(days=WEEKS * 7)
    found = selectors.teams_with_plans(workspace_id=access.workspace.pk)
    going = selectors.under_way(team_ids=[team.pk for team in found])
    lines = []
    for team in found:
        capacity_in = selectors.team_capacity(team, first=first, last=last)
        capacity = selectors.capacity_of(team=capacity_in, first=first, days=WEEKS * 7)
        weeks = capacity.weeks()
        lines.append(
            {
                "team": team,
                "url": team_url(access, team),
                "seats": len(capacity_in.seats),
                "total": days_words(float(capacity.total.sum())),
                "strip": _strip(weeks, max((days for _, days in weeks), default=0.0), team.name),
                "going": going.get(team.pk, 0),
                "limit": capacity_in.wip_limit,
                "warnings": _warnings(capacity_in, capacity),
            }
        )
    context = {
        "lines": lines,
        "weeks": WEEKS,
        "switch": shared.switch(access, "teams"),
        "base": shared.base(access),
        "settings_url": f"/w/{access.workspace.slug}/settings/teams/",
    }
    return responses.page(request, "roadmap/teams.html", context)


@page()
@require_GET
def show(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """A team: its weeks, its seats, its calendar."""
    team = team_or_404(access, team_id)
    plan = selectors.plan_of(team)
    first = _monday()
    capacity_in = selectors.team_capacity(team, first=first, last=first + timedelta(days=WEEKS * 7))
    capacity = selectors.capacity_of(team=capacity_in, first=first, days=WEEKS * 7)
    weeks = capacity.weeks()
    skills = {skill.pk: skill.name for skill in selectors.skills_of(workspace_id=access.workspace.pk)}
    url = team_url(access, team)
    scale = selectors.point_scale(team_id=team.pk)
    seats_by_id = {seat.pk: seat for seat in team.seats.all()}
    context = {
        "team": team,
        "plan": plan,
        "url": url,
        "base": shared.base(access),
        "place": ", ".join(part for part in (plan.country, plan.subdivision) if part),
        "warnings": _warnings(capacity_in, capacity),
        "strip": _strip(weeks, max((days for _, days in weeks), default=0.0), team.name),
        "weeks": [
            {"first": start, "receipt": _receipt(capacity_in, capacity, index)}
            for index, (start, _) in enumerate(weeks)
        ],
        "total": days_words(float(capacity.total.sum())),
        "skills": [
            {"name": skills.get(skill, ""), "total": days_words(float(found.sum()))}
            for skill, found in capacity.skills.items()
        ],
        "seats": [
            {
                "name": seat.name,
                "is_filled": seat.is_filled,
                "share": f"{seat.share:.0%}",
                "skills": sorted(skills.get(one, "") for one in seat.skills),
                "total": days_words(float(capacity.seats[row].sum())),
                "seat": seats_by_id.get(seat.seat_id) if seat.seat_id else None,
                "url": f"{url}seats/{seat.seat_id}/" if seat.seat_id else "",
                "absences": [
                    one
                    for one in (seats_by_id[seat.seat_id].absences.all() if seat.seat_id else ())
                    if one.last_date >= first
                ],
            }
            for row, seat in enumerate(capacity_in.seats)
        ],
        "days": [one for one in team.days.all() if one.day >= first],
        "holidays": _holidays(capacity_in, first),
        "going": selectors.under_way(team_ids=[team.pk]).get(team.pk, 0),
        "scale": scale,
        "point": (
            f"{days_words(scale.effort.p10)} to {days_words(scale.effort.p90)} days" if scale.effort else ""
        ),
        "sees_costs": access.can_make,
        "currency": access.workspace.currency,
    }
    return responses.page(request, "roadmap/team.html", context)


def _holidays(team: selectors.TeamCapacity, first: date) -> list[tuple[date, str]]:
    last = first + timedelta(days=WEEKS * 7)
    found = [
        (day, name)
        for year in range(first.year, last.year + 1)
        for day, name in selectors.public_holidays(team.country, team.subdivision, year)
    ]
    return [(day, name) for day, name in found if first <= day <= last]


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Say how a team works."""
    team = team_or_404(access, team_id)
    plan = selectors.plan_of(team)

    def save(data: dict[str, Any]) -> asking.Done:
        version = request.POST.get("version", "")
        services.change_team_plan(
            team=team,
            changes=data,
            expected_version=int(version) if version.isdecimal() and len(version) < 10 else None,
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(f"Changed how {team.name} works.")

    return asking.ask(
        request,
        access,
        form_class=TeamPlanForm,
        heading=f"How does {team.name} work?",
        back=team_url(access, team),
        crumb=team.name,
        crumb_url=team_url(access, team),
        initial={name: getattr(plan, name) for name in TeamPlanForm.base_fields},
        hidden={"version": str(plan.version if hasattr(team, "plan") else 0)},
        save=save,
    )


@page(role=Role.OWNER)
@require_http_methods(["GET", "POST"])
def add_seat(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Make a seat: a member's, or one that is still to be filled."""
    team = team_or_404(access, team_id)

    def save(data: dict[str, Any]) -> asking.Done:
        seat = services.put_seat(team=team, actor=access.actor, at=timezone.now(), **data)
        return asking.Done(f"{seat.label} has a seat in {team.name}.")

    return asking.ask(
        request,
        access,
        form_class=NewSeatForm,
        heading=f"A new seat in {team.name}",
        back=team_url(access, team),
        crumb=team.name,
        crumb_url=team_url(access, team),
        initial={"share": 100, "ramp_weeks": 0, "member": request.GET.get("member", "")[:9]},
        save=save,
    )


def seat_or_404(access: Access, team_id: int, seat_id: int) -> Seat:
    """Return the seat; a stranger's and a missing one look the same."""
    try:
        return selectors.access_seat(workspace_id=access.workspace.pk, team_id=team_id, seat_id=seat_id)
    except Seat.DoesNotExist as error:
        raise Http404 from error


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit_seat(request: HttpRequest, access: Access, team_id: int, seat_id: int) -> HttpResponse:
    """Change a seat."""
    seat = seat_or_404(access, team_id, seat_id)

    def save(data: dict[str, Any]) -> asking.Done:
        services.put_seat(team=seat.team, seat=seat, actor=access.actor, at=timezone.now(), **data)
        return asking.Done(f"Changed {seat.label}’s seat.")

    initial = {name: getattr(seat, name) for name in SeatForm.base_fields if name != "skills"}
    initial["skills"] = ", ".join(skill.name for skill in seat.skills.all())
    return asking.ask(
        request,
        access,
        form_class=SeatForm,
        heading=f"{seat.label} in {seat.team.name}",
        back=team_url(access, seat.team),
        crumb=seat.team.name,
        crumb_url=team_url(access, seat.team),
        initial=initial,
        save=save,
    )


@page(role=Role.OWNER)
@require_POST
def remove_seat(request: HttpRequest, access: Access, team_id: int, seat_id: int) -> HttpResponse:
    """Take a seat out of a team."""
    seat = seat_or_404(access, team_id, seat_id)
    label, url = seat.label, team_url(access, seat.team)
    return shared.deed(
        request,
        access,
        lambda: services.remove_seat(seat=seat, actor=access.actor, at=timezone.now()),
        otherwise=url,
        message=f"{label} has no seat in {seat.team.name} any more.",
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add_absence(request: HttpRequest, access: Access, team_id: int, seat_id: int) -> HttpResponse:
    """Say that somebody is away."""
    seat = seat_or_404(access, team_id, seat_id)

    def save(data: dict[str, Any]) -> asking.Done:
        services.add_absence(seat=seat, actor=access.actor, at=timezone.now(), **data)
        return asking.Done(f"{seat.label} is away from {data['first']:%-d %B} until {data['last']:%-d %B}.")

    return asking.ask(
        request,
        access,
        form_class=AbsenceForm,
        heading=f"When is {seat.label} away?",
        intro="It holds in every team in which they have a seat.",
        back=team_url(access, seat.team),
        crumb=seat.team.name,
        crumb_url=team_url(access, seat.team),
        initial={"share": 100, "reason": Absence.Reason.LEAVE},
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def remove_absence(request: HttpRequest, access: Access, team_id: int, absence_id: int) -> HttpResponse:
    """Take an absence back."""
    try:
        absence = selectors.access_absence(
            workspace_id=access.workspace.pk, team_id=team_id, absence_id=absence_id
        )
    except Absence.DoesNotExist as error:
        raise Http404 from error
    return shared.deed(
        request,
        access,
        lambda: services.remove_absence(absence=absence, actor=access.actor, at=timezone.now()),
        otherwise=team_url(access, absence.seat.team),
        message=f"{absence.seat.label} is there after all.",
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add_day(request: HttpRequest, access: Access, team_id: int) -> HttpResponse:
    """Put a day into a team's own calendar."""
    team = team_or_404(access, team_id)

    def save(data: dict[str, Any]) -> asking.Done:
        found = services.put_day(team=team, actor=access.actor, at=timezone.now(), **data)
        return asking.Done(f"{found.day:%-d %B %Y} is in {team.name}’s calendar.")

    return asking.ask(
        request,
        access,
        form_class=DayForm,
        heading=f"A day in {team.name}’s calendar",
        back=team_url(access, team),
        crumb=team.name,
        crumb_url=team_url(access, team),
        save=save,
    )


@page(role=Role.MAKER)
@require_POST
def remove_day(request: HttpRequest, access: Access, team_id: int, day_id: int) -> HttpResponse:
    """Take a day out of a team's own calendar."""
    try:
        day = selectors.access_day(workspace_id=access.workspace.pk, team_id=team_id, day_id=day_id)
    except TeamDay.DoesNotExist as error:
        raise Http404 from error
    return shared.deed(
        request,
        access,
        lambda: services.remove_day(day=day, actor=access.actor, at=timezone.now()),
        otherwise=team_url(access, day.team),
        message=f"{day.day:%-d %B %Y} is as usual again.",
    )
