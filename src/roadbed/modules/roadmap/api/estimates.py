"""Effort: every estimate of a feature, a new one, and rounds in which several people say it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Estimate, EstimateRound, Origin

router = Router(tags=["roadmap"])


class EstimateOut(Schema):
    """What somebody said of a feature's effort, in person-days."""

    id: int
    origin: Origin
    p10: float
    p50: float
    p90: float
    mean: float
    said: dict[str, Any] = Field(description="What the figures were computed from.")
    note: str
    by_name: str
    at: datetime
    is_current: bool


class EstimateIn(Schema):
    """How much work it is: `three_point` needs low, likely, high; `range` low, high, confidence; `points` points."""

    origin: Origin
    low: float | None = None
    likely: float | None = None
    high: float | None = None
    confidence: float | None = Field(None, description="Percent; 80 where it is not said.")
    points: float | None = None
    note: str = Field("", max_length=500)


class OpinionIn(Schema):
    """One's own three figures in a round."""

    low: float
    likely: float
    high: float
    note: str = Field("", max_length=500)


class OpinionOut(Schema):
    """What one person said in a round."""

    name: str
    p10: float
    p50: float
    p90: float
    note: str


class RoundIn(Schema):
    """Who is asked, by their addresses."""

    asked: list[str] = Field(min_length=1, max_length=100)
    question: str = Field("", max_length=300)


class RoundOut(Schema):
    """A round. Before it is opened only one's own figures are in it."""

    id: int
    question: str
    started_at: datetime
    opened_at: datetime | None
    asked: list[str]
    spoken: int
    opinions: list[OpinionOut]


def round_out(found: EstimateRound, access: Access) -> dict[str, Any]:
    """Return a round as whoever asks may see it."""
    said = list(found.opinions.all())
    shown = said if not found.is_open else [one for one in said if one.member_id == access.member.pk]
    return {
        "id": found.pk,
        "question": found.question,
        "started_at": found.started_at,
        "opened_at": found.opened_at,
        "asked": [member.name for member in found.asked.all()],
        "spoken": len(said),
        "opinions": [
            {"name": one.member.name, "p10": one.p10, "p50": one.p50, "p90": one.p90, "note": one.note}
            for one in shown
        ],
    }


def _plain(*texts: str) -> None:
    if any("\x00" in text for text in texts):
        raise ValidationError("Null characters cannot be stored.")


@router.get(
    "features/{key}/estimates",
    response={200: list[EstimateOut], **READ_PROBLEMS},
    operation_id="list_estimates",
    url_name="feature-estimates",
)
def list_estimates(request: HttpRequest, workspace: Path[str], key: str) -> list[Estimate]:
    """List every estimate of a feature, the newest first."""
    access = access_of(request)
    return selectors.estimates_of(selectors.access_feature(workspace_id=access.workspace.pk, key=key))


@router.post(
    "features/{key}/estimates",
    response={201: EstimateOut, **WRITE_PROBLEMS},
    operation_id="estimate_feature",
    url_name="feature-estimates",
)
def estimate_feature(
    request: HttpRequest, workspace: Path[str], key: str, body: EstimateIn
) -> Answer[Estimate]:
    """Say how much work a feature is; the estimate before stays in the history."""
    access = access_of(request, role=Role.MAKER)
    feature = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    _plain(body.note)
    said = body.dict(include={"low", "likely", "high", "confidence", "points"})
    found, _ = services.estimate_feature(
        feature=feature, origin=body.origin, said=said, note=body.note, actor=access.actor, at=timezone.now()
    )
    return Answer(201, found)


@router.get(
    "features/{key}/rounds",
    response={200: list[RoundOut], **READ_PROBLEMS},
    operation_id="list_rounds",
    url_name="feature-rounds",
)
def list_rounds(request: HttpRequest, workspace: Path[str], key: str) -> list[dict[str, Any]]:
    """List the rounds on a feature, the newest first."""
    access = access_of(request)
    feature = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    return [round_out(one, access) for one in selectors.rounds_of(feature)]


@router.post(
    "features/{key}/rounds",
    response={201: RoundOut, **WRITE_PROBLEMS},
    operation_id="start_round",
    url_name="feature-rounds",
)
def start_round(
    request: HttpRequest, workspace: Path[str], key: str, body: RoundIn
) -> Answer[dict[str, Any]]:
    """Ask several people for a feature's effort, each without seeing the others' figures."""
    access = access_of(request, role=Role.MAKER)
    feature = selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    _plain(body.question, *body.asked)
    wanted = {address.casefold() for address in body.asked}
    members = [
        member
        for member in Member.objects.select_related("user").filter(
            workspace=access.workspace, removed_at__isnull=True
        )
        if member.user.email.casefold() in wanted
    ]
    unknown = wanted - {member.user.email.casefold() for member in members}
    if unknown:
        raise ValidationError({"asked": f"There is no member {', '.join(sorted(unknown))} here."})
    found = services.start_round(
        feature=feature, members=members, question=body.question, actor=access.actor, at=timezone.now()
    )
    return Answer(201, round_out(found, access))


def _round(access: Access, round_id: int) -> EstimateRound:
    return selectors.access_round(workspace_id=access.workspace.pk, round_id=round_id)


@router.put(
    "rounds/{int:round_id}/opinion",
    response={200: RoundOut, **WRITE_PROBLEMS},
    operation_id="give_opinion",
    url_name="round-opinion",
)
def give_opinion(
    request: HttpRequest, workspace: Path[str], round_id: Path[int], body: OpinionIn
) -> dict[str, Any]:
    """Say one's own three figures; again, to change them until the round is opened."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    found = _round(access, round_id)
    _plain(body.note)
    services.give_opinion(
        round=found,
        member=access.member,
        low=body.low,
        likely=body.likely,
        high=body.high,
        note=body.note,
        actor=access.actor,
        at=timezone.now(),
    )
    return round_out(_round(access, round_id), access)


@router.post(
    "rounds/{int:round_id}/open",
    response={200: EstimateOut, **WRITE_PROBLEMS},
    operation_id="open_round",
    url_name="round-open",
)
def open_round(request: HttpRequest, workspace: Path[str], round_id: Path[int]) -> Estimate:
    """Show everybody's figures, and take them together as the estimate."""
    access = access_of(request, role=Role.MAKER)
    found, _ = services.open_round(round=_round(access, round_id), actor=access.actor, at=timezone.now())
    return found


@router.delete(
    "rounds/{int:round_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="cancel_round",
    url_name="round",
)
def cancel_round(request: HttpRequest, workspace: Path[str], round_id: Path[int]) -> Answer[None]:
    """End a round without a result."""
    access = access_of(request, role=Role.MAKER)
    services.cancel_round(round=_round(access, round_id), actor=access.actor, at=timezone.now())
    return Answer(204, None)
