"""What the API of the roadmap takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.modules.roadmap.models import (
    Feature,
    Hardness,
    Horizon,
    Lane,
    Level,
    Release,
    Size,
    Status,
    Work,
)

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"


class TallyOut(Schema):
    """How much stands behind it. People and accounts are distinct; revenue is a year's, over these accounts."""

    quotes: int
    people: int
    accounts: int
    revenue: float
    strength: int
    deal_breakers: int
    latest_at: datetime | None


class FeatureOut(Schema):
    """A node of the roadmap's tree."""

    key: str
    title: str
    version: int
    lane: Lane
    level: Level
    status: Status
    status_reason: str
    status_at: datetime
    horizon: Horizon
    description: str
    parent: str | None
    product: str | None
    release: str | None
    owner: str | None
    team: str | None
    target_start: date | None
    target_end: date | None
    work: Work
    size: Size
    not_before: date | None
    due_date: date | None
    due_kind: Hardness
    due_to: str
    actual_days: float | None
    public_title: str
    external_source: str
    external_id: str
    evidence: TallyOut | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_parent(feature: Feature) -> str | None:
        """The parent's key."""
        return feature.parent.key if feature.parent else None

    @staticmethod
    def resolve_product(feature: Feature) -> str | None:
        """The product's slug."""
        return feature.product.slug if feature.product else None

    @staticmethod
    def resolve_release(feature: Feature) -> str | None:
        """The release's key."""
        return feature.release.key if feature.release else None

    @staticmethod
    def resolve_owner(feature: Feature) -> str | None:
        """The owner's address."""
        return feature.owner.user.email if feature.owner else None

    @staticmethod
    def resolve_team(feature: Feature) -> str | None:
        """The team's name."""
        return feature.team.name if feature.team else None

    @staticmethod
    def resolve_evidence(feature: Feature) -> Any:
        """The tally, where anything was counted."""
        return getattr(feature, "tally", None)


class FeatureFields(Schema):
    """What may be said about a feature. Related things go by name: release by key, owner by address, team by name."""

    title: str | None = Field(None, min_length=1, max_length=300)
    description: str | None = Field(None, max_length=20_000)
    level: Level | None = None
    status: Status | None = None
    status_reason: str | None = Field(None, max_length=300)
    horizon: Horizon | None = None
    release: str | None = Field(None, max_length=20, description="A key such as R-4; empty takes it out.")
    owner: str | None = Field(None, max_length=254, description="An address of a member; empty for nobody.")
    team: str | None = Field(None, max_length=80, description="A team's name; empty for none.")
    target_start: date | None = None
    target_end: date | None = None
    work: Work | None = None
    size: Size | None = None
    not_before: date | None = Field(None, description="Work cannot start earlier.")
    due_date: date | None = None
    due_kind: Hardness | None = Field(
        None, description="A hard date is a promise and cannot lie in the past."
    )
    due_to: str | None = Field(None, max_length=120)
    actual_days: float | None = Field(None, gt=0, le=100_000, description="Person-days that it took.")
    public_title: str | None = Field(None, max_length=200)


class FeatureIn(FeatureFields):
    """A new feature."""

    title: str = Field(min_length=1, max_length=300)
    lane: Lane = Lane.PRODUCT
    parent: str | None = Field(None, pattern=KEY)
    product: str | None = Field(None, max_length=40)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class MoveIn(Schema):
    """Where a feature shall lie."""

    parent: str | None = Field(None, pattern=KEY, description="Under this one; null for the top level.")
    before: str | None = Field(None, pattern=KEY)
    after: str | None = Field(None, pattern=KEY)


class ReleaseOut(Schema):
    """What ships together."""

    key: str
    title: str
    version: int
    state: str
    product: str | None
    start_date: date | None
    ship_date: date | None
    form: Literal["release", "milestone"]
    date_kind: Hardness
    date_to: str
    shipped_at: datetime | None
    notes: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_product(release: Release) -> str | None:
        """The product's slug."""
        return release.product.slug if release.product else None


class ReleaseFields(Schema):
    """What may be said about a release."""

    title: str | None = Field(None, min_length=1, max_length=300)
    product: str | None = Field(None, max_length=40)
    start_date: date | None = None
    ship_date: date | None = None
    form: Literal["release", "milestone"] | None = None
    date_kind: Hardness | None = Field(
        None, description="A hard date is a promise and cannot lie in the past."
    )
    date_to: str | None = Field(None, max_length=120)
    notes: str | None = Field(None, max_length=20_000)


class ReleaseIn(ReleaseFields):
    """A new release."""

    title: str = Field(min_length=1, max_length=300)
    external_source: str = Field("", max_length=60)
    external_id: str = Field("", max_length=200)


class ShipIn(Schema):
    """What becomes of the features in a release that are not out."""

    unfinished: Literal["ship", "keep", "remove"] = "keep"
