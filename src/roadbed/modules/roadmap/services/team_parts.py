"""What the plan knows of a team follows it when it is removed, and comes back with it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Member, Team
from roadbed.core.workspaces.services import TeamPart
from roadbed.modules.roadmap.models import Absence, Deed, Feature, Seat, Skill, TeamDay, TeamPlan


def _plain(row: models.Model, without: set[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in row._meta.concrete_fields:
        if field.attname in without:
            continue
        value = getattr(row, field.attname)
        values[field.attname] = (
            value.isoformat()
            if isinstance(value, date)
            else str(value)
            if isinstance(value, Decimal)
            else value
        )
    return values


def keep(team: Team, at: datetime) -> int:
    """Write down how a team works and what it was to build; returns the deed's number."""
    plan = TeamPlan.objects.filter(team=team).first()
    seats = [
        {
            "values": _plain(seat, {"id", "team_id"}),
            "skills": list(seat.skills.values_list("pk", flat=True)),
            "absences": [_plain(one, {"id", "seat_id"}) for one in seat.absences.all()],
        }
        for seat in Seat.objects.filter(team=team).order_by("pk")
    ]
    kept = {
        "plan": _plain(plan, {"team_id"}) if plan else None,
        "seats": seats,
        "days": [_plain(one, {"id", "team_id"}) for one in TeamDay.objects.filter(team=team)],
        "features": list(Feature.objects.filter(team=team).values_list("pk", flat=True)),
    }
    deed = Deed.objects.create(
        workspace_id=team.workspace_id, summary=f"Removed the team {team.name}."[:300], steps=[kept], at=at,
        undone_at=at,
    )  # fmt: skip
    return deed.pk


def give_back(team: Team, kept: Any, actor: Actor, at: datetime) -> None:
    """Let a team that came back work as it did, and build what it was to build and nobody else has taken."""
    deed = Deed.objects.filter(workspace_id=team.workspace_id, pk=kept).first()
    if deed is None:
        return
    facts = deed.steps[0]
    if facts["plan"] is not None:
        TeamPlan(team=team, **facts["plan"]).save(force_insert=True)
    here = set(
        Member.objects.filter(workspace_id=team.workspace_id, removed_at__isnull=True).values_list(
            "pk", flat=True
        )
    )
    for one in facts["seats"]:
        if one["values"]["member_id"] is not None and one["values"]["member_id"] not in here:
            continue
        seat = Seat.objects.create(team=team, **one["values"])
        seat.skills.set(Skill.objects.filter(workspace_id=team.workspace_id, pk__in=one["skills"]))
        Absence.objects.bulk_create(Absence(seat=seat, **absence) for absence in one["absences"])
    TeamDay.objects.bulk_create(TeamDay(team=team, **day) for day in facts["days"])
    Feature.objects.filter(
        workspace_id=team.workspace_id, pk__in=facts["features"], team__isnull=True
    ).update(team=team)


TEAM_PART = TeamPart(name="roadmap", keep=keep, give_back=give_back)
