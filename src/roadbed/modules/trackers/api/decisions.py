"""Pairs and conflicts through the API: list, bind, choose."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.trackers.api import schemas
from roadbed.modules.trackers.api.connections import find
from roadbed.modules.trackers.models import Binding
from roadbed.modules.trackers.selectors import connections as selectors
from roadbed.modules.trackers.services import settling

router = Router(tags=["trackers"])


def _pair(binding: Binding) -> dict[str, Any]:
    record = binding.record
    return {
        "id": binding.pk,
        "connection": binding.connection_id,
        "feature": record.key if record and record.deleted_at is None else None,
        "issue": binding.key,
        "url": binding.url,
        "state": binding.state,
        "status": str(binding.theirs.get("words", {}).get("status") or ""),
        "held": binding.held,
        "note": binding.note,
        "moved_to": binding.moved_to,
        "synced_at": binding.synced_at,
    }


def _feature(access: Access, key: str) -> Record:
    found: Record | None = (
        Record.objects.in_workspace(access.workspace.pk).filter(kind="feature").by_key(key).first()
    )
    if found is None:
        raise MissingError
    return found


@router.get(
    "trackers/{int:connection_id}/issues",
    response={200: PageOut[schemas.TrackerPairOut], **problems.READ},
    operation_id="list_tracker_pairs",
    url_name="tracker-pairs",
)
def list_pairs(
    request: HttpRequest, workspace: Path[str], connection_id: int, query: Query[schemas.TrackerPairQuery]
) -> dict[str, Any]:
    """List which issue is which feature."""
    connection = find(access_of(request), connection_id)
    items, following = page_by_id(selectors.bindings_of(connection=connection, state=query.state), query)
    return {"items": [_pair(each) for each in items], "next": following}


@router.post(
    "trackers/{int:connection_id}/issues",
    response={202: None, **problems.WRITE},
    operation_id="bind_issue",
    url_name="tracker-pairs",
)
def bind_issue(
    request: HttpRequest, workspace: Path[str], connection_id: int, body: schemas.TrackerPairIn
) -> Answer[None]:
    """Say that a feature and an issue are the same; without an issue, one is made of the feature."""
    access = access_of(request, role=Role.MAKER)
    connection, record = find(access, connection_id), _feature(access, body.feature)
    issue = " ".join(body.issue.replace("\x00", "").split()).lstrip("#")
    if issue:
        settling.bind(
            connection=connection, record=record, external_id=issue, actor=access.actor, at=timezone.now()
        )
    else:
        settling.ask_to_make(connection=connection, record=record)
    return Answer(202, None)


@router.put(
    "tracker-pairs/{int:binding_id}",
    response={200: schemas.TrackerPairOut, **problems.WRITE},
    operation_id="decide_tracker_pair",
    url_name="tracker-pair",
)
def decide_pair(
    request: HttpRequest, workspace: Path[str], binding_id: int, body: schemas.TrackerChoiceIn
) -> dict[str, Any]:
    """Say what becomes of a pair: let go, make a new issue, or drop the feature."""
    access = access_of(request, role=Role.MAKER)
    try:
        binding = selectors.access_binding(workspace_id=access.workspace.pk, binding_id=binding_id)
    except ObjectDoesNotExist as error:
        raise MissingError from error
    if body.choice == "cut" and binding.state in {Binding.State.LIVE, Binding.State.CREATING}:
        settling.cut(binding=binding, actor=access.actor, at=timezone.now())
    else:
        settling.decide_apart(binding=binding, choice=body.choice, actor=access.actor, at=timezone.now())
    try:
        return _pair(selectors.access_binding(workspace_id=access.workspace.pk, binding_id=binding_id))
    except ObjectDoesNotExist:
        return _pair(binding) | {"state": "creating"}


@router.get(
    "tracker-conflicts",
    response={200: PageOut[schemas.TrackerConflictOut], **problems.READ},
    operation_id="list_tracker_conflicts",
    url_name="tracker-conflicts",
)
def list_conflicts(
    request: HttpRequest, workspace: Path[str], query: Query[schemas.TrackerConflictQuery]
) -> dict[str, Any]:
    """List the fields that changed on both sides to different values."""
    access = access_of(request)
    filters = {"connection": min(query.connection, selectors.ID_MAX)}
    items, following = page_by_id(
        selectors.conflicts(workspace_id=access.workspace.pk, filters=filters), query
    )
    return {
        "items": [
            {
                "id": each.pk,
                "connection": each.binding.connection_id,
                "feature": each.binding.record.key if each.binding.record else None,
                "issue": each.binding.key,
                "url": each.binding.url,
                "field": each.field,
                "ours": each.ours,
                "theirs": each.theirs,
                "ours_by": each.ours_by,
                "ours_at": each.ours_at,
                "theirs_by": each.theirs_by,
                "theirs_at": each.theirs_at,
                "found_at": each.found_at,
            }
            for each in items
        ],
        "next": following,
    }


@router.post(
    "tracker-conflicts/settle",
    response={200: schemas.TrackerSettledOut, **problems.WRITE},
    operation_id="settle_tracker_conflicts",
    url_name="tracker-settle",
)
def settle(request: HttpRequest, workspace: Path[str], body: schemas.TrackerSettleIn) -> dict[str, Any]:
    """Let our value stand, or theirs, for one conflict or many."""
    access = access_of(request, role=Role.MAKER)
    found = selectors.conflicts_by_id(workspace_id=access.workspace.pk, ids=body.ids)
    if not found:
        raise ValidationError({"ids": "None of these waits for a decision."})
    count = settling.settle_conflicts(conflicts=found, keep=body.keep, actor=access.actor, at=timezone.now())
    return {"settled": count}


@router.get(
    "feature-issues/{key}",
    response={200: list[schemas.TrackerPairOut], **problems.READ},
    operation_id="list_feature_issues",
    url_name="feature-issues",
)
def list_feature_issues(request: HttpRequest, workspace: Path[str], key: str) -> list[dict[str, Any]]:
    """List the issues that a feature is kept in step with."""
    access = access_of(request)
    record = _feature(access, key[:20])
    found = selectors.issues_of(workspace_id=access.workspace.pk, record_ids=[record.pk])
    return [_pair(each) for each in found.get(record.pk, [])]
