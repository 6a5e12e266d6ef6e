"""What waits for what, and what others have promised."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Product
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.api.schemas import CHANGE_PROBLEMS, KEY, READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.models import Dependency, External, Feature, Tie

router = Router(tags=["roadmap"])


class DependencyOut(Schema):
    """`feature` waits for `on`."""

    id: int
    feature: str
    on: str
    tie: Tie
    lag: int = Field(description="Working days.")
    note: str
    created_at: datetime

    @staticmethod
    def resolve_feature(dependency: Dependency) -> str:
        """The key of what waits."""
        return dependency.feature.key

    @staticmethod
    def resolve_on(dependency: Dependency) -> str:
        """The key of what it waits for."""
        on = dependency.on or dependency.external
        return on.key if on is not None else ""


class TieIn(Schema):
    """How one waits for the other."""

    tie: Tie = Tie.FINISH_START
    lag: int = Field(0, ge=-2000, le=2000)
    note: str = Field("", max_length=300)


class DependencyIn(TieIn):
    """What waits for what, by key: F-12, T-4, or X-3 of what others have promised."""

    feature: str = Field(pattern=KEY)
    on: str = Field(pattern=KEY)


class DependenciesQuery(PageQuery):
    """Which dependencies; `filter` takes the query string of the list page."""

    filter: str = Field("", max_length=2000)


def _plain(values: dict[str, Any]) -> None:
    if any(isinstance(value, str) and "\x00" in value for value in values.values()):
        raise ValidationError("Null characters cannot be stored.")


@router.get(
    "dependencies",
    response={200: PageOut[DependencyOut], **READ_PROBLEMS},
    operation_id="list_dependencies",
    url_name="dependencies",
)
def list_dependencies(
    request: HttpRequest, workspace: Path[str], query: Query[DependenciesQuery]
) -> dict[str, Any]:
    """List what waits for what, the newest first, with the same filters as the page."""
    access = access_of(request)
    state = lists.DEPENDENCY_FILTERS.parse(
        QueryDict(query.filter.lstrip("?")), path="", options=lists.options_for(access)
    )
    if state.errors:
        raise ValidationError({name: str(message) for name, message in state.errors.items()})
    rows = selectors.filter_dependencies(workspace_id=access.workspace.pk, filters=state.values)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "dependencies",
    response={201: DependencyOut, **WRITE_PROBLEMS},
    operation_id="add_dependency",
    url_name="dependencies",
)
def add_dependency(request: HttpRequest, workspace: Path[str], body: DependencyIn) -> Answer[Dependency]:
    """Let a feature wait for something. One that would close a circle is refused, and the circle named."""
    access = access_of(request, role=Role.MAKER)
    _plain(body.dict())
    found: dict[str, Any] = {}
    for name in ("feature", "on"):
        key = getattr(body, name)
        model: Any = External if name == "on" and key.upper().startswith("X-") else Feature
        found[name] = model.objects.in_workspace(access.workspace.pk).by_key(key).first()
        if found[name] is None:
            raise ValidationError({name: f"There is no {key} here."})
    dependency, _ = services.add_dependency(
        **found, tie=body.tie, lag=body.lag, note=body.note, actor=access.actor, at=timezone.now()
    )
    return Answer(201, dependency)


def _dependency(access: Access, dependency_id: int) -> Dependency:
    return selectors.access_dependency(workspace_id=access.workspace.pk, dependency_id=dependency_id)


@router.put(
    "dependencies/{int:dependency_id}",
    response={200: DependencyOut, **WRITE_PROBLEMS},
    operation_id="change_dependency",
    url_name="dependency",
)
def change_dependency(
    request: HttpRequest, workspace: Path[str], dependency_id: Path[int], body: TieIn
) -> Dependency:
    """Change how one waits for the other."""
    access = access_of(request, role=Role.MAKER)
    found = _dependency(access, dependency_id)
    _plain(body.dict())
    return services.change_dependency(
        dependency=found, tie=body.tie, lag=body.lag, note=body.note, actor=access.actor, at=timezone.now()
    )


@router.delete(
    "dependencies/{int:dependency_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_dependency",
    url_name="dependency",
)
def remove_dependency(request: HttpRequest, workspace: Path[str], dependency_id: Path[int]) -> Answer[None]:
    """Let a feature no longer wait."""
    access = access_of(request, role=Role.MAKER)
    services.remove_dependency(
        dependency=_dependency(access, dependency_id), actor=access.actor, at=timezone.now()
    )
    return Answer(204, None)


class ExternalOut(Schema):
    """What somebody outside owes."""

    key: str
    title: str
    version: int
    promised_by: str
    contact: str
    earliest: date
    latest: date
    state: str
    delivered_date: date | None
    owner: str | None
    product: str | None
    description: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_owner(external: External) -> str | None:
        """The address of whoever here keeps after it."""
        return external.owner.user.email if external.owner else None

    @staticmethod
    def resolve_product(external: External) -> str | None:
        """The product's slug."""
        return external.product.slug if external.product else None


class ExternalFields(Schema):
    """What may be said of a promise."""

    title: str | None = Field(None, min_length=1, max_length=300)
    promised_by: str | None = Field(None, min_length=1, max_length=120)
    contact: str | None = Field(None, max_length=200)
    earliest: date | None = None
    latest: date | None = None
    state: Literal["waiting", "delivered", "off"] | None = None
    delivered_date: date | None = None
    owner: str | None = Field(None, max_length=254, description="An address of a member; empty for nobody.")
    product: str | None = Field(None, max_length=40)
    description: str | None = Field(None, max_length=20_000)


class ExternalIn(Schema):
    """A new promise."""

    title: str = Field(min_length=1, max_length=300)
    promised_by: str = Field(min_length=1, max_length=120)
    earliest: date
    latest: date
    contact: str = Field("", max_length=200)
    owner: str | None = Field(None, max_length=254)
    product: str | None = Field(None, max_length=40)
    description: str = Field("", max_length=20_000)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


def related(access: Access, given: dict[str, Any]) -> dict[str, Any]:
    """Put members and products in the place of their names, or refuse the unknown ones."""
    _plain(given)
    errors = {}
    finders: dict[str, Any] = {
        "owner": lambda text: Member.objects.filter(
            workspace=access.workspace, user__email__iexact=text, removed_at__isnull=True
        ).first(),
        "product": lambda text: Product.objects.filter(workspace=access.workspace, slug=text).first(),
    }
    for name, find in finders.items():
        if text := given.get(name):
            given[name] = find(text)
            if given[name] is None:
                errors[name] = f"There is no {name} {text} here."
        elif name in given:
            given[name] = None
    if errors:
        raise ValidationError(errors)
    return given


@router.get(
    "externals",
    response={200: PageOut[ExternalOut], **READ_PROBLEMS},
    operation_id="list_externals",
    url_name="externals",
)
def list_externals(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List what others have promised, the newest first."""
    access = access_of(request)
    rows = selectors.filter_externals(workspace_id=access.workspace.pk, filters={})
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "externals",
    response={201: ExternalOut, **WRITE_PROBLEMS},
    operation_id="create_external",
    url_name="externals",
)
def create_external(
    request: HttpRequest, workspace: Path[str], body: ExternalIn, response: HttpResponse
) -> Answer[External]:
    """Write down what somebody outside owes."""
    access = access_of(request, role=Role.MAKER)
    draft = services.ExternalDraft(**related(access, body.dict()))
    external, _ = services.create_external(
        workspace=access.workspace, draft=draft, actor=access.actor, at=timezone.now()
    )
    etags.put(response, external)
    return Answer(201, external)


def _external(access: Access, key: str) -> External:
    prefix, _, number = key.upper().rpartition("-")
    if prefix != "X" or not number.isdecimal() or len(number) > 9:
        raise External.DoesNotExist
    return selectors.access_external(workspace_id=access.workspace.pk, number=int(number))


@router.get(
    "externals/{key}",
    response={200: ExternalOut, **READ_PROBLEMS},
    operation_id="get_external",
    url_name="external",
)
def get_external(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> External:
    """Get a promise by its key."""
    external = _external(access_of(request), key)
    etags.put(response, external)
    return external


@router.patch(
    "externals/{key}",
    response={200: ExternalOut, **CHANGE_PROBLEMS},
    operation_id="change_external",
    url_name="external",
)
def change_external(
    request: HttpRequest, workspace: Path[str], key: str, body: ExternalFields, response: HttpResponse
) -> External:
    """Change a promise, or say that it was kept. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    external = _external(access, key)
    expected = etags.expected_version(request)
    given = {
        name: value
        for name, value in body.dict(exclude_unset=True).items()
        if value is not None or name in {"owner", "product", "delivered_date"}
    }
    services.change_external(
        external=external,
        changes=related(access, given),
        expected_version=expected,
        actor=access.actor,
        at=timezone.now(),
    )
    fresh = _external(access, key)
    etags.put(response, fresh)
    return fresh
