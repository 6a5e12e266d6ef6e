"""Features: list, get, add, change, move."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Field, Path, Query, Router
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Product, Team
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FeatureFields,
    FeatureIn,
    FeatureOut,
    MoveIn,
)
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.models import Feature, Release, Status

router = Router(tags=["roadmap"])
CAN_BE_EMPTIED = {
    "target_start",
    "target_end",
    "not_before",
    "due_date",
    "actual_days",
    "release",
    "owner",
    "team",
}


class FeaturesQuery(PageQuery):
    """Which features; `filter` takes the query string of the list page, so that a page's address can be pasted."""

    q: str = Field("", max_length=200)
    status: str = Field("", max_length=20)
    horizon: str = Field("", max_length=20)
    filter: str = Field(
        "", max_length=2000, description="Filters as the list page writes them in its address."
    )


@router.get(
    "features",
    response={200: PageOut[FeatureOut], **READ_PROBLEMS},
    operation_id="list_features",
    url_name="features",
)
def list_features(request: HttpRequest, workspace: Path[str], query: Query[FeaturesQuery]) -> dict[str, Any]:
    """List features, the newest first, with the same filters as the page."""
    access = access_of(request)
    wanted = QueryDict(query.filter.lstrip("?"), mutable=True)
    for name in ("q", "status", "horizon"):
        if value := getattr(query, name):
            wanted[name] = value
    state = lists.FILTERS.parse(wanted, path="", options=lists.options_for(access))
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    rows = selectors.filter_features(workspace_id=access.workspace.pk, filters=state.values)
    items, following = page_by_id(rows.select_related("parent"), query)
    return {"items": items, "next": following}


def _feature(access: Access, key: str) -> Feature:
    return selectors.access_feature(workspace_id=access.workspace.pk, key=key)


@router.get(
    "features/{key}",
    response={200: FeatureOut, **READ_PROBLEMS},
    operation_id="get_feature",
    url_name="feature",
)
def get_feature(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Feature:
    """Get a feature with the figures behind it."""
    feature = _feature(access_of(request), key)
    etags.put(response, feature)
    return feature


def _resolve(access: Access, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the things themselves in place of their names, or refuse the unknown ones."""
    errors: dict[str, str] = {}
    workspace = access.workspace
    finders: dict[str, Any] = {
        "release": lambda text: Release.objects.in_workspace(workspace.pk).by_key(text).first(),
        "owner": lambda text: Member.objects.filter(
            workspace=workspace, user__email__iexact=text, removed_at__isnull=True
        ).first(),
        "team": lambda text: Team.objects.filter(workspace=workspace, name__iexact=text).first(),
        "product": lambda text: Product.objects.filter(workspace=workspace, slug=text).first(),
        "parent": lambda text: Feature.objects.in_workspace(workspace.pk).by_key(text).first(),
    }
    for name, find in finders.items():
        text = fields.get(name)
        if text:
            fields[name] = find(text)
            if fields[name] is None:
                errors[name] = f"There is no {name} {text} here."
        elif name in fields:
            fields[name] = None
    if errors:
        raise ValidationError(errors)
    return fields


def _plain(text: Any) -> None:
    if isinstance(text, str) and "\x00" in text:
        raise ValidationError("Null characters cannot be stored.")


@router.post(
    "features",
    response={201: FeatureOut, **WRITE_PROBLEMS},
    operation_id="create_feature",
    url_name="features",
)
def create_feature(
    request: HttpRequest, workspace: Path[str], body: FeatureIn, response: HttpResponse
) -> Answer[Feature]:
    """Add a feature to the tree."""
    access = access_of(request, role=Role.MAKER)
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    for value in given.values():
        _plain(value)
    fields = _resolve(access, given)
    feature, _ = services.create_feature(
        workspace=access.workspace, draft=services.Draft(**fields), actor=access.actor, at=timezone.now()
    )
    fresh = _feature(access, feature.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.patch(
    "features/{key}",
    response={200: FeatureOut, **CHANGE_PROBLEMS},
    operation_id="change_feature",
    url_name="feature",
)
def change_feature(
    request: HttpRequest, workspace: Path[str], key: str, body: FeatureFields, response: HttpResponse
) -> Feature:
    """Change a feature; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    feature = _feature(access, key)
    expected = etags.expected_version(request)
    given = body.dict(exclude_unset=True)
    for value in given.values():
        _plain(value)
    kept = {name: value for name, value in given.items() if value is not None or name in CAN_BE_EMPTIED}
    changes = _resolve(access, kept)
    if "status_reason" in changes and "status" not in changes:
        changes["status"] = Status(feature.status)
    services.change_feature(
        feature=feature, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _feature(access, key)
    etags.put(response, fresh)
    return fresh


@router.post(
    "features/{key}/move",
    response={200: FeatureOut, **CHANGE_PROBLEMS},
    operation_id="move_feature",
    url_name="feature-move",
)
def move_feature(
    request: HttpRequest, workspace: Path[str], key: str, body: MoveIn, response: HttpResponse
) -> Feature:
    """Move a feature with everything under it: under another one, and beside a sibling. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    feature = _feature(access, key)
    expected = etags.expected_version(request)
    places: dict[str, Feature | None] = {}
    for name in ("parent", "before", "after"):
        wanted = getattr(body, name)
        places[name] = (
            Feature.objects.in_workspace(access.workspace.pk).by_key(wanted).first() if wanted else None
        )
        if wanted and places[name] is None:
            raise ValidationError({name: f"There is no feature {wanted} here."})
    services.move_feature(
        feature=feature,
        parent=places["parent"],
        before=places["before"],
        after=places["after"],
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _feature(access, key)
    etags.put(response, fresh)
    return fresh
