"""Votes: list, vote for somebody, take back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.insights.models import Person, Vote

router = Router(tags=["votes"])


class VotesQuery(PageQuery):
    """Which votes."""

    target: str = Field("", max_length=16, description="Only those for this record.")
    person: str = Field("", max_length=16, description="Only those of this person.")


class VoteIn(Schema):
    """Who wants what. The person comes as a key, or as a name or address that is found or made."""

    target: str = Field(max_length=16, description="Key of a need, a feature or a piece of feedback.")
    person: str = Field("", max_length=16, description="Key of the person.")
    person_name: str = Field("", max_length=300)
    person_email: str = Field("", max_length=254)
    account_name: str = Field("", max_length=300)
    note: str = Field("", max_length=500, description="What they said, and where.")


class VoteOut(Schema):
    """One person wants one thing."""

    id: int
    target: str
    person: str
    note: str
    voted_at: datetime
    voted_by: str | None = Field(description="The member who voted on their behalf.")

    @staticmethod
    def resolve_target(vote: Vote) -> str:
        """The target's key."""
        return vote.target.key

    @staticmethod
    def resolve_person(vote: Vote) -> str:
        """The person's key."""
        return vote.person.key

    @staticmethod
    def resolve_voted_by(vote: Vote) -> str | None:
        """The member's name."""
        return vote.voted_by.display_name if vote.voted_by else None


@router.get(
    "votes",
    response={200: PageOut[VoteOut], **READ_PROBLEMS},
    operation_id="list_votes",
    url_name="api-votes",
)
def list_votes(request: HttpRequest, workspace: Path[str], query: Query[VotesQuery]) -> dict[str, Any]:
    """List votes, the newest first."""
    access = access_of(request)
    open_to = Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
    rows = Vote.objects.filter(
        person__workspace_id=access.workspace.pk,
        person__deleted_at__isnull=True,
        target_id__in=(open_to.by_key(query.target.replace("\x00", "")) if query.target else open_to).values(
            "pk"
        ),
    ).select_related("person", "target", "voted_by")
    if query.person:
        people = Person.objects.in_workspace(access.workspace.pk).by_key(query.person.replace("\x00", ""))
        rows = rows.filter(person_id__in=people.values("pk"))
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "votes",
    response={201: VoteOut, **WRITE_PROBLEMS},
    operation_id="create_vote",
    url_name="api-votes",
)
def create_vote(request: HttpRequest, workspace: Path[str], body: VoteIn) -> Answer[Vote]:
    """Vote on somebody's behalf. A second vote of the same person for the same thing changes nothing but its note."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    given = shared.given(body)
    rows = Record.objects.in_workspace(access.workspace.pk, circles=access.circle_ids)
    target = rows.by_key(given["target"]).first()
    if target is None:
        raise ValidationError({"target": f"There is no {given['target']} here."})
    now = timezone.now()
    if given.get("person"):
        person = Person.objects.in_workspace(access.workspace.pk).by_key(given["person"]).first()
    else:
        person = services.speakers(
            workspace=access.workspace,
            account_name=given.get("account_name", ""),
            person_name=given.get("person_name", ""),
            person_email=given.get("person_email", ""),
            actor=access.actor,
            at=now,
        )[1]
    if person is None:
        raise ValidationError({"person": "Say who wants it: a key, a name or an address."})
    vote = services.vote(
        person=person,
        target=target,
        note=given.get("note", ""),
        on_behalf=True,
        actor=access.actor,
        at=now,
    )
    return Answer(201, vote)


@router.delete(
    "votes/{int:vote_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_vote",
    url_name="api-vote",
)
def delete_vote(request: HttpRequest, workspace: Path[str], vote_id: int) -> Answer[None]:
    """Take a vote back."""
    access = access_of(request, role=Role.CONTRIBUTOR)
    rows = Vote.objects.select_related("person", "target").filter(person__workspace_id=access.workspace.pk)
    vote = rows.filter(pk=vote_id).first() if vote_id < 2**53 else None
    if vote is None or not vote.target.is_visible_to(access.circle_ids):
        raise MissingError
    services.unvote(person=vote.person, target=vote.target, actor=access.actor, at=timezone.now())
    return Answer(204, None)
