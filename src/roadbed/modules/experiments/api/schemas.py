"""What the API of flags takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.modules.experiments.models import (
    Environment,
    EnvironmentKey,
    Flag,
    FlagDraft,
    FlagState,
    FlagType,
    Purpose,
)

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
FLAG_KEY = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"
SHORT_KEY = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,39}$"
DEFINITION = (
    "As `GET flags/{key}/environments/{environment}` gives it; docs/methods/flags.md says what it means."
)
Json = dict[str, Any]


class FlagEnvironmentOut(Schema):
    """An environment."""

    key: str
    name: str
    approvals: int
    revision: int


class FlagEnvironmentIn(Schema):
    """A new environment."""

    key: str = Field(pattern=SHORT_KEY)
    name: str = Field(min_length=1, max_length=60)
    approvals: int = Field(0, ge=0, le=5)


class FlagEnvironmentFields(Schema):
    """What may change about an environment."""

    name: str | None = Field(None, min_length=1, max_length=60)
    approvals: int | None = Field(None, ge=0, le=5)


class FlagKeyOut(Schema):
    """A key of an environment; its secret is shown once, when it is made."""

    id: int
    name: str
    kind: EnvironmentKey.Kind
    prefix: str
    origins: list[str]
    created_at: datetime


class FlagKeyMadeOut(FlagKeyOut):
    """A new key with its secret."""

    secret: str


class FlagKeyIn(Schema):
    """A new key."""

    name: str = Field(min_length=1, max_length=80)
    kind: EnvironmentKey.Kind = EnvironmentKey.Kind.SERVER
    origins: list[str] = Field(default_factory=list, max_length=20)


class FlagStateOut(Schema):
    """How a flag stands in an environment."""

    environment: str
    on: bool
    revision: int
    published_at: datetime
    gives: str | None = Field(description="The one variant that everybody gets; null where it depends.")

    @staticmethod
    def resolve_environment(state: FlagState) -> str:
        """The environment's key."""
        return state.environment.key

    @staticmethod
    def resolve_on(state: FlagState) -> bool:
        """Whether it is switched on."""
        return state.is_on

    @staticmethod
    def resolve_gives(state: FlagState) -> str | None:
        """The one variant, if there is one."""
        return state.gives or None


class FlagOut(Schema):
    """A flag with its standing everywhere."""

    key: str
    flag_key: str
    title: str
    type: FlagType
    purpose: Purpose
    description: str
    owner: str | None
    product: str | None
    remove_by: date | None
    version: int
    archived: bool
    states: list[FlagStateOut]
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_owner(flag: Flag) -> str | None:
        """The owner's address."""
        return flag.owner.user.email if flag.owner else None

    @staticmethod
    def resolve_product(flag: Flag) -> str | None:
        """The product's slug."""
        return flag.product.slug if flag.product else None

    @staticmethod
    def resolve_archived(flag: Flag) -> bool:
        """Whether it was put away."""
        return flag.archived_at is not None

    @staticmethod
    def resolve_states(flag: Flag) -> list[FlagState]:
        """The states, in the order of the environments."""
        found = [state for state in flag.states.all() if state.environment.removed_at is None]
        return sorted(found, key=lambda state: (state.environment.position, state.environment_id))


class FlagFieldsIn(Schema):
    """What may be said about a flag."""

    title: str | None = Field(None, min_length=1, max_length=300)
    description: str | None = Field(None, max_length=20_000)
    purpose: Purpose | None = None
    owner: str | None = Field(None, max_length=254, description="An address of a member; empty for nobody.")
    remove_by: date | None = None


class FlagIn(FlagFieldsIn):
    """A new flag. A yes-or-no flag without variants gets `on` and `off`."""

    flag_key: str = Field(pattern=FLAG_KEY)
    type: FlagType = FlagType.BOOLEAN
    variants: Json = Field(default_factory=dict)
    default: str = Field("", max_length=128)
    off: str = Field("", max_length=128)
    tests: str | None = Field(
        None, max_length=20, description="The key of the feature that it lets out, or tries."
    )


class FlagReviewOut(Schema):
    """What somebody said of a draft."""

    by: str
    verdict: str
    note: str
    at: datetime


class FlagDraftOut(Schema):
    """A change that is not live yet."""

    version: int
    based_on: int
    note: str
    author: str
    changed_at: datetime
    asked_at: datetime | None
    definition: Json
    changes: list[str]
    reviews: list[FlagReviewOut]

    @staticmethod
    def resolve_author(draft: FlagDraft) -> str:
        """Who wrote it."""
        return draft.author_name

    @staticmethod
    def resolve_reviews(draft: FlagDraft) -> list[Json]:
        """What was said of it."""
        return [
            {"by": each.member.name, "verdict": each.verdict, "note": each.note, "at": each.at}
            for each in draft.reviews.all()
        ]


class FlagPlaceOut(Schema):
    """A flag in one environment: what is live, and the draft."""

    flag: str
    environment: str
    on: bool
    revision: int
    published_at: datetime
    definition: Json
    draft: FlagDraftOut | None


class FlagDraftIn(Schema):
    """A change to be kept."""

    definition: Json = Field(description=DEFINITION)
    note: str = Field("", max_length=300)
    version: int | None = Field(
        None, ge=0, description="The draft's that you read; another one is a conflict."
    )


class FlagReviewIn(Schema):
    """What you say of a draft."""

    verdict: Literal["approve", "refuse"]
    note: str = Field("", max_length=1000)
    version: int | None = Field(None, ge=0)


class FlagPublishIn(Schema):
    """Which form of the draft is meant."""

    version: int | None = Field(None, ge=0)


class FlagSwitchIn(Schema):
    """On or off."""

    on: bool


class FlagRevertIn(Schema):
    """Back to which revision."""

    revision: int = Field(ge=1, le=2_000_000_000)


class FlagRampIn(Schema):
    """What to do with a ramp."""

    rule: str = Field(max_length=100)
    deed: Literal["start", "approve", "roll_back"]
    why: str = Field("", max_length=200)


class FlagRevisionOut(Schema):
    """What was live."""

    number: int
    verb: str
    summary: str
    by_name: str
    approved_by: list[str]
    at: datetime
    definition: Json


class FlagTestIn(Schema):
    """Whom to ask for."""

    context: Json = Field(default_factory=dict)
    use_draft: bool = False


class FlagFindingOut(Schema):
    """One thing that was looked at."""

    sentence: str
    holds: bool


class FlagVerdictOut(Schema):
    """What one rule said."""

    rule: str
    title: str
    outcome: str
    variant: str | None
    findings: list[FlagFindingOut]


class FlagTestOut(Schema):
    """What somebody gets, and why."""

    value: Any
    variant: str | None
    reason: str
    rule: str
    why: str
    error: str
    verdicts: list[FlagVerdictOut]


class FlagSegmentOut(Schema):
    """A saved group of contexts."""

    key: str
    name: str
    condition: Json
    version: int


class FlagSegmentIn(Schema):
    """A segment as it is to be."""

    name: str = Field("", max_length=120)
    condition: Json


class HoldoutOut(Schema):
    """A share of units that gets no new feature."""

    key: str
    name: str
    share: float
    unit: str
    joins_new: bool
    is_on: bool
    version: int


class HoldoutIn(Schema):
    """A holdout as it is to be."""

    name: str = Field(min_length=1, max_length=120)
    share: float = Field(0.05, ge=0, le=0.5)
    unit: str = Field("targetingKey", min_length=1, max_length=80)
    joins_new: bool = True
    is_on: bool = True


class FlagImportIn(Schema):
    """Definitions from elsewhere."""

    environment: str = Field(max_length=40)
    definitions: Json


class FlagImportOut(Schema):
    """What came in."""

    made: list[str]
    drafted: list[str]
    notes: list[str]


class FlagExportOut(Schema):
    """Definitions for elsewhere."""

    definitions: Json
    notes: list[str]


class StaleFlagOut(Schema):
    """A flag that has done its work."""

    flag: str
    key: str
    reasons: list[str]
    keep: str
    remove: list[str]
    blocked_by: list[str]


def environment_of(environment: Environment) -> Json:
    """Return an environment as the API gives it."""
    return {
        "key": environment.key,
        "name": environment.name,
        "approvals": environment.approvals,
        "revision": environment.revision,
    }
