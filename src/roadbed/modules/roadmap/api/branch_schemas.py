"""What the API of what-if plans takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.modules.roadmap.models import Branch

BIGGEST_ID = 2**31 - 1


class BranchOut(Schema):
    """A what-if plan: the plan, but for what differs."""

    key: str
    title: str
    version: int
    state: str = Field(description="open, asked, approved, merged or discarded")
    origin: str = Field(description="hand or proposal")
    facts: dict[str, Any] = Field(description="Of a proposal: what it cost before and after.")
    description: str
    approver: str | None
    decision: str
    asked_at: datetime | None
    decided_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_approver(branch: Branch) -> str | None:
        """The address of who was asked to decide."""
        return branch.approver.user.email if branch.approver else None


class BranchIn(Schema):
    """A new branch."""

    title: str = Field(min_length=1, max_length=300)
    description: str = Field("", max_length=20_000)


class BranchFields(Schema):
    """What may be said of a branch."""

    title: str | None = Field(None, min_length=1, max_length=300)
    description: str | None = Field(None, max_length=20_000)


class BranchDifferenceOut(Schema):
    """One field of one feature in which a branch differs."""

    id: int
    feature: str
    field: str
    waits_for: str | None
    label: str
    before: str = Field(description="What the plan said when it was changed here.")
    now: str = Field(description="What the plan says now.")
    after: str = Field(description="What the branch says.")
    value: Any = Field(description="The same, plain.")
    clash: str = Field(
        description="Empty; moved: the plan changed since, to be settled to merge; same: it says so too; gone."
    )
    days: int | None = Field(description="By how many days a date moves; later is positive.")
    why: str


class BranchWaitIn(Schema):
    """How it waits."""

    tie: Literal["fs", "ss", "ff"] = "fs"
    lag: int = Field(0, ge=-1_000, le=1_000)


class BranchEffortIn(Schema):
    """Three figures in person-days."""

    low: float = Field(gt=0, le=20_000)
    likely: float = Field(gt=0, le=20_000)
    high: float = Field(gt=0, le=20_000)


class BranchPlaceIn(Schema):
    """A column of the board, and which card it comes right before or behind."""

    horizon: Literal["now", "next", "later", "none"]
    before: str = Field("", max_length=20)
    after: str = Field("", max_length=20)


class BranchWishIn(Schema):
    """What a branch is to say of one feature; what is not sent stays."""

    feature: str = Field(max_length=20)
    place: BranchPlaceIn | None = None
    status: str | None = Field(None, max_length=11)
    effort: BranchEffortIn | None = None
    team: int | None = Field(None, ge=1, le=BIGGEST_ID)
    release: str | None = Field(None, max_length=20, description="Its key; an empty one takes it out.")
    not_before: date | None = None
    target_start: date | None = None
    target_end: date | None = None
    due_date: date | None = None
    due_kind: Literal["soft", "hard"] | None = None
    waits_for: str = Field("", max_length=20, description="What it waits for, or no longer does.")
    waits: BranchWaitIn | None = Field(
        None, description="How; with waits_for and without this, it no longer does."
    )
    why: str = Field("", max_length=300)


class BranchSideOut(Schema):
    """When something is done in one of two plans."""

    start: date
    p50: date
    p85: date
    chance: float | None


class BranchMovedOut(Schema):
    """Something that is done on another day."""

    key: str
    kind: str
    before: BranchSideOut | None
    after: BranchSideOut | None
    p50_days: int | None = Field(description="By how many days it moves; later is positive.")
    p85_days: int | None


class BranchApartOut(Schema):
    """A field in which two branches differ."""

    feature: str
    label: str
    here: str
    there: str


class BranchComparisonOut(Schema):
    """A branch beside the plan, or beside another branch."""

    against: str | None
    at: datetime | None
    seed: int | None
    runs: int | None
    is_stale: bool = Field(description="Whether the plan has changed since the dates were worked out.")
    problem: str
    moved: list[BranchMovedOut]
    apart: list[BranchApartOut]


class BranchComparisonQuery(Schema):
    """Against what."""

    against: str = Field("", max_length=20, description="Another branch's key; without it, the plan.")


class BranchApprovalIn(Schema):
    """Who is to decide."""

    approver: str = Field(max_length=254, description="An address.")


class BranchDecisionIn(Schema):
    """What is decided."""

    approved: bool
    words: str = Field("", max_length=500)


class BranchMergeIn(Schema):
    """What is to be taken over; without `only`, everything that waits."""

    only: list[int] | None = Field(None, max_length=2_000)
    over: list[int] = Field([], max_length=2_000, description="Stands although the plan has changed since.")
    plan: list[int] = Field([], max_length=2_000, description="Given up: what the plan says stands.")


class BranchMergedOut(Schema):
    """What a merge did."""

    taken: int
    left: int
    state: str
