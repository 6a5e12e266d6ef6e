"""Drafts, reviews, publishing, revisions and ramps of one flag in one environment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.problems import MissingError
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.environments import environment_or_404
from roadbed.modules.experiments.api.flags import flag_or_404, plain
from roadbed.modules.experiments.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FlagDraftIn,
    FlagPlaceOut,
    FlagPublishIn,
    FlagRampIn,
    FlagRevertIn,
    FlagReviewIn,
    FlagRevisionOut,
    FlagSwitchIn,
)
from roadbed.modules.experiments.models import Environment, Flag, FlagDraft, FlagReview, FlagRevision
from roadbed_engines.flags import serving

router = Router(tags=["flags"])
PLACE = "flags/{key}/environments/{environment}"


def _place(access: Access, key: str, environment: str) -> tuple[Flag, Environment]:
    return flag_or_404(access, key), environment_or_404(access, environment)


def _draft(flag: Flag, environment: Environment) -> FlagDraft:
    draft = selectors.draft_of(flag=flag, environment=environment)
    if draft is None:
        raise MissingError
    return draft


def _shown(flag: Flag, environment: Environment) -> dict[str, Any]:
    state = selectors.state_of(flag=flag, environment=environment)
    draft: Any = selectors.draft_of(flag=flag, environment=environment)
    if draft is not None:
        draft.changes = serving.differences(
            selectors.flag_definition(flag.flag_key, state.definition),
            selectors.flag_definition(flag.flag_key, draft.definition),
        )
    return {
        "flag": flag.flag_key,
        "environment": environment.key,
        "on": state.is_on,
        "revision": state.revision,
        "published_at": state.published_at,
        "definition": state.definition,
        "draft": draft,
    }


@router.get(
    PLACE,
    response={200: FlagPlaceOut, **READ_PROBLEMS},
    operation_id="get_flag_place",
    url_name="flag-place",
)
def get_place(request: HttpRequest, workspace: Path[str], key: str, environment: str) -> dict[str, Any]:
    """Get what is live of a flag in an environment, and the draft."""
    return _shown(*_place(access_of(request), key, environment))


@router.put(
    f"{PLACE}/draft",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="save_flag_draft",
    url_name="flag-draft",
)
def save_draft(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagDraftIn
) -> dict[str, Any]:
    """Keep a change. It is not live until it is published; approvals of an earlier form are void."""
    access = access_of(request, role=Role.MAKER)
    plain(body.dict())
    flag, place = _place(access, key, environment)
    services.save_draft(
        flag=flag,
        environment=place,
        definition=body.definition,
        note=body.note,
        version=body.version,
        actor=access.actor,
        at=timezone.now(),
    )
    return _shown(flag, place)


@router.delete(
    f"{PLACE}/draft",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="discard_flag_draft",
    url_name="flag-draft",
)
def discard_draft(request: HttpRequest, workspace: Path[str], key: str, environment: str) -> Answer[None]:
    """Let go of the draft."""
    access = access_of(request, role=Role.MAKER)
    draft = _draft(*_place(access, key, environment))
    services.discard_draft(draft=draft, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    f"{PLACE}/review-request",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="ask_for_flag_review",
    url_name="flag-review-request",
)
def ask_for_review(request: HttpRequest, workspace: Path[str], key: str, environment: str) -> dict[str, Any]:
    """Ask the others to look at the draft."""
    access = access_of(request, role=Role.MAKER)
    flag, place = _place(access, key, environment)
    services.request_review(draft=_draft(flag, place), actor=access.actor, at=timezone.now())
    return _shown(flag, place)


@router.post(
    f"{PLACE}/reviews",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="review_flag_draft",
    url_name="flag-reviews",
)
def review(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagReviewIn
) -> dict[str, Any]:
    """Approve the draft, or ask for changes."""
    access = access_of(request, role=Role.MAKER)
    plain(body.dict())
    flag, place = _place(access, key, environment)
    services.review_draft(
        draft=_draft(flag, place),
        member=access.member,
        verdict=FlagReview.Verdict(body.verdict),
        note=body.note,
        version=body.version,
        actor=access.actor,
        at=timezone.now(),
    )
    return _shown(flag, place)


@router.post(
    f"{PLACE}/publish",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="publish_flag",
    url_name="flag-publish",
)
def publish(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagPublishIn
) -> dict[str, Any]:
    """Let the draft live. Servers answer by it within two seconds."""
    access = access_of(request, role=Role.MAKER)
    flag, place = _place(access, key, environment)
    services.publish_draft(
        draft=_draft(flag, place), version=body.version, actor=access.actor, at=timezone.now()
    )
    return _shown(flag, place)


@router.put(
    f"{PLACE}/state",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="switch_flag",
    url_name="flag-switch",
)
def switch(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagSwitchIn
) -> dict[str, Any]:
    """Switch off at once, which asks nobody; switch on where nobody need approve."""
    access = access_of(request, role=Role.MAKER)
    flag, place = _place(access, key, environment)
    services.switch(flag=flag, environment=place, on=body.on, actor=access.actor, at=timezone.now())
    return _shown(flag, place)


@router.get(
    f"{PLACE}/revisions",
    response={200: list[FlagRevisionOut], **READ_PROBLEMS},
    operation_id="list_flag_revisions",
    url_name="flag-revisions",
)
def list_revisions(
    request: HttpRequest, workspace: Path[str], key: str, environment: str
) -> list[FlagRevision]:
    """List everything that was live, the newest first."""
    flag, place = _place(access_of(request), key, environment)
    return list(selectors.revisions_of(flag=flag, environment=place))


@router.post(
    f"{PLACE}/revert",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="revert_flag",
    url_name="flag-revert",
)
def revert(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagRevertIn
) -> dict[str, Any]:
    """Go back to an earlier revision: at once, or as a draft where others must approve."""
    access = access_of(request, role=Role.MAKER)
    flag, place = _place(access, key, environment)
    services.revert_to(
        flag=flag, environment=place, number=body.revision, actor=access.actor, at=timezone.now()
    )
    return _shown(flag, place)


@router.post(
    f"{PLACE}/ramp",
    response={200: FlagPlaceOut, **WRITE_PROBLEMS},
    operation_id="walk_flag_ramp",
    url_name="flag-ramp",
)
def walk_ramp(
    request: HttpRequest, workspace: Path[str], key: str, environment: str, body: FlagRampIn
) -> dict[str, Any]:
    """Begin a ramp, approve the step on which it stands, or roll it back."""
    access = access_of(request, role=Role.MAKER)
    plain(body.dict())
    flag, place = _place(access, key, environment)
    who: dict[str, Any] = {"actor": access.actor, "at": timezone.now()}
    target: dict[str, Any] = {"flag": flag, "environment": place, "rule": body.rule}
    if body.deed == "start":
        services.start_ramp(**target, **who)
    elif body.deed == "approve":
        services.approve_step(**target, **who)
    else:
        services.roll_back(**target, why=body.why, **who)
    return _shown(flag, place)
