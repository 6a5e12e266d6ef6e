"""Accounts, people and segments: list, get, add, change."""

from __future__ import annotations

from typing import Any

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

router = Router(tags=["customers"])


def _account(access: Access, key: str) -> Account:
    return selectors.access_account(workspace_id=access.workspace.pk, number=shared.number_of(key, "A"))


@router.get(
    "accounts",
    response={200: PageOut[AccountOut], **READ_PROBLEMS},
    operation_id="list_accounts",
    url_name="accounts",
)
def list_accounts(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
    """List accounts, the newest first, with the same filters as the page."""
    access = access_of(request)
    filters = shared.filters_of(
        access, lists.ACCOUNTS, query, choices.for_accounts(workspace_id=access.workspace.pk)
    )
    rows = selectors.list_accounts(workspace_id=access.workspace.pk, filters=filters)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "accounts",
    response={201: AccountOut, **WRITE_PROBLEMS},
    operation_id="create_account",
    url_name="accounts",
)
def create_account(
    request: HttpRequest, workspace: Path[str], body: AccountIn, response: HttpResponse
) -> Answer[Account]:
    """Add an account."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.resolve(access, shared.given(body))
    made = services.create_account(
        workspace=access.workspace, name=fields.pop("title"), **fields, actor=access.actor, at=timezone.now()
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "accounts/{key}",
    response={200: AccountOut, **READ_PROBLEMS},
    operation_id="get_account",
    url_name="account",
)
def get_account(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Account:
    """Get an account."""
    found = _account(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "accounts/{key}",
    response={200: AccountOut, **CHANGE_PROBLEMS},
    operation_id="change_account",
    url_name="account",
)
def change_account(
    request: HttpRequest, workspace: Path[str], key: str, body: AccountChange, response: HttpResponse
) -> Account:
    """Change an account; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    account = _account(access, key)
    expected = etags.expected_version(request)
    changes = shared.resolve(access, shared.given(body, keep_empty=frozenset({"revenue"})))
    services.change_account(
        account=account, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _account(access, key)
    etags.put(response, fresh)
    return fresh


def _person(access: Access, key: str) -> Person:
    return selectors.access_person(workspace_id=access.workspace.pk, number=shared.number_of(key, "P"))


@router.get(
    "people",
    response={200: PageOut[PersonOut], **READ_PROBLEMS},
    operation_id="list_people",
    url_name="people",
)
def list_people(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
    """List people, the newest first, with the same filters as the page."""
    access = access_of(request)
    filters = shared.filters_of(
        access, lists.PEOPLE, query, choices.for_people(workspace_id=access.workspace.pk)
    )
    rows = selectors.list_people(workspace_id=access.workspace.pk, filters=filters)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "people",
    response={201: PersonOut, **WRITE_PROBLEMS},
    operation_id="create_person",
    url_name="people",
)
def create_person(
    request: HttpRequest, workspace: Path[str], body: PersonIn, response: HttpResponse
) -> Answer[Person]:
    """Add a person."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.resolve(access, shared.given(body))
    made = services.create_person(
        workspace=access.workspace, name=fields.pop("title"), **fields, actor=access.actor, at=timezone.now()
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "people/{key}",
    response={200: PersonOut, **READ_PROBLEMS},
    operation_id="get_person",
    url_name="person",
)
def get_person(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Person:
    """Get a person."""
    found = _person(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "people/{key}",
    response={200: PersonOut, **CHANGE_PROBLEMS},
    operation_id="change_person",
    url_name="person",
)
def change_person(
    request: HttpRequest, workspace: Path[str], key: str, body: PersonChange, response: HttpResponse
) -> Person:
    """Change a person; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    person = _person(access, key)
    expected = etags.expected_version(request)
    changes = shared.resolve(access, shared.given(body, keep_empty=frozenset({"account"})))
    services.change_person(
        person=person, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _person(access, key)
    etags.put(response, fresh)
    return fresh


def _segment(access: Access, key: str) -> Segment:
    return selectors.access_segment(workspace_id=access.workspace.pk, number=shared.number_of(key, "S"))


@router.get(
    "segments",
    response={200: PageOut[SegmentOut], **READ_PROBLEMS},
    operation_id="list_segments",
    url_name="segments",
)
def list_segments(request: HttpRequest, workspace: Path[str], query: Query[ListQuery]) -> dict[str, Any]:
    """List segments, the newest first, with the same filters as the page."""
    access = access_of(request)
    filters = shared.filters_of(access, lists.SEGMENTS, query, {})
    rows = selectors.list_segments(workspace_id=access.workspace.pk, filters=filters)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "segments",
    response={201: SegmentOut, **WRITE_PROBLEMS},
    operation_id="create_segment",
    url_name="segments",
)
def create_segment(
    request: HttpRequest, workspace: Path[str], body: SegmentIn, response: HttpResponse
) -> Answer[Segment]:
    """Add a segment."""
    access = access_of(request, role=Role.MAKER)
    fields = shared.resolve(access, shared.given(body))
    made = services.create_segment(
        workspace=access.workspace, name=fields.pop("title"), **fields, actor=access.actor, at=timezone.now()
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "segments/{key}",
    response={200: SegmentOut, **READ_PROBLEMS},
    operation_id="get_segment",
    url_name="segment",
)
def get_segment(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Segment:
    """Get a segment."""
    found = _segment(access_of(request), key)
    etags.put(response, found)
    return found


@router.patch(
    "segments/{key}",
    response={200: SegmentOut, **CHANGE_PROBLEMS},
    operation_id="change_segment",
    url_name="segment",
)
def change_segment(
    request: HttpRequest, workspace: Path[str], key: str, body: SegmentChange, response: HttpResponse
) -> Segment:
    """Change a segment; what is left out stays. Needs If-Match."""
    access = access_of(request, role=Role.MAKER)
    segment = _segment(access, key)
    expected = etags.expected_version(request)
    changes = shared.resolve(access, shared.given(body))
    services.change_segment(
        segment=segment, changes=changes, expected_version=expected, actor=access.actor, at=timezone.now()
    )
    fresh = _segment(access, key)
    etags.put(response, fresh)
    return fresh


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
