"""The team radar for programs. Votes are hidden here as on the pages, from owners too."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api import etags, problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Department
from roadbed.core.workspaces.roles import Role
from roadbed.modules.alignment import services
from roadbed.modules.alignment.models import Session
from roadbed.modules.alignment.selectors import results

router = Router(tags=["Alignment"])
KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"


class CriterionIn(Schema):
    """What is rated, on which scale, and by whom (nobody named: everybody)."""

    label: str = Field(min_length=1, max_length=60)
    low: float = Field(1.0, gt=-1e9, lt=1e9)
    high: float = Field(5.0, gt=-1e9, lt=1e9)
    question: str = Field("", max_length=300)
    figure: str = Field("", max_length=40, description="The input of lenses that the votes become.")
    departments: list[str] = Field([], max_length=50)


class SessionIn(Schema):
    """A session to begin."""

    title: str = Field(min_length=1, max_length=120)
    about: str = Field("", max_length=2_000)
    items: list[str] = Field(min_length=1, max_length=60)
    criteria: list[CriterionIn] = Field(min_length=1, max_length=10)


class SessionOut(Schema):
    """A session, with who has voted in the round; never what."""

    key: str
    title: str
    version: int
    about: str
    state: Literal["voting", "open", "closed"]
    round: int
    opened_at: datetime | None
    items: list[str]
    criteria: list[dict[str, Any]]
    voted: list[str]

    @staticmethod
    def resolve_items(session: Session) -> list[str]:
        """The keys of what is rated."""
        return [item.record.key for item in results.items_of(session)]

    @staticmethod
    def resolve_criteria(session: Session) -> list[dict[str, Any]]:
        """What it is rated by."""
        return [
            {
                "label": one.label,
                "low": one.low,
                "high": one.high,
                "question": one.question,
                "figure": one.figure,
                "departments": [each.name for each in one.departments.all()],
            }
            for one in session.criteria.prefetch_related("departments")
        ]

    @staticmethod
    def resolve_voted(session: Session) -> list[str]:
        """Who has voted."""
        return results.voters(session)


class SessionLine(Schema):
    """A session in a list."""

    id: int
    key: str
    title: str
    state: str
    round: int


class BallotVoteIn(Schema):
    """One vote; null takes it back."""

    item: str = Field(pattern=KEY)
    criterion: str = Field(max_length=60)
    value: float | None


class VotesIn(Schema):
    """One's own votes."""

    votes: list[BallotVoteIn] = Field(min_length=1, max_length=600)


class OwnVotesOut(Schema):
    """One's own votes of the round."""

    round: int
    votes: list[dict[str, Any]]


class ResultsOut(Schema):
    """What everybody said in an opened round."""

    round: int
    voters: int
    cells: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    differing: list[dict[str, Any]]


class RoundQuery(Schema):
    """Which round; the last one where nothing is said."""

    round: int | None = Field(None, ge=1, le=10_000)


class DeedIn(Schema):
    """What becomes of the session."""

    deed: Literal["open", "again", "close", "keep"]


def _session(access: Access, key: str) -> Session:
    prefix, _, number = key.upper().rpartition("-")
    if prefix != "TR" or not number.isdecimal() or len(number) > 9:
        raise MissingError
    try:
        return results.session(workspace_id=access.workspace.pk, number=int(number))
    except Session.DoesNotExist as error:
        raise MissingError from error


def _no_nul(*texts: str) -> None:
    if any("\x00" in text for text in texts):
        raise ValidationError("Null characters cannot be stored.")


@router.get(
    "sessions",
    response={200: PageOut[SessionLine], **problems.READ},
    operation_id="list_sessions",
    url_name="sessions",
)
def list_sessions(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the sessions of the team radar, the newest first."""
    access = access_of(request)
    items, following = page_by_id(results.sessions(workspace_id=access.workspace.pk), query)
    return {"items": items, "next": following}


@router.post(
    "sessions",
    response={201: SessionOut, **problems.WRITE},
    operation_id="create_session",
    url_name="sessions",
)
def create_session(
    request: HttpRequest, workspace: Path[str], body: SessionIn, response: HttpResponse
) -> Answer[Session]:
    """Begin a session; votes are taken at once."""
    access = access_of(request, role=Role.MAKER)
    _no_nul(body.title, body.about, *(text for one in body.criteria for text in (one.label, one.question)))
    rows = Record.objects.in_workspace(access.workspace.pk)
    items = []
    for key in body.items:
        record = rows.by_key(key).first()
        if record is None:
            raise ValidationError({"items": f"There is no {key[:20]} here."})
        items.append(record)
    departments = {one.name: one for one in Department.objects.filter(workspace=access.workspace)}
    criteria = []
    for one in body.criteria:
        unknown = [name for name in one.departments if name not in departments]
        if unknown:
            raise ValidationError({"criteria": f"There is no department {unknown[0][:60]}."})
        values = one.dict() | {"departments": tuple(departments[name] for name in one.departments)}
        criteria.append(services.CriterionDraft(**values))
    made = services.create_session(
        workspace=access.workspace,
        title=body.title,
        about=body.about,
        items=items,
        criteria=criteria,
        actor=access.actor,
        at=timezone.now(),
    )
    etags.put(response, made)
    return Answer(201, made)


@router.get(
    "sessions/{key}",
    response={200: SessionOut, **problems.READ},
    operation_id="get_session",
    url_name="session",
)
def get_session(request: HttpRequest, workspace: Path[str], key: str, response: HttpResponse) -> Session:
    """Read a session, with who has voted; never what."""
    found = _session(access_of(request), key)
    etags.put(response, found)
    return found


@router.get(
    "sessions/{key}/votes",
    response={200: OwnVotesOut, **problems.READ},
    operation_id="get_own_votes",
    url_name="session-votes",
)
def get_own_votes(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Read your own votes of the round."""
    access = access_of(request)
    session = _session(access, key)
    items = {item.pk: item.record.key for item in results.items_of(session)}
    labels = dict(session.criteria.values_list("pk", "label"))
    own = results.own_votes(session, access.member)
    return {
        "round": session.round,
        "votes": [
            {"item": items[item], "criterion": labels[criterion], "value": value}
            for (item, criterion), value in own.items()
            if item in items
        ],
    }


@router.put(
    "sessions/{key}/votes",
    response={200: OwnVotesOut, **problems.WRITE},
    operation_id="cast_votes",
    url_name="session-votes",
)
def cast_votes(request: HttpRequest, workspace: Path[str], key: str, body: VotesIn) -> dict[str, Any]:
    """Cast your own votes. Nobody sees them before they are opened."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    session = _session(access, key)
    items = {item.record.key: item.pk for item in results.items_of(session)}
    criteria = {label: pk for pk, label in session.criteria.values_list("pk", "label")}
    values: dict[tuple[int, int], float | None] = {}
    for one in body.votes:
        if one.item.upper() not in items or one.criterion not in criteria:
            raise ValidationError({"votes": f"{one.item}, {one.criterion[:60]} is not rated here."})
        values[items[one.item.upper()], criteria[one.criterion]] = one.value
    try:
        services.cast(
            session=session, member=access.member, values=values, actor=access.actor, at=timezone.now()
        )
    except services.NotVotingError as error:
        raise ValidationError(str(error)) from error
    return get_own_votes(request, workspace, key)


@router.get(
    "sessions/{key}/results",
    response={200: ResultsOut, **problems.WRITE},
    operation_id="get_results",
    url_name="session-results",
)
def get_results(
    request: HttpRequest, workspace: Path[str], key: str, query: Query[RoundQuery]
) -> dict[str, Any]:
    """Read what everybody said in a round that is opened; before that it is refused, to everybody."""
    session = _session(access_of(request), key)
    try:
        found = results.results(session, round=query.round)
    except results.HiddenError as error:
        raise ValidationError({"round": str(error)}) from error
    return {
        "round": found.round,
        "voters": found.voters,
        "cells": [
            {
                "item": item.record.key,
                "criterion": cell.criterion.label,
                "votes": cell.votes,
                "mean": cell.mean,
                "agreement": cell.level,
                "two_camps": cell.in_camps,
                "histogram": list(cell.bars),
                "departments": [
                    {"name": name, "mean": mean, "votes": count} for name, mean, count in cell.by_department
                ],
            }
            for item, cells in found.rows
            for cell in cells
        ],
        "criteria": [
            {
                "label": one.criterion.label,
                "agreement": one.level,
                "kendall_w": one.concordance.w if one.concordance else None,
                "by_luck": one.concordance.chance if one.concordance else None,
                "departments": [{"name": name, "agreement": level} for name, level in one.by_department],
            }
            for one in found.summaries
        ],
        "differing": [{"name": one.voter, "away": one.away, "above": one.above} for one in found.differing],
    }


@router.post(
    "sessions/{key}/deeds",
    response={200: SessionOut, **problems.WRITE},
    operation_id="change_session",
    url_name="session-deeds",
)
def change_session(request: HttpRequest, workspace: Path[str], key: str, body: DeedIn) -> Session:
    """Open the votes, begin another round, close the session, or keep the votes as inputs of lenses."""
    access = access_of(request, role=Role.MAKER)
    session = _session(access, key)
    done = {
        "open": services.open_votes,
        "again": services.vote_again,
        "close": services.close,
        "keep": services.keep_as_figures,
    }[body.deed]
    try:
        done(session=session, actor=access.actor, at=timezone.now())
    except services.NotVotingError as error:
        raise ValidationError(str(error)) from error
    return _session(access, key)
