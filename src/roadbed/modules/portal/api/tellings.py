"""Tellings for programs: what waits, its words, the decision, and who was told what."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema

from roadbed.core.api import problems
from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records.models import Record
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.portal.models import Letter, Telling, Words
from roadbed.modules.portal.selectors import tellings as reads
from roadbed.modules.portal.services import tellings

router = Router(tags=["tellings"])
READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE


class TellingsQuery(PageQuery):
    """Which tellings."""

    state: list[Literal["waiting", "approved", "skipped", "overtaken"]] = Field([], max_length=4)
    record: str = Field("", max_length=16, description="Only those of this record.")


class TellingOut(Schema):
    """One change that people would want to hear of."""

    id: int
    record: str
    change: str
    reason: str = Field(description="Why, as the change says it; never part of the words by itself.")
    state: str
    version: int
    created_at: datetime
    decided_at: datetime | None
    told: int
    planned: int = Field(description="Letters made at the approval.")

    @staticmethod
    def resolve_record(telling: Telling) -> str:
        """The record's key."""
        return telling.record.key


class WordsOut(Schema):
    """What is said in one language."""

    locale: str = Field(description="Empty: for everybody else.")
    subject: str
    body: str


class RecipientOut(Schema):
    """Somebody who would be told, or would not."""

    person: str
    name: str
    reason: str
    channel: str = Field(description="mail, page or hand; empty for somebody who hears nothing.")
    why_not: str
    locale: str


class WholeTellingOut(Schema):
    """A telling with its words and whom an approval would reach now."""

    telling: TellingOut
    words: list[WordsOut]
    audience: list[RecipientOut] = Field(description="Empty once it is decided; the letters tell.")


class WordsIn(Schema):
    """New words, for everybody or for one language; empty ones take a language away."""

    locale: str = Field("", max_length=12)
    subject: str = Field("", max_length=160)
    body: str = Field("", max_length=5000)
    version: int | None = Field(None, ge=1, le=10**9, description="The version that the change is based on.")


class DecisionIn(Schema):
    """What shall become of it."""

    deed: Literal["approve", "skip", "hold", "reopen"]
    version: int | None = Field(
        None, ge=1, le=10**9, description="For an approval: the version that was read."
    )


class NewsIn(Schema):
    """Draft news about a record for whoever asked for it."""

    record: str = Field(max_length=16, description="Key of a need, a feature or a piece of feedback.")


class LettersQuery(PageQuery):
    """Which letters."""

    person: str = Field("", max_length=16, description="Only those to this person.")
    record: str = Field("", max_length=16, description="Only those about this record.")


class LetterOut(Schema):
    """Who was told what."""

    id: int
    telling: int
    record: str
    person: str
    change: str
    channel: str
    reason: str
    told_at: datetime

    @staticmethod
    def resolve_telling(letter: Letter) -> int:
        """The telling's number."""
        return letter.telling_id

    @staticmethod
    def resolve_record(letter: Letter) -> str:
        """The record's key."""
        return letter.telling.record.key

    @staticmethod
    def resolve_person(letter: Letter) -> str:
        """The person's key."""
        return letter.person.key

    @staticmethod
    def resolve_change(letter: Letter) -> str:
        """What changed."""
        return letter.telling.change


def _telling(access: Access, telling_id: int) -> Telling:
    try:
        return reads.access_telling(workspace_id=access.workspace.pk, telling_id=telling_id)
    except Telling.DoesNotExist as error:
        raise MissingError from error


def _whole(telling: Telling) -> dict[str, Any]:
    audience = reads.audience_of(record=telling.record) if telling.is_waiting else []
    words: list[Words] = reads.words_of(telling=telling)
    return {
        "telling": telling,
        "words": words,
        "audience": [
            {
                "person": one.key,
                "name": one.name,
                "reason": one.reason,
                "channel": one.channel,
                "why_not": one.why_not,
                "locale": one.locale,
            }
            for one in audience
        ],
    }


@router.get(
    "tellings",
    response={200: PageOut[TellingOut], **READ_PROBLEMS},
    operation_id="list_tellings",
    url_name="api-tellings",
)
def list_tellings(request: HttpRequest, workspace: Path[str], query: Query[TellingsQuery]) -> dict[str, Any]:
    """List tellings, the newest first."""
    access = access_of(request)
    rows = reads.list_tellings(workspace_id=access.workspace.pk, states=query.state)
    if query.record:
        named = Record.objects.in_workspace(access.workspace.pk).by_key(query.record.replace("\x00", ""))
        rows = rows.filter(record_id__in=named.values("pk"))
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.post(
    "tellings",
    response={200: WholeTellingOut, **WRITE_PROBLEMS},
    operation_id="draft_telling",
    url_name="api-tellings",
)
def draft_telling(request: HttpRequest, workspace: Path[str], body: NewsIn) -> dict[str, Any]:
    """Draft news about a record. Nobody hears of it before somebody approves it."""
    access = access_of(request, role=Role.MAKER)
    rows = Record.objects.in_workspace(access.workspace.pk).by_key(body.record.replace("\x00", ""))
    record = rows.filter(kind__in=tellings.KINDS).first()
    if record is None:
        raise ValidationError({"record": f"There is no {body.record} here to tell of."})
    made = tellings.prepare(record=record, change="news", at=timezone.now())
    if made is None:
        raise ValidationError({"record": "Nobody who could be told asked for it yet."})
    return _whole(_telling(access, made.pk))


@router.get(
    "tellings/{int:telling_id}",
    response={200: WholeTellingOut, **READ_PROBLEMS},
    operation_id="get_telling",
    url_name="api-telling",
)
def get_telling(request: HttpRequest, workspace: Path[str], telling_id: int) -> dict[str, Any]:
    """Get a telling with its words and whom it would reach."""
    return _whole(_telling(access_of(request), telling_id))


@router.put(
    "tellings/{int:telling_id}/words",
    response={200: WholeTellingOut, **WRITE_PROBLEMS},
    operation_id="set_telling_words",
    url_name="api-telling-words",
)
def set_words(request: HttpRequest, workspace: Path[str], telling_id: int, body: WordsIn) -> dict[str, Any]:
    """Say it in other words."""
    access = access_of(request, role=Role.MAKER)
    tellings.set_words(
        telling=_telling(access, telling_id),
        subject=body.subject,
        body=body.body,
        locale=body.locale,
        version=body.version,
        actor=access.actor,
        at=timezone.now(),
    )
    return _whole(_telling(access, telling_id))


@router.put(
    "tellings/{int:telling_id}/decision",
    response={200: TellingOut, **WRITE_PROBLEMS},
    operation_id="decide_telling",
    url_name="api-telling-decision",
)
def decide(request: HttpRequest, workspace: Path[str], telling_id: int, body: DecisionIn) -> Telling:
    """Approve, skip, hold or reopen a telling."""
    access = access_of(request, role=Role.MAKER)
    telling, now = _telling(access, telling_id), timezone.now()
    if body.deed == "approve":
        tellings.approve(telling=telling, version=body.version, actor=access.actor, at=now)
    elif body.deed == "skip":
        tellings.skip(telling=telling, actor=access.actor, at=now)
    elif body.deed == "hold":
        tellings.hold(telling=telling, actor=access.actor, at=now)
    else:
        tellings.reopen(telling=telling, actor=access.actor, at=now)
    return _telling(access, telling_id)


@router.get(
    "letters",
    response={200: PageOut[LetterOut], **READ_PROBLEMS},
    operation_id="list_letters",
    url_name="api-letters",
)
def list_letters(request: HttpRequest, workspace: Path[str], query: Query[LettersQuery]) -> dict[str, Any]:
    """List who was told what, the newest first."""
    access = access_of(request)
    rows = reads.letters_in(workspace_id=access.workspace.pk)
    records = Record.objects.in_workspace(access.workspace.pk)
    if query.person:
        rows = rows.filter(person_id__in=records.by_key(query.person.replace("\x00", "")).values("pk"))
    if query.record:
        rows = rows.filter(
            telling__record_id__in=records.by_key(query.record.replace("\x00", "")).values("pk")
        )
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}
