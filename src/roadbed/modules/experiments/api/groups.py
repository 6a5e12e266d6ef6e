"""Segments and holdouts."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.flags import plain
from roadbed.modules.experiments.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FlagSegmentIn,
    FlagSegmentOut,
    HoldoutIn,
    HoldoutOut,
)
from roadbed.modules.experiments.models import FlagSegment, Holdout

router = Router(tags=["flags"])


@router.get(
    "flag-segments",
    response={200: list[FlagSegmentOut], **READ_PROBLEMS},
    operation_id="list_flag_segments",
    url_name="flag-segments",
)
def list_segments(request: HttpRequest, workspace: Path[str]) -> list[FlagSegment]:
    """List the segments that rules refer to."""
    return selectors.segments_of(workspace_id=access_of(request).workspace.pk)


@router.put(
    "flag-segments/{segment}",
    response={200: FlagSegmentOut, **WRITE_PROBLEMS},
    operation_id="put_flag_segment",
    url_name="flag-segment",
)
def put_segment(request: HttpRequest, workspace: Path[str], segment: str, body: FlagSegmentIn) -> FlagSegment:
    """Make a segment, or change it. It changes every flag that uses it at once, so it takes an owner."""
    access = access_of(request, role=Role.OWNER)
    plain([segment, body.dict()])
    return services.put_segment(
        workspace=access.workspace, key=segment, **body.dict(), actor=access.actor, at=timezone.now()
    )


def _segment(access: Access, key: str) -> FlagSegment:
    return FlagSegment.objects.get(workspace=access.workspace, key=key)


@router.delete(
    "flag-segments/{segment}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_flag_segment",
    url_name="flag-segment",
)
def delete_segment(request: HttpRequest, workspace: Path[str], segment: str) -> Answer[None]:
    """Delete a segment that no flag uses."""
    access = access_of(request, role=Role.OWNER)
    services.delete_segment(segment=_segment(access, segment), actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "holdouts",
    response={200: list[HoldoutOut], **READ_PROBLEMS},
    operation_id="list_holdouts",
    url_name="holdouts",
)
def list_holdouts(request: HttpRequest, workspace: Path[str]) -> list[Holdout]:
    """List the holdouts."""
    return selectors.holdouts_of(workspace_id=access_of(request).workspace.pk)


@router.put(
    "holdouts/{holdout}",
    response={200: HoldoutOut, **WRITE_PROBLEMS},
    operation_id="put_holdout",
    url_name="holdout",
)
def put_holdout(request: HttpRequest, workspace: Path[str], holdout: str, body: HoldoutIn) -> Holdout:
    """Make a holdout, or change it."""
    access = access_of(request, role=Role.OWNER)
    plain([holdout, body.dict()])
    return services.put_holdout(
        workspace=access.workspace, key=holdout, changes=body.dict(), actor=access.actor, at=timezone.now()
    )


@router.delete(
    "holdouts/{holdout}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_holdout",
    url_name="holdout",
)
def delete_holdout(request: HttpRequest, workspace: Path[str], holdout: str) -> Answer[None]:
    """Delete a holdout that no flag has joined."""
    access = access_of(request, role=Role.OWNER)
    found = Holdout.objects.get(workspace=access.workspace, key=holdout)
    services.delete_holdout(holdout=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)
