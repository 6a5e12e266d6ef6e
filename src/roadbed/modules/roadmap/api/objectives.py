"""Objectives, and key results with their check-ins."""

from __future__ import annotations

from datetime import date, datetime
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
from roadbed.core.workspaces.models import Department
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.dependencies import related
from roadbed.modules.roadmap.api.schemas import CHANGE_PROBLEMS, READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.models import CheckIn, Direction, KeyResult, Objective

router = Router(tags=["roadmap"])


class CheckInOut(Schema):
    """How a figure stood."""

    value: float
    confidence: int | None
    note: str
    by_name: str
    at: datetime


class KeyResultOut(Schema):
    """A figure that shows whether an objective was reached."""

    id: int
    title: str
    unit: str
    direction: Direction
    baseline: float
    target: float
    owner: str | None
    progress: float | None = Field(description="Part of the way, 0 to 1; null before the first check-in.")
    check_ins: list[CheckInOut]

    @staticmethod
    def resolve_owner(result: KeyResult) -> str | None:
        """The owner's address."""
        return result.owner.user.email if result.owner else None

    @staticmethod
    def resolve_progress(result: KeyResult) -> float | None:
        """How far it is."""
        return selectors.progress_of_result(result).share

    @staticmethod
    def resolve_check_ins(result: KeyResult) -> list[CheckIn]:
        """The newest first."""
        return list(result.check_ins.all())


class ObjectiveOut(Schema):
    """Where the organisation wants to be."""

    key: str
    title: str
    version: int
    first_date: date
    last_date: date
    state: str
    owner: str | None
    department: str | None
    product: str | None
    description: str
    lesson: str
    progress: float | None
    key_results: list[KeyResultOut]
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_owner(objective: Objective) -> str | None:
        """The owner's address."""
        return objective.owner.user.email if objective.owner else None

    @staticmethod
    def resolve_department(objective: Objective) -> str | None:
        """The department's name."""
        return objective.department.name if objective.department else None

    @staticmethod
    def resolve_product(objective: Objective) -> str | None:
        """The product's slug."""
        return objective.product.slug if objective.product else None

    @staticmethod
    def resolve_progress(objective: Objective) -> float | None:
        """The mean over the key results."""
        return selectors.progress_of_objective(objective)

    @staticmethod
    def resolve_key_results(objective: Objective) -> list[KeyResult]:
        """In their order."""
        return list(objective.key_results.all())


class ObjectiveFields(Schema):
    """What may be said of an objective."""

    title: str | None = Field(None, min_length=1, max_length=300)
    first_date: date | None = None
    last_date: date | None = None
    state: Literal["draft", "active", "closed"] | None = None
    owner: str | None = Field(None, max_length=254)
    department: str | None = Field(None, max_length=80)
    product: str | None = Field(None, max_length=40)
    description: str | None = Field(None, max_length=20_000)
    lesson: str | None = Field(None, max_length=5000)


class ObjectiveIn(ObjectiveFields):
    """A new objective."""

    title: str = Field(min_length=1, max_length=300)
    first_date: date
    last_date: date
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class KeyResultIn(Schema):
    """A key result."""

    title: str = Field(min_length=1, max_length=200)
    unit: str = Field("", max_length=20)
    direction: Direction = Direction.UP
    baseline: float
    target: float
    owner: str | None = Field(None, max_length=254)


class CheckInIn(Schema):
    """How a figure stands."""

    value: float
    confidence: int | None = Field(None, ge=0, le=100)
    note: str = Field("", max_length=500)


EMPTY = {"owner", "department", "product"}


def _fields(access: Access, given: dict[str, Any]) -> dict[str, Any]:
    found = related(
        access, {name: value for name, value in given.items() if value is not None or name in EMPTY}
    )
    if name := found.get("department"):
        found["department"] = Department.objects.filter(workspace=access.workspace, name__iexact=name).first()
        if found["department"] is None:
            raise ValidationError({"department": f"There is no department {name} here."})
    elif "department" in found:
        found["department"] = None
    return found


def number_of(key: str, prefix: str, missing: type[Exception]) -> int:
    """Return the number of a key, or raise what a missing record raises."""
    found, _, number = key.upper().rpartition("-")
    if found != prefix or not number.isdecimal() or len(number) > 9:
        raise missing
    return int(number)


def _objective(access: Access, key: str) -> Objective:
    number = number_of(key, "O", Objective.DoesNotExist)
    return selectors.access_objective(workspace_id=access.workspace.pk, number=number)


@router.get(
    "objectives",
    response={200: PageOut[ObjectiveOut], **READ_PROBLEMS},
    operation_id="list_objectives",
    url_name="objectives",
)
def list_objectives(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List objectives with their key results, the newest first."""
    access = access_of(request)
    rows = selectors.filter_objectives(workspace_id=access.workspace.pk, filters={})
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "objectives",
    response={201: ObjectiveOut, **WRITE_PROBLEMS},
    operation_id="create_objective",
    url_name="objectives",
)
def create_objective(
    request: HttpRequest, workspace: Path[str], body: ObjectiveIn, response: HttpResponse
) -> Answer[Objective]:
    """Set an objective."""
    access = access_of(request, role=Role.MAKER)
    given = {
        name: value
        for name, value in _fields(access, body.dict(exclude_unset=True)).items()
        if value is not None
    }
    made, _ = services.create_objective(
        workspace=access.workspace,
        draft=services.ObjectiveDraft(**given),
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _objective(access, made.key)
    etags.put(response, fresh)
    return Answer(201, fresh)


@router.get(
    "objectives/{key}",
    response={200: ObjectiveOut, **READ_PROBLEMS},
    operation_id="get_objective",
    url_name="objective",
)
def get_objective(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Objective:
    """Get an objective by its key."""
    found = _objective(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "objectives/{key}",
    response={200: ObjectiveOut, **CHANGE_PROBLEMS},
    operation_id="change_objective",
    url_name="objective",
)
def change_objective(
    request: HttpRequest, workspace: Path[str], key: str, body: ObjectiveFields, response: HttpResponse
) -> Objective:
    """Change an objective, or close it. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    found = _objective(access, key)
    expected = etags.expected_version(request)
    services.change_objective(
        objective=found,
        changes=_fields(access, body.dict(exclude_unset=True)),
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _objective(access, key)
    etags.put(response, fresh)
    return fresh


@router.post(
    "objectives/{key}/results",
    response={201: KeyResultOut, **WRITE_PROBLEMS},
    operation_id="add_key_result",
    url_name="objective-results",
)
def add_key_result(
    request: HttpRequest, workspace: Path[str], key: str, body: KeyResultIn
) -> Answer[KeyResult]:
    """Add a key result to an objective."""
    access = access_of(request, role=Role.MAKER)
    found = _objective(access, key)
    made = services.put_key_result(
        objective=found, actor=access.actor, at=timezone.now(), **related(access, body.dict())
    )
    return Answer(201, made)


def _result(access: Access, key: str, result_id: int) -> KeyResult:
    number = number_of(key, "O", KeyResult.DoesNotExist)
    return selectors.access_key_result(workspace_id=access.workspace.pk, number=number, result_id=result_id)


@router.put(
    "objectives/{key}/results/{int:result_id}",
    response={200: KeyResultOut, **WRITE_PROBLEMS},
    operation_id="change_key_result",
    url_name="objective-result",
)
def change_key_result(
    request: HttpRequest, workspace: Path[str], key: str, result_id: Path[int], body: KeyResultIn
) -> KeyResult:
    """Change a key result."""
    access = access_of(request, role=Role.MAKER)
    found = _result(access, key, result_id)
    return services.put_key_result(
        objective=found.objective,
        key_result=found,
        actor=access.actor,
        at=timezone.now(),
        **related(access, body.dict()),
    )


@router.delete(
    "objectives/{key}/results/{int:result_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_key_result",
    url_name="objective-result",
)
def remove_key_result(
    request: HttpRequest, workspace: Path[str], key: str, result_id: Path[int]
) -> Answer[None]:
    """Take a key result out of an objective."""
    access = access_of(request, role=Role.MAKER)
    found = _result(access, key, result_id)
    services.remove_key_result(key_result=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.post(
    "objectives/{key}/results/{int:result_id}/check-ins",
    response={201: CheckInOut, **WRITE_PROBLEMS},
    operation_id="check_in",
    url_name="objective-check-ins",
)
def check_in(
    request: HttpRequest, workspace: Path[str], key: str, result_id: Path[int], body: CheckInIn
) -> Answer[CheckIn]:
    """Say how a key result's figure stands now."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    found = _result(access, key, result_id)
    if "\x00" in body.note:
        raise ValidationError("Null characters cannot be stored.")
    made = services.check_in(key_result=found, actor=access.actor, at=timezone.now(), **body.dict())
    return Answer(201, made)
