"""Saying how a team works: its calendar, seats, skills, absences, and what work needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member, Team, Workspace
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Absence, Feature, Seat, Skill, SkillNeed, TeamDay, TeamPlan

PLAN_FIELDS = (
    "country",
    "subdivision",
    "weekdays",
    "focus",
    "reserve",
    "wip_limit",
    "cost_rate",
    "point_low",
    "point_likely",
    "point_high",
)
SEAT_FIELDS = (
    "name",
    "share",
    "weekdays",
    "country",
    "subdivision",
    "first_date",
    "last_date",
    "ramp_weeks",
    "cost_rate",
)
MOST_SKILLS = 200


class StalePlanError(ValidationError):
    """Somebody else changed how the team works since it was read."""


def _check_place(country: str, subdivision: str) -> dict[str, str]:
    known = selectors.countries()
    if country and country not in known:
        return {"country": f"No public holidays are known for {country}. Codes have two letters, such as DE."}
    if subdivision and subdivision not in known.get(country, []):
        return {"subdivision": f"{country or 'No country'} has no part called {subdivision} in the calendar."}
    return {}


def _apply(row: Any, changes: Mapping[str, Any], allowed: Collection[str]) -> dict[str, list[Any]]:
    unknown = set(changes) - set(allowed)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    differences = {}
    for name, value in changes.items():
        before = getattr(row, name)
        if before != value:
            differences[name] = [before, value]
            setattr(row, name, value)
    errors = _check_place(row.country, row.subdivision)
    if errors:
        raise ValidationError(errors)
    return differences


def _tell(team: Team, verb: str, changes: Mapping[str, Any], actor: Actor, at: datetime) -> None:
    records.record_activity(
        workspace_id=team.workspace_id,
        actor=actor,
        verb=verb,
        at=at,
        changes={"team": team.name, **changes},
    )


@transaction.atomic
def change_team_plan(
    *,
    team: Team,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> TeamPlan:
    """Say how a team works; what is left out stays.

    Raises
    ------
    StalePlanError
        If `expected_version` is given and somebody has changed it since.
    ValidationError
        If the calendar is not known, or a figure is refused.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    plan = TeamPlan.objects.filter(team=team).first() or TeamPlan(team=team, version=0)
    if expected_version is not None and plan.version != expected_version:
        raise StalePlanError(
            "Somebody else changed how this team works. Look at it as it is now, then change it."
        )
    differences = _apply(plan, changes, PLAN_FIELDS)
    if not differences and plan.version:
        return plan
    plan.version += 1
    plan.full_clean()
    plan.save()
    _tell(team, "changed how a team works", differences, actor, at)
    return plan


@transaction.atomic
def put_seat(
    *,
    team: Team,
    actor: Actor,
    at: datetime,
    seat: Seat | None = None,
    member: Member | None = None,
    skills: Collection[str] | None = None,
    **changes: Any,
) -> Seat:
    """Make a seat in a team, or change one. A member who gets a seat joins the team.

    Parameters
    ----------
    skills : collection of str, optional
        Names; those that are new in the workspace are added. None leaves them.

    Raises
    ------
    ValidationError
        If the member has a seat in the team, is of another workspace, or a figure is refused.
    """
    Team.objects.select_for_update().get(pk=team.pk)
    is_new = seat is None
    if seat is None:
        if member is not None:
            if member.workspace_id != team.workspace_id or member.removed_at is not None:
                raise ValidationError({"member": "There is no such member here."})
            if Seat.objects.filter(team=team, member=member).exists():
                raise ValidationError({"member": f"{member.name} has a seat in this team."})
        seat = Seat(team=team, member=member)
    differences = _apply(seat, changes, SEAT_FIELDS)
    seat.full_clean()
    seat.save()
    if is_new and member is not None:
        team.members.add(member)
    if skills is not None:
        before = sorted(skill.name for skill in seat.skills.all())
        found = named_skills(workspace=team.workspace, names=skills)
        seat.skills.set(found)
        after = sorted(skill.name for skill in found)
        if before != after:
            differences["skills"] = [before, after]
    if is_new or differences:
        facts: dict[str, Any] = {"seat": seat.label, **differences}
        _tell(team, "added a seat" if is_new else "changed a seat", facts, actor, at)
    return seat


@transaction.atomic
def remove_seat(*, seat: Seat, actor: Actor, at: datetime) -> None:
    """Take a seat out of a team; its member leaves the team with it."""
    team = seat.team
    if seat.member is not None:
        team.members.remove(seat.member)
    _tell(team, "removed a seat", {"seat": seat.label}, actor, at)
    seat.delete()


def named_skills(*, workspace: Workspace, names: Collection[str]) -> list[Skill]:
    """Return the skills of these names, adding those that are new."""
    known = {skill.name.casefold(): skill for skill in Skill.objects.filter(workspace=workspace)}
    found: dict[int, Skill] = {}
    for name in names:
        words = " ".join(str(name).split())
        if not words:
            continue
        skill = known.get(words.casefold())
        if skill is None:
            if len(known) >= MOST_SKILLS:
                raise ValidationError(f"A workspace has at most {MOST_SKILLS} skills.")
            skill = Skill(workspace=workspace, name=words)
            skill.full_clean()
            skill.save()
            known[words.casefold()] = skill
        found[skill.pk] = skill
    return list(found.values())


@transaction.atomic
def add_absence(
    *,
    seat: Seat,
    first: date,
    last: date,
    actor: Actor,
    at: datetime,
    share: int = 100,
    reason: str = Absence.Reason.LEAVE,
    note: str = "",
) -> list[Absence]:
    """Say that somebody is away; in every team in which they have a seat.

    Raises
    ------
    ValidationError
        If the absence ends before it begins.
    """
    seats = [seat]
    if seat.member_id is not None:
        others = Seat.objects.filter(member_id=seat.member_id).exclude(pk=seat.pk)
        seats += list(others.select_related("team"))
    made = []
    for one in seats:
        absence = Absence(
            seat=one,
            first_date=first,
            last_date=last,
            share=share,
            reason=reason,
            note=" ".join(note.split()),
        )
        absence.full_clean()
        absence.save()
        made.append(absence)
    _tell(seat.team, "added an absence", {"seat": seat.label, "from": first, "until": last}, actor, at)
    return made


@transaction.atomic
def remove_absence(*, absence: Absence, actor: Actor, at: datetime) -> None:
    """Take an absence back; in every team in which it was said."""
    seat = absence.seat
    facts = {"seat": seat.label, "from": absence.first_date, "until": absence.last_date}
    rows = Absence.objects.filter(pk=absence.pk)
    if seat.member_id is not None:
        rows = Absence.objects.filter(
            seat__member_id=seat.member_id,
            first_date=absence.first_date,
            last_date=absence.last_date,
            share=absence.share,
        )
    rows.delete()
    _tell(seat.team, "removed an absence", facts, actor, at)


@transaction.atomic
def put_day(
    *, team: Team, day: date, name: str, actor: Actor, at: datetime, is_worked: bool = False
) -> TeamDay:
    """Put a day off, or a day worked, into a team's own calendar."""
    found = TeamDay(team=team, day=day, name=" ".join(name.split()), is_worked=is_worked)
    found.full_clean()
    found.save()
    _tell(
        team,
        "added a working day" if is_worked else "added a day off",
        {"day": day, "name": found.name},
        actor,
        at,
    )
    return found


@transaction.atomic
def remove_day(*, day: TeamDay, actor: Actor, at: datetime) -> None:
    """Take a day out of a team's own calendar."""
    _tell(day.team, "removed a day", {"day": day.day, "name": day.name}, actor, at)
    day.delete()


@transaction.atomic
def set_skill_needs(
    *, feature: Feature, shares: Mapping[str, int], actor: Actor, at: datetime
) -> list[SkillNeed]:
    """Say which part of a feature's effort needs which skill, in percent; what is left anybody in the team can do.

    Raises
    ------
    ValidationError
        If a share is not between 1 and 100, or they are more than the whole.
    """
    if any(not 0 < share <= 100 for share in shares.values()):
        raise ValidationError({"skills": "A skill’s part is between 1 and 100 percent."})
    if sum(shares.values()) > 100:
        raise ValidationError(
            {"skills": f"The parts add up to {sum(shares.values())}%: more than the whole."}
        )
    before = {one.skill.name: one.share for one in feature.skill_needs.select_related("skill")}
    found = named_skills(workspace=feature.workspace, names=list(shares))
    by_name = {" ".join(name.split()).casefold(): share for name, share in shares.items()}
    after = {skill.name: by_name[skill.name.casefold()] for skill in found}
    if before == after:
        return list(feature.skill_needs.select_related("skill"))
    SkillNeed.objects.filter(feature=feature).delete()
    made = SkillNeed.objects.bulk_create(
        SkillNeed(feature=feature, skill=skill, share=after[skill.name]) for skill in found
    )
    records.touch_record(record=feature, actor=actor, at=max(at, feature.created_at))
    records.record_activity(
        record=feature, actor=actor, verb="changed", at=at, changes={"skills": [before, after]}
    )
    return made
