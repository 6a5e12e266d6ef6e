"""What-if plans: list, set up, change in them, see what moves, have them approved, merge, discard."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.jobs import services as jobs
from roadbed.core.jobs.api import JobOut
from roadbed.core.jobs.models import Job
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.api.branch_schemas import (
    BranchApprovalIn,
    BranchComparisonOut,
    BranchComparisonQuery,
    BranchDecisionIn,
    BranchDifferenceOut,
    BranchFields,
    BranchIn,
    BranchMergedOut,
    BranchMergeIn,
    BranchOut,
    BranchWishIn,
)
from roadbed.modules.roadmap.api.objectives import number_of
from roadbed.modules.roadmap.api.schemas import CHANGE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Branch, External, Feature, Release
from roadbed.modules.roadmap.selectors import branches as reading
from roadbed.modules.roadmap.services import branch_merging, branch_outlooks, branching

router = Router(tags=["roadmap"])


def _branch(access: Access, key: str) -> Branch:
    return reading.access_branch(
        workspace_id=access.workspace.pk, number=number_of(key, "B", Branch.DoesNotExist)
    )


def _differences(access: Access, branch: Branch) -> list[dict[str, Any]]:
    return [
        {
            "id": one.change.pk,
            "feature": one.record.key,
            "field": one.change.field,
            "waits_for": one.change.other.key if one.change.other else None,
            "label": one.label,
            "before": one.before,
            "now": one.now,
            "after": one.after,
            "value": one.change.value,
            "clash": one.clash,
            "days": one.days,
            "why": one.change.why,
        }
        for one in reading.differences(branch, circles=sorted(access.circle_ids))
    ]


def _feature(access: Access, key: str, field: str = "feature") -> Feature:
    try:
        return selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    except Feature.DoesNotExist as error:
        raise ValidationError({field: f"There is no feature {key[:20]} here."}) from error


def _wishes(access: Access, body: BranchWishIn) -> list[branching.Wish]:
    sent = body.dict(exclude_unset=True)
    why = body.why
    found = [
        branching.Wish(name, sent[name], why=why)
        for name in ("status", "team", "not_before", "target_start", "target_end", "due_date", "due_kind")
        if name in sent
    ]
    if body.effort is not None:
        found.append(branching.Wish("effort", body.effort.dict(), why=why))
    if "release" in sent:
        release = None
        if body.release:
            rows: Any = Release.objects.in_workspace(access.workspace.pk)
            release = rows.by_key(body.release).first()
            if release is None:
                raise ValidationError({"release": f"There is no release {body.release[:20]} here."})
        found.append(branching.Wish("release", release, why=why))
    if body.place is not None:
        place: dict[str, Any] = {"horizon": body.place.horizon}
        for name in ("before", "after"):
            if key := getattr(body.place, name):
                place[name] = _feature(access, key, "place")
        found.append(branching.Wish("place", place, why=why))
    if body.waits_for:
        on: Any
        if body.waits_for.upper().startswith("X-"):
            outside: Any = External.objects.in_workspace(access.workspace.pk)
            on = outside.by_key(body.waits_for).first()
            if on is None:
                raise ValidationError({"waits_for": f"There is no {body.waits_for[:20]} here."})
        else:
            on = _feature(access, body.waits_for, "waits_for")
        value = body.waits.dict() if body.waits is not None else None
        found.append(branching.Wish("waits", value, other=on, why=why))
    if not found:
        raise ValidationError("Say what the branch is to say otherwise.")
    return found


@router.get(
    "branches",
    response={200: PageOut[BranchOut], **READ_PROBLEMS},
    operation_id="list_branches",
    url_name="branches",
)
def list_branches(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List branches, the newest first."""
    access = access_of(request)
    items, following = page_by_id(reading.branches_of(workspace_id=access.workspace.pk), query)
    return {"items": items, "next": following}


@router.post(
    "branches",
    response={201: BranchOut, **WRITE_PROBLEMS},
    operation_id="create_branch",
    url_name="branches",
)
def create_branch(
    request: HttpRequest, workspace: Path[str], body: BranchIn, response: HttpResponse
) -> Answer[Branch]:
    """Set up a branch: the plan itself, until something is changed in it."""
    access = access_of(request, role=Role.MAKER)
    made = branching.create_branch(
        workspace=access.workspace, actor=access.actor, at=timezone.now(), **body.dict()
    )
    fresh = _branch(access, made.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.get(
    "branches/{key}", response={200: BranchOut, **READ_PROBLEMS}, operation_id="get_branch", url_name="branch"
)
def get_branch(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Branch:
    """Get a branch by its key."""
    found = _branch(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "branches/{key}",
    response={200: BranchOut, **CHANGE_PROBLEMS},
    operation_id="change_branch",
    url_name="branch",
)
def change_branch(
    request: HttpRequest, workspace: Path[str], key: str, body: BranchFields, response: HttpResponse
) -> Branch:
    """Change what a branch is called and why it is there. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    found = _branch(access, key)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    branching.describe_branch(
        branch=found,
        changes=given,
        actor=access.actor,
        at=timezone.now(),
        expected_version=etags.expected_version(request),
    )
    fresh = _branch(access, key)
    etags.put(response, fresh)
    return fresh


@router.get(
    "branches/{key}/changes",
    response={200: list[BranchDifferenceOut], **READ_PROBLEMS},
    operation_id="list_branch_changes",
    url_name="branch-changes",
)
def list_branch_changes(request: HttpRequest, workspace: Path[str], key: str) -> list[dict[str, Any]]:
    """Tell in what a branch differs from the plan, and where the plan has changed since."""
    access = access_of(request)
    return _differences(access, _branch(access, key))


@router.post(
    "branches/{key}/changes",
    response={200: list[BranchDifferenceOut], **WRITE_PROBLEMS},
    operation_id="change_in_branch",
    url_name="branch-changes",
)
def change_in_branch(
    request: HttpRequest, workspace: Path[str], key: str, body: BranchWishIn
) -> list[dict[str, Any]]:
    """Let a branch say something else of a feature; the dates of both plans are worked out at once."""
    access = access_of(request, role=Role.MAKER)
    branch = _branch(access, key)
    branching.change_in_branch(
        branch=branch,
        feature=_feature(access, body.feature),
        wishes=_wishes(access, body),
        actor=access.actor,
        at=timezone.now(),
    )
    return _differences(access, branch)


@router.delete(
    "branches/{key}/changes/{int:change_id}",
    response={204: None, **READ_PROBLEMS},
    operation_id="take_back_branch_change",
    url_name="branch-change",
)
def take_back_branch_change(
    request: HttpRequest, workspace: Path[str], key: str, change_id: int
) -> Answer[None]:
    """Let a branch say what the plan says again."""
    access = access_of(request, role=Role.MAKER)
    branch = _branch(access, key)
    found = reading.access_change(branch, change_id=change_id, circles=sorted(access.circle_ids))
    branching.take_back(branch=branch, change=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "branches/{key}/comparison",
    response={200: BranchComparisonOut, **READ_PROBLEMS},
    operation_id="compare_branch",
    url_name="branch-comparison",
)
def compare_branch(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[BranchComparisonQuery]
) -> dict[str, Any]:
    """Tell which dates move, against the plan or another branch, over the same futures."""
    access = access_of(request)
    branch = _branch(access, key)
    circles = sorted(access.circle_ids)
    other = _branch(access, query.against) if query.against else None
    outlook, theirs = getattr(branch, "outlook", None), getattr(other, "outlook", None)
    after = outlook.branched if outlook else {}
    before = (theirs.branched if theirs else {}) if other else (outlook.main if outlook else {})
    found = reading.moved_between(before, after, workspace_id=access.workspace.pk, circles=circles)
    return {
        "against": other.key if other else None,
        "at": outlook.at if outlook else None,
        "seed": outlook.seed if outlook else None,
        "runs": outlook.runs if outlook else None,
        "is_stale": reading.is_stale(branch),
        "problem": after.get("problem", ""),
        "moved": [
            {
                "key": one.record.key,
                "kind": one.kind,
                "before": one.before,
                "after": one.after,
                "p50_days": one.p50,
                "p85_days": one.p85,
            }
            for one in found
        ],
        "apart": [
            {"feature": one.record.key, "label": one.label, "here": one.here, "there": one.there}
            for one in (reading.apart(branch, other, circles=circles) if other else [])
        ],
    }


@router.post(
    "branches/{key}/forecast",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="forecast_branch",
    url_name="branch-forecast",
)
def forecast_branch(request: HttpRequest, workspace: Path[str], key: str) -> Answer[None]:
    """Work out the dates of the branch and of the plan anew."""
    access = access_of(request, role=Role.MAKER)
    branch_outlooks.work_out(branch=_branch(access, key), at=timezone.now())
    return Answer(204, None)


@router.post(
    "branches/{key}/approval",
    response={200: BranchOut, **WRITE_PROBLEMS},
    operation_id="ask_branch_approval",
    url_name="branch-approval",
)
def ask_branch_approval(
    request: HttpRequest, workspace: Path[str], key: str, body: BranchApprovalIn
) -> Branch:
    """Ask somebody to decide; until they have, nothing of it can be merged."""
    access = access_of(request, role=Role.MAKER)
    rows = Member.objects.select_related("user").filter(workspace=access.workspace, removed_at__isnull=True)
    approver = rows.filter(user__email__iexact=body.approver).first()
    if approver is None:
        raise ValidationError({"approver": "There is no such member here."})
    branching.ask_approval(
        branch=_branch(access, key), approver=approver, actor=access.actor, at=timezone.now()
    )
    return _branch(access, key)


@router.post(
    "branches/{key}/decision",
    response={200: BranchOut, **WRITE_PROBLEMS},
    operation_id="decide_branch",
    url_name="branch-decision",
)
def decide_branch(request: HttpRequest, workspace: Path[str], key: str, body: BranchDecisionIn) -> Branch:
    """Approve a branch, or give it back with the reason; for whoever was asked, and owners."""
    access = access_of(request, role=Role.MAKER)
    branching.decide(
        branch=_branch(access, key),
        is_approved=body.approved,
        words=body.words,
        member=access.member,
        actor=access.actor,
        at=timezone.now(),
    )
    return _branch(access, key)


@router.post(
    "branches/{key}/merge",
    response={200: BranchMergedOut, **WRITE_PROBLEMS},
    operation_id="merge_branch",
    url_name="branch-merge",
)
def merge_branch(request: HttpRequest, workspace: Path[str], key: str, body: BranchMergeIn) -> dict[str, Any]:
    """Take changes over into the plan; where the plan has changed since, each must be settled by `over` or `plan`."""
    access = access_of(request, role=Role.MAKER)
    found = branch_merging.merge_branch(
        branch=_branch(access, key),
        only=body.only,
        over=body.over,
        dropped=body.plan,
        actor=access.actor,
        at=timezone.now(),
    )
    return {"taken": found.taken, "left": found.left, "state": _branch(access, key).state}


@router.post(
    "branches/{key}/discard",
    response={200: BranchOut, **WRITE_PROBLEMS},
    operation_id="discard_branch",
    url_name="branch-discard",
)
def discard_branch(request: HttpRequest, workspace: Path[str], key: str) -> Branch:
    """Give a branch up; it stays readable."""
    access = access_of(request, role=Role.MAKER)
    branching.discard_branch(branch=_branch(access, key), actor=access.actor, at=timezone.now())
    return _branch(access, key)


@router.post(
    "branches/{key}/reopen",
    response={200: BranchOut, **WRITE_PROBLEMS},
    operation_id="reopen_branch",
    url_name="branch-reopen",
)
def reopen_branch(request: HttpRequest, workspace: Path[str], key: str) -> Branch:
    """Take a discarded branch up again."""
    access = access_of(request, role=Role.MAKER)
    branching.reopen_branch(branch=_branch(access, key), actor=access.actor, at=timezone.now())
    return _branch(access, key)


@router.post(
    "branch-proposals",
    response={202: JobOut, **WRITE_PROBLEMS},
    operation_id="propose_branch",
    url_name="branch-proposals",
)
def propose_branch(request: HttpRequest, workspace: Path[str]) -> Answer[Job]:
    """Look for a better order of the plan, as a job; what is found is a branch whose changes each say why."""
    access = access_of(request, role=Role.MAKER)
    job = jobs.enqueue("roadmap.propose", workspace_id=access.workspace.pk, key="propose", actor=access.actor)
    return Answer(202, job)
