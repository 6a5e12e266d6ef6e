"""Baselines: list, keep one, what changed since, how scope and work grew."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap.api.schemas import READ_PROBLEMS
from roadbed.modules.roadmap.models import Baseline
from roadbed.modules.roadmap.selectors import baselines as selectors
from roadbed.modules.roadmap.services import baselines as services

router = Router(tags=["roadmap"])
BIGGEST = 2**31 - 1


class BaselineOut(Schema):
    """A moment at which the plan was frozen."""

    number: int
    kind: str
    name: str
    day: date
    at: datetime
    items: int = Field(description="Features and stories in the plan, dropped ones left out.")
    shipped: int
    effort_days: float = Field(description="Sum of the middle estimates, in person-days.")
    effort_shipped_days: float
    unestimated: int = Field(description="How many of the items have no estimate.")

    @staticmethod
    def of(one: Baseline) -> dict[str, Any]:
        """Return what the document says of a baseline."""
        items, shipped, effort, effort_shipped, unestimated = one.totals.get("all", [0, 0, 0.0, 0.0, 0])
        return {
            "number": one.number,
            "kind": one.kind,
            "name": one.name,
            "day": one.day,
            "at": one.at,
            "items": items,
            "shipped": shipped,
            "effort_days": effort,
            "effort_shipped_days": effort_shipped,
            "unestimated": unestimated,
        }


class BaselineIn(Schema):
    """What a baseline is for."""

    name: str = Field(min_length=1, max_length=120)


class PlanFieldChangeOut(Schema):
    """A field at two moments."""

    field: str
    label: str
    before: str
    after: str
    days: int | None = Field(description="By how many days a date moved; later is positive.")


class PlanChangeOut(Schema):
    """What became of a feature or a release."""

    key: str
    kind: str
    title: str
    what: str = Field(description="added, removed or changed")
    fields: list[PlanFieldChangeOut]


class PlanChangesOut(Schema):
    """What changed between two moments; the largest slips first."""

    since: int
    until: int | None = Field(description="The later baseline; none: now.")
    changes: list[PlanChangeOut]


class BurnOut(Schema):
    """A point of the burn-up."""

    day: date
    items: int
    shipped: int
    effort_days: float
    effort_shipped_days: float
    unestimated: int


class ChangesQuery(Schema):
    """Until when."""

    until: int | None = Field(
        None, ge=1, le=BIGGEST, description="The later baseline's number; without it, now."
    )


class BurnQuery(Schema):
    """Of what."""

    product: str = Field(
        "", max_length=40, description="A product's address; without it, the whole workspace."
    )


@router.get(
    "baselines",
    response={200: PageOut[BaselineOut], **READ_PROBLEMS},
    operation_id="list_baselines",
    url_name="baselines",
)
def list_baselines(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List baselines, the newest first."""
    access = access_of(request)
    items, following = page_by_id(selectors.baselines_of(workspace_id=access.workspace.pk), query)
    return {"items": [BaselineOut.of(one) for one in items], "next": following}


@router.post(
    "baselines",
    response={201: BaselineOut, **READ_PROBLEMS},
    operation_id="create_baseline",
    url_name="baselines",
)
def create_baseline(request: HttpRequest, workspace: Path[str], body: BaselineIn) -> Answer[dict[str, Any]]:
    """Keep the plan as it stands, for good."""
    access = access_of(request, role=Role.MAKER)
    made = services.freeze_plan(
        workspace=access.workspace, name=body.name, actor=access.actor, at=timezone.now()
    )
    return Answer(201, BaselineOut.of(made))


@router.get(
    "baselines/{int:number}/changes",
    response={200: PlanChangesOut, **READ_PROBLEMS},
    operation_id="get_changes_since_baseline",
    url_name="baseline-changes",
)
def get_changes_since_baseline(
    request: HttpRequest, workspace: Path[str], number: int, query: Query[ChangesQuery]
) -> dict[str, Any]:
    """Tell what changed in the plan since a baseline, until another or until now."""
    access = access_of(request)
    if not 0 < number <= BIGGEST:
        raise Baseline.DoesNotExist
    workspace_id = access.workspace.pk
    earlier = selectors.access_baseline(workspace_id=workspace_id, number=number)
    later = selectors.access_baseline(workspace_id=workspace_id, number=query.until) if query.until else None
    if later is not None and later.number < earlier.number:
        earlier, later = later, earlier
    found = selectors.changes_between(
        workspace_id=workspace_id, earlier=earlier, later=later, circles=sorted(access.circle_ids)
    )
    return {
        "since": earlier.number,
        "until": later.number if later else None,
        "changes": [
            {
                "key": one.record.key,
                "kind": one.record.kind,
                "title": one.record.title,
                "what": one.what,
                "fields": [
                    {
                        "field": each.name,
                        "label": each.label,
                        "before": each.before,
                        "after": each.after,
                        "days": each.days,
                    }
                    for each in one.fields
                ],
            }
            for one in found
        ],
    }


@router.get(
    "burn-up",
    response={200: list[BurnOut], **READ_PROBLEMS},
    operation_id="get_burn_up",
    url_name="burn-up",
)
def get_burn_up(request: HttpRequest, workspace: Path[str], query: Query[BurnQuery]) -> list[dict[str, Any]]:
    """Return planned and done at each day that was frozen, the oldest first."""
    access = access_of(request)
    scope = "all"
    if query.product:
        product = Product.objects.filter(
            workspace=access.workspace, slug=query.product.replace("\x00", "")
        ).first()
        if product is None:
            raise ObjectDoesNotExist
        scope = f"product:{product.pk}"
    return [
        {
            "day": one.day,
            "items": one.items,
            "shipped": one.shipped,
            "effort_days": one.effort,
            "effort_shipped_days": one.effort_shipped,
            "unestimated": one.unestimated,
        }
        for one in selectors.burn_up(workspace_id=access.workspace.pk, scope=scope)
    ]
