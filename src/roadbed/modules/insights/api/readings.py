"""What was read in feedback, private words, and duplicates, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Path, Query, Router, Schema
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import MissingError
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.api import shared
from roadbed.modules.insights.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS
from roadbed.modules.insights.models import Double, Feedback, Reading, ReadingSettings, RedactionRule
from roadbed.modules.insights.models.readings import ASPECTS
from roadbed.modules.insights.selectors import doubles as double_selectors
from roadbed.modules.insights.selectors import feedback as selectors
from roadbed.modules.insights.services import cleaning, doubles, readings
from roadbed_engines.text.redaction import KINDS

router = Router(tags=["readings"])


class AspectOut(Schema):
    """One thing that was read: the label (empty where there was nothing to go by), how sure, why, and by whom."""

    label: str
    confidence: float
    why: str
    by: Literal["machine", "person"]


class StatementOut(Schema):
    """One statement of a piece: where it lies, and its own intent."""

    start: int
    end: int
    intent: str
    confidence: float


class PrivateOut(Schema):
    """Words that look private: where they lie, and what they are."""

    kind: str
    start: int
    end: int


class ReadingOut(Schema):
    """What was read in a piece."""

    language: AspectOut
    intent: AspectOut
    sentiment: AspectOut
    statements: list[StatementOut]
    private: list[PrivateOut]
    read_at: datetime


class ReadingFields(Schema):
    """What a person says instead. No later run changes it; null hands it back to the machine."""

    language: str | None = Field("", max_length=12)
    intent: Literal["problem", "request", "praise", "question"] | None = None
    sentiment: Literal["negative", "neutral", "positive"] | None = None


class RedactedOut(Schema):
    """What was taken out of a piece, by kind."""

    counts: dict[str, int]


class ReadingSettingsOut(Schema):
    """How the workspace wants feedback read."""

    redaction: Literal["off", "suggest", "on"]
    kinds: list[str]
    region: str
    merges_doubles: bool
    merge_from: float
    counts: dict[str, int] = Field(description="How much was taken out so far, by kind.")


class ReadingSettingsIn(Schema):
    """How feedback shall be read from now on; what is left out stays as it is."""

    redaction: Literal["off", "suggest", "on"] | None = None
    kinds: list[Literal["email", "phone", "card", "iban", "ip", "ssn", "key", "password"]] | None = Field(
        None, max_length=20
    )
    region: str | None = Field(None, max_length=2)
    merges_doubles: bool | None = None
    merge_from: float | None = Field(None, ge=0.6, le=1)


class RuleOut(Schema):
    """A pattern of the workspace's own."""

    id: int
    name: str
    pattern: str
    created_at: datetime


class RedactionRuleIn(Schema):
    """A pattern to look for; what it finds becomes its name in brackets."""

    name: str = Field(min_length=1, max_length=40)
    pattern: str = Field(min_length=1, max_length=200)


class DoubleOut(Schema):
    """Two pieces that may say the same."""

    id: int
    older: str = Field(description="Key of the piece that was here first.")
    newer: str
    score: float
    why: str
    state: Literal["open", "merged", "different", "skipped"]
    is_automatic: bool
    found_at: datetime
    decided_at: datetime | None

    @staticmethod
    def resolve_older(pair: Double) -> str:
        """The earlier piece's key."""
        return pair.older.key

    @staticmethod
    def resolve_newer(pair: Double) -> str:
        """The later piece's key."""
        return pair.newer.key


class DoubleIn(Schema):
    """What becomes of a pair."""

    state: Literal["open", "merged", "different", "skipped"]


class SimilarQuery(Schema):
    """The words that are compared with everything that was said."""

    text: str = Field(max_length=4000)


class SimilarOut(Schema):
    """A piece that may say the same."""

    key: str
    title: str
    score: float
    why: str


def _piece(access: Access, key: str) -> Feedback:
    return selectors.access_feedback(
        workspace_id=access.workspace.pk, number=shared.number_of(key, "FB"), circles=access.circle_ids
    )


def _out(reading: Reading) -> dict[str, Any]:
    return {
        **{
            aspect: {
                "label": getattr(reading, aspect),
                "confidence": getattr(reading, f"{aspect}_confidence"),
                "why": getattr(reading, f"{aspect}_why"),
                "by": getattr(reading, f"{aspect}_by"),
            }
            for aspect in ASPECTS
        },
        "statements": [
            {"start": start, "end": end, "intent": intent, "confidence": sure}
            for start, end, intent, sure in reading.statements
        ],
        "private": [
            {"kind": kind, "start": start, "end": end}
            for kind, start, end in (reading.private if reading.has_private else [])
        ],
        "read_at": reading.read_at,
    }


@router.get(
    "feedback/{key}/reading",
    response={200: ReadingOut, **READ_PROBLEMS},
    operation_id="get_reading",
    url_name="feedback-reading",
)
def get_reading(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Get language, intent, sentiment and statements of a piece."""
    access = access_of(request)
    return _out(readings.live(feedback=_piece(access, key), at=timezone.now()))


@router.patch(
    "feedback/{key}/reading",
    response={200: ReadingOut, **WRITE_PROBLEMS},
    operation_id="correct_reading",
    url_name="feedback-reading",
)
def correct_reading(
    request: HttpRequest, workspace: Path[str], key: str, body: ReadingFields
) -> dict[str, Any]:
    """Say what a piece is. The models learn from it; no later run overrules it."""
    access = access_of(request, role=Role.MAKER)
    piece, at = _piece(access, key), timezone.now()
    with services.doing(workspace_id=access.workspace.pk):
        for aspect, label in body.dict(exclude_unset=True).items():
            if label is None:
                current = getattr(readings.live(feedback=piece, at=at), aspect)
                readings.correct(
                    feedback=piece, aspect=aspect, label=current, by="machine", actor=access.actor, at=at
                )
            elif "\x00" in label:
                raise ValidationError({aspect: "Null characters cannot be stored."})
            elif label:
                readings.correct(feedback=piece, aspect=aspect, label=label, actor=access.actor, at=at)
    return _out(readings.live(feedback=piece, at=at))


@router.post(
    "feedback/{key}/redact",
    response={200: RedactedOut, **WRITE_PROBLEMS},
    operation_id="redact_feedback",
    url_name="feedback-redact",
)
def redact_feedback(request: HttpRequest, workspace: Path[str], key: str) -> dict[str, Any]:
    """Take private words out of a piece and of everything that repeats them. There is no way back."""
    access = access_of(request, role=Role.MAKER)
    counts = services.redact_feedback(feedback=_piece(access, key), actor=access.actor, at=timezone.now())
    return {"counts": counts}


@router.get(
    "reading-settings",
    response={200: ReadingSettingsOut, **READ_PROBLEMS},
    operation_id="get_reading_settings",
    url_name="reading-settings",
)
def get_reading_settings(request: HttpRequest, workspace: Path[str]) -> ReadingSettings:
    """Get how the workspace wants feedback read."""
    return cleaning.settings_of(workspace_id=access_of(request).workspace.pk)


@router.patch(
    "reading-settings",
    response={200: ReadingSettingsOut, **WRITE_PROBLEMS},
    operation_id="change_reading_settings",
    url_name="reading-settings",
)
def change_reading_settings(
    request: HttpRequest, workspace: Path[str], body: ReadingSettingsIn
) -> ReadingSettings:
    """Say what becomes of private words and of duplicates from now on."""
    access = access_of(request, role=Role.OWNER)
    at, given = timezone.now(), shared.given(body)
    chosen = cleaning.settings_of(workspace_id=access.workspace.pk)
    if given.keys() & {"redaction", "kinds", "region"}:
        services.choose_redaction(
            workspace=access.workspace,
            mode=given.get("redaction", chosen.redaction),
            kinds=given.get("kinds", [kind for kind in chosen.kinds if kind in KINDS]),
            region=given.get("region", chosen.region),
            actor=access.actor,
            at=at,
        )
    if given.keys() & {"merges_doubles", "merge_from"}:
        doubles.choose(
            workspace=access.workspace,
            merges_doubles=given.get("merges_doubles", chosen.merges_doubles),
            merge_from=given.get("merge_from", chosen.merge_from),
            actor=access.actor,
            at=at,
        )
    return cleaning.settings_of(workspace_id=access.workspace.pk)


@router.get(
    "redaction-rules",
    response={200: list[RuleOut], **READ_PROBLEMS},
    operation_id="list_redaction_rules",
    url_name="redaction-rules",
)
def list_redaction_rules(request: HttpRequest, workspace: Path[str]) -> list[RedactionRule]:
    """List the workspace's own patterns."""
    return list(RedactionRule.objects.filter(workspace_id=access_of(request).workspace.pk))


@router.post(
    "redaction-rules",
    response={201: RuleOut, **WRITE_PROBLEMS},
    operation_id="create_redaction_rule",
    url_name="redaction-rules",
)
def create_redaction_rule(
    request: HttpRequest, workspace: Path[str], body: RedactionRuleIn
) -> Answer[RedactionRule]:
    """Look for a pattern of one's own. One that could run for ever is refused, with what to change."""
    access = access_of(request, role=Role.OWNER)
    given = shared.given(body)
    rule = services.add_rule(
        workspace=access.workspace,
        name=given["name"],
        pattern=given["pattern"],
        actor=access.actor,
        at=timezone.now(),
    )
    return Answer(201, rule)


@router.delete(
    "redaction-rules/{int:rule_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="delete_redaction_rule",
    url_name="redaction-rule",
)
def delete_redaction_rule(request: HttpRequest, workspace: Path[str], rule_id: int) -> Answer[None]:
    """Look for it no longer. What was taken out stays out."""
    access = access_of(request, role=Role.OWNER)
    rows = RedactionRule.objects.filter(workspace_id=access.workspace.pk).select_related("workspace")
    rule = rows.filter(pk=rule_id).first() if rule_id < 2**62 else None
    if rule is None:
        raise MissingError
    services.remove_rule(rule=rule, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "similar-feedback",
    response={200: list[SimilarOut], **READ_PROBLEMS},
    operation_id="find_similar_feedback",
    url_name="similar-feedback",
)
def find_similar_feedback(
    request: HttpRequest, workspace: Path[str], query: Query[SimilarQuery]
) -> list[dict[str, Any]]:
    """Find what was said before that is like a text, best first."""
    access = access_of(request)
    found = double_selectors.similar_to(
        workspace_id=access.workspace.pk, text=query.text, circles=access.circle_ids
    )
    return [
        {"key": one.piece.key, "title": one.piece.title, "score": round(one.score, 4), "why": one.why}
        for one in found
    ]


@router.get(
    "duplicates",
    response={200: PageOut[DoubleOut], **READ_PROBLEMS},
    operation_id="list_duplicates",
    url_name="duplicates",
)
def list_duplicates(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List the pairs that wait for somebody to decide, the newest first."""
    access = access_of(request)
    rows = double_selectors.to_decide(workspace_id=access.workspace.pk, circles=access.circle_ids)
    items, following = page_by_id(rows, query)
    return {"items": items, "next": following}


@router.put(
    "duplicates/{int:pair_id}/state",
    response={200: DoubleOut, **WRITE_PROBLEMS},
    operation_id="decide_duplicate",
    url_name="duplicate-state",
)
def decide_duplicate(request: HttpRequest, workspace: Path[str], pair_id: int, body: DoubleIn) -> Double:
    """Merge a pair, keep it apart, leave it for another day, or take that back. Doing it twice changes nothing."""
    access = access_of(request, role=Role.MAKER)
    where: dict[str, Any] = {"workspace_id": access.workspace.pk, "circles": access.circle_ids}
    if pair_id >= 2**62:
        raise MissingError
    try:
        pair = double_selectors.access_double(pk=pair_id, **where)
    except Double.DoesNotExist as error:
        raise MissingError from error
    if pair.state != body.state:
        deeds = {
            "merged": doubles.merge,
            "different": doubles.keep_apart,
            "skipped": doubles.skip,
            "open": doubles.reopen,
        }
        try:
            deeds[body.state](double=pair, actor=access.actor, at=timezone.now())
        except records.NotUndoableError as error:
            raise ValidationError(str(error)) from error
    return double_selectors.access_double(pk=pair_id, **where)
