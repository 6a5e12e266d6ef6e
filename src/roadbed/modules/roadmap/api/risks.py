"""Risks: list, get, write down, change."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.dependencies import related
from roadbed.modules.roadmap.api.objectives import number_of
from roadbed.modules.roadmap.api.schemas import CHANGE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import Feature, Risk

router = Router(tags=["roadmap"])


class RiskOut(Schema):
    """What may go wrong."""

    key: str
    title: str
    version: int
    probability: int
    low: float
    likely: float
    high: float
    state: str
    hits: list[str]
    owner: str | None
    product: str | None
    answer: str
    description: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_hits(risk: Risk) -> list[str]:
        """The keys of the features that it would hit."""
        return sorted(one.key for one in risk.hits.all() if not one.is_deleted)

    @staticmethod
    def resolve_owner(risk: Risk) -> str | None:
        """The owner's address."""
        return risk.owner.user.email if risk.owner else None

    @staticmethod
    def resolve_product(risk: Risk) -> str | None:
        """The product's slug."""
        return risk.product.slug if risk.product else None


class RiskFields(Schema):
    """What may be said of a risk."""

    title: str | None = Field(None, min_length=1, max_length=300)
    probability: int | None = Field(None, ge=1, le=99, description="Percent.")
    low: float | None = Field(None, gt=0, le=20_000)
    likely: float | None = Field(None, gt=0, le=20_000)
    high: float | None = Field(None, gt=0, le=20_000)
    state: Literal["open", "happened", "averted"] | None = None
    hits: list[str] | None = Field(None, max_length=200, description="Keys of features.")
    owner: str | None = Field(None, max_length=254)
    product: str | None = Field(None, max_length=40)
    answer: str | None = Field(None, max_length=500)
    description: str | None = Field(None, max_length=20_000)


class RiskIn(RiskFields):
    """A new risk."""

    title: str = Field(min_length=1, max_length=300)
    probability: int = Field(ge=1, le=99)
    low: float = Field(gt=0, le=20_000)
    likely: float = Field(gt=0, le=20_000)
    high: float = Field(gt=0, le=20_000)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


def _risk_fields(access: Access, given: dict[str, Any]) -> tuple[dict[str, Any], list[Feature] | None]:
    keys = given.pop("hits", None)
    found = related(
        access,
        {name: value for name, value in given.items() if value is not None or name in {"owner", "product"}},
    )
    if keys is None:
        return found, None
    hits: list[Feature] = []
    for key in keys:
        feature = Feature.objects.in_workspace(access.workspace.pk).by_key(key).first()
        if feature is None:
            raise ValidationError({"hits": f"There is no feature {key[:20]} here."})
        hits.append(feature)
    return found, hits


def _risk(access: Access, key: str) -> Risk:
    return selectors.access_risk(
        workspace_id=access.workspace.pk, number=number_of(key, "K", Risk.DoesNotExist)
    )


@router.get(
    "risks", response={200: PageOut[RiskOut], **READ_PROBLEMS}, operation_id="list_risks", url_name="risks"
)
def list_risks(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List risks, the newest first."""
    access = access_of(request)
    items, following = page_by_id(selectors.filter_risks(workspace_id=access.workspace.pk, filters={}), query)
    return {"items": items, "next": following}


@router.post("risks", response={201: RiskOut, **WRITE_PROBLEMS}, operation_id="create_risk", url_name="risks")
def create_risk(
    request: HttpRequest, workspace: Path[str], body: RiskIn, response: HttpResponse
) -> Answer[Risk]:
    """Write down a risk."""
    access = access_of(request, role=Role.MAKER)
    found, hits = _risk_fields(access, body.dict(exclude_unset=True))
    given = {name: value for name, value in found.items() if value is not None}
    made, _ = services.create_risk(
        workspace=access.workspace,
        draft=services.RiskDraft(**given, hits=hits or ()),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _risk(access, made.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.get("risks/{key}", response={200: RiskOut, **READ_PROBLEMS}, operation_id="get_risk", url_name="risk")
def get_risk(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Risk:
    """Get a risk by its key."""
    found = _risk(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "risks/{key}", response={200: RiskOut, **CHANGE_PROBLEMS}, operation_id="change_risk", url_name="risk"
)
def change_risk(
    request: HttpRequest, workspace: Path[str], key: str, body: RiskFields, response: HttpResponse
) -> Risk:
    """Change a risk, or say what became of it. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    found = _risk(access, key)
    expected = etags.expected_version(request)
    changes, hits = _risk_fields(access, body.dict(exclude_unset=True))
    services.change_risk(
        risk=found,
        changes=changes,
        hits=hits,
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _risk(access, key)
    etags.put(response, fresh)
    return fresh
