"""Accounts, people and segments: list, get, add, change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, page_by_id
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import (
    CHANGE_PROBLEMS,
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    AccountChange,
    AccountIn,
    AccountOut,
    ListQuery,
    MembershipOut,
    PersonChange,
    PersonIn,
    PersonOut,
    SegmentChange,
    SegmentIn,
    SegmentOut,
)
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.models import Account, Person, Segment, rules
from roadbed.modules.insights.selectors import choices, personas
from roadbed.modules.insights.selectors import customers as selectors
from roadbed.modules.insights.services import persona_words
from roadbed.web.filters import FilterSet, Option

router = Router(tags=["customers"])


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the five addresses of a kind of customer record are made of."""

    noun: str
    plural: str
    article: str
    page: Any
    out: Any
    given: Any
    change: Any
    filters: FilterSet
    options: Callable[..., dict[str, list[Option]]]
    rows: Callable[..., QuerySet[Any]]
    get: Callable[[Access, str], Any]
    made: Callable[..., Any]
    changed: Callable[..., Any]
    keep_empty: frozenset[str] = frozenset()
    """Fields that an empty value clears, instead of being left as they are."""


def _mount(kind: _Kind) -> None:
    """List, create, get and change: the same for each kind, so that they cannot drift apart."""

    def index(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
        access = access_of(request)
        workspace_id = access.workspace.pk
        filters = shared.filters_of(access, kind.filters, query, kind.options(workspace_id=workspace_id))
        items, following = page_by_id(kind.rows(workspace_id=workspace_id, filters=filters), query)
        return {"items": items, "next": following}

    def create(request: HttpRequest, workspace: Path[str], body: Any, response: HttpResponse) -> Answer[Any]:
        access = access_of(request, role=Role.MAKER)
        fields = shared.resolve(access, shared.given(body))
        made = kind.made(
            workspace=access.workspace,
            name=fields.pop("title"),
            **fields,
            actor=access.actor,
            at=timezone.now(),
        )
        etags.put(response, made)
        return Answer(201, made)

    def get(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Any:
        found = kind.get(access_of(request), key)
        etags.put(response, found)
        return found

    def change(
        request: HttpRequest, workspace: Path[str], key: str, body: Any, response: HttpResponse
    ) -> Any:
        access = access_of(request, role=Role.MAKER)
        record = kind.get(access, key)
        expected = etags.expected_version(request)
        changes = shared.resolve(access, shared.given(body, keep_empty=kind.keep_empty))
        deed = {kind.noun: record, "changes": changes, "expected_version": expected}
        kind.changed(**deed, actor=access.actor, at=timezone.now())
        fresh = kind.get(access, key)
        etags.put(response, fresh)
        return fresh

    one = f"{kind.article} {kind.noun}"
    index.__doc__ = f"List {kind.plural}, the newest first, with the same filters as the page."
    create.__doc__ = f"Add {one}."
    get.__doc__ = f"Get {one}."
    change.__doc__ = f"Change {one}; what is left out stays. Needs If-Match."
    create.__annotations__["body"], change.__annotations__["body"] = kind.given, kind.change
    router.get(
        kind.plural,
        response={200: kind.page, **READ_PROBLEMS},
        operation_id=f"list_{kind.plural}",
        summary=f"List {kind.plural.title()}",
        url_name=kind.plural,
    )(index)
    router.post(
        kind.plural,
        response={201: kind.out, **WRITE_PROBLEMS},
        operation_id=f"create_{kind.noun}",
        summary=f"Create {kind.noun.title()}",
        url_name=kind.plural,
    )(create)
    router.get(
        f"{kind.plural}/{{key}}",
        response={200: kind.out, **READ_PROBLEMS},
        operation_id=f"get_{kind.noun}",
        summary=f"Get {kind.noun.title()}",
        url_name=kind.noun,
    )(get)
    router.patch(
        f"{kind.plural}/{{key}}",
        response={200: kind.out, **CHANGE_PROBLEMS},
        operation_id=f"change_{kind.noun}",
        summary=f"Change {kind.noun.title()}",
        url_name=kind.noun,
    )(change)


def _account(access: Access, key: str) -> Account:
    return selectors.access_account(workspace_id=access.workspace.pk, number=shared.number_of(key, "A"))


def _person(access: Access, key: str) -> Person:
    return selectors.access_person(workspace_id=access.workspace.pk, number=shared.number_of(key, "P"))


def _segment(access: Access, key: str) -> Segment:
    return selectors.access_segment(workspace_id=access.workspace.pk, number=shared.number_of(key, "S"))


_mount(
    _Kind(
        noun="account",
        plural="accounts",
        article="an",
        page=PageOut[AccountOut],
        out=AccountOut,
        given=AccountIn,
        change=AccountChange,
        filters=lists.ACCOUNTS,
        options=choices.for_accounts,
        rows=selectors.list_accounts,
        get=_account,
        made=services.create_account,
        changed=services.change_account,
        keep_empty=frozenset({"revenue"}),
    )
)
_mount(
    _Kind(
        noun="person",
        plural="people",
        article="a",
        page=PageOut[PersonOut],
        out=PersonOut,
        given=PersonIn,
        change=PersonChange,
        filters=lists.PEOPLE,
        options=choices.for_people,
        rows=selectors.list_people,
        get=_person,
        made=services.create_person,
        changed=services.change_person,
        keep_empty=frozenset({"account"}),
    )
)
_mount(
    _Kind(
        noun="segment",
        plural="segments",
        article="a",
        page=PageOut[SegmentOut],
        out=SegmentOut,
        given=SegmentIn,
        change=SegmentChange,
        filters=lists.SEGMENTS,
        options=lambda workspace_id: {},
        rows=selectors.list_segments,
        get=_segment,
        made=services.create_segment,
        changed=services.change_segment,
    )
)


@router.get(
    "segments/{key}/membership",
    response={200: MembershipOut, **READ_PROBLEMS},
    operation_id="get_segment_membership",
    url_name="segment-membership",
)
def get_membership(request: HttpRequest, workspace: Path[str], key: str) -> selectors.Membership:
    """Count whom a segment takes in now; list them with `accounts?filter=segment=S-1`."""
    access = access_of(request)
    rule = rules.parse(_segment(access, key).rule)
    return selectors.membership(workspace_id=access.workspace.pk, rule=rule, sample=0)


class PersonaNeedOut(Schema):
    """One need of a persona, with its share and the difference from the rest."""

    key: str
    title: str
    people: int
    accounts: int
    share: float
    low: float
    high: float
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    sentence: str
    quotes: list[dict[str, str]]


class PersonaOut(Schema):
    """What a segment needs most, read off from what it said."""

    segment: str
    title: str
    introduction: str
    customers: int
    heard: int
    rest_heard: int
    needs: list[PersonaNeedOut]
    distinct: list[PersonaNeedOut] = Field(description="Those surely asked for more than by the rest.")
    refusal: str
    method: str


@router.get(
    "segments/{key}/persona",
    response={200: PersonaOut, **READ_PROBLEMS},
    operation_id="get_persona",
    url_name="segment-persona",
)
def get_persona(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Get the persona that a segment's words make."""
    access = access_of(request)
    found = personas.persona_of(segment=_segment(access, key), workspace=access.workspace.slug)
    return persona_words.as_facts(found, currency=access.workspace.currency)
