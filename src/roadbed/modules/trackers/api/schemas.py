"""What the API of this module takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from roadbed.core.api.paging import PageQuery

TrackerKind = Literal["github", "gitlab", "jira_cloud", "jira_dc", "linear"]
TrackerDirection = Literal["both", "in", "out", "off"]
TrackerField = Literal[
    "title", "description", "status", "owner", "start", "due", "release", "labels", "parent"
]
Words = dict[str, str]


class TrackerOut(Schema):
    """A connection to a tracker, and how it does. Secrets are never given out again."""

    id: int
    name: str
    kind: TrackerKind
    product: str | None
    settings: dict[str, Any]
    offered: dict[str, Any] = Field(
        description="What the tracker said it has: who we are, fields, statuses, people."
    )
    health: str = Field(description="Not started, First sync, Well, Waiting, Late, Failing or Paused.")
    is_on: bool
    in_step: int
    conflicts: int
    came_apart: int
    held_back: int
    last_run_at: datetime | None
    last_good_at: datetime | None
    last_heard_at: datetime | None = Field(description="When its webhook last called.")
    next_run_at: datetime | None
    waits_until: datetime | None
    last_error: str
    created_at: datetime


class TrackerIn(Schema):
    """A connection to make. What is asked for each kind stands in the guide to trackers."""

    name: str = Field(min_length=1, max_length=60)
    kind: TrackerKind
    product: str | None = Field(None, description="The slug of a product.")
    settings: dict[str, str | int] = Field(default_factory=dict)


class TrackerFields(Schema):
    """What to change. Settings that are not given stay as they are."""

    name: str | None = Field(None, min_length=1, max_length=60)
    product: str | None = Field(None, description="The slug of a product; null for none.")
    settings: dict[str, str | int] | None = None


class TrackerIncoming(Schema):
    """Which issues become features."""

    which: Literal["none", "labelled", "all"] = "none"
    labels: list[str] = Field(default_factory=list, max_length=50)
    kinds: list[str] = Field(default_factory=list, max_length=50)
    open_only: bool = True
    level: str = "feature"
    lane: str = "product"
    levels: Words = Field(default_factory=dict, description="Another size by type, such as Epic: area.")


class TrackerOutgoing(Schema):
    """Which features become issues."""

    which: Literal["none", "filter"] = "none"
    own_product: bool = False
    lanes: list[str] = Field(default_factory=list, max_length=10)
    levels: list[str] = Field(default_factory=list, max_length=10)
    statuses: list[str] = Field(default_factory=list, max_length=10)
    tag: str = Field("", max_length=60)
    when_deleted: Literal["leave", "close"] = "leave"


class TrackerMapsIn(Schema):
    """What to map. What is not given stays."""

    directions: dict[TrackerField, TrackerDirection] | None = None
    statuses_in: Words | None = Field(None, description="Their word → our status.")
    statuses_out: Words | None = Field(
        None, description="Our status → their word; empty leaves theirs alone."
    )
    people: Words | None = Field(None, description="Their user → the e-mail address of a member.")
    incoming: TrackerIncoming | None = None
    outgoing: TrackerOutgoing | None = None


class TrackerMapsOut(Schema):
    """What is mapped."""

    directions: Words
    statuses_in: Words
    statuses_out: Words
    people: Words
    incoming: dict[str, Any]
    outgoing: dict[str, Any]


class TrackerSwitchIn(Schema):
    """Start or go on; or pause."""

    on: bool


class TrackerLookIn(Schema):
    """A look to queue; a dry run says what would be done, and does nothing."""

    dry_run: bool = False


class TrackerLookOut(Schema):
    """The job that looks."""

    job: int


class TrackerRunOut(Schema):
    """What one look did."""

    id: int
    kind: Literal["look", "hook", "dry"]
    outcome: Literal["running", "good", "waits", "failed"]
    began_at: datetime
    ended_at: datetime | None
    issues: int
    counts: dict[str, int]
    error: str


class TrackerEntryOut(Schema):
    """One deed of a look."""

    id: int
    at: datetime
    deed: str
    feature: str | None
    issue: str
    url: str
    field: str
    before: str
    after: str
    note: str


class TrackerPairOut(Schema):
    """An issue and a feature that are the same."""

    id: int
    connection: int
    feature: str | None
    issue: str
    url: str
    state: Literal["creating", "live", "gone", "moved", "orphan", "cut"]
    status: str = Field(description="The issue's status in its own words.")
    held: dict[str, str] = Field(description="Field → why it does not travel just now.")
    note: str
    moved_to: str
    synced_at: datetime | None


class TrackerPairQuery(PageQuery):
    """Which pairs."""

    state: Literal["", "creating", "live", "gone", "moved", "orphan", "cut", "held", "apart"] = ""


class TrackerPairIn(Schema):
    """A feature and an issue to be bound; without an issue, one is made of the feature."""

    feature: str = Field(max_length=20)
    issue: str = Field("", max_length=80)


class TrackerChoiceIn(Schema):
    """What becomes of a pair: let go, make a new issue, or drop the feature."""

    choice: Literal["cut", "again", "drop"]


class TrackerConflictOut(Schema):
    """A field that changed on both sides to different values."""

    id: int
    connection: int
    feature: str | None
    issue: str
    url: str
    field: str
    ours: Any
    theirs: Any
    ours_by: str
    ours_at: datetime | None
    theirs_by: str
    theirs_at: datetime | None
    found_at: datetime


class TrackerConflictQuery(PageQuery):
    """Which conflicts."""

    connection: int = Field(0, ge=0, description="Only those of one connection.")


class TrackerSettleIn(Schema):
    """Which conflicts, and whose value stands."""

    ids: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(min_length=1, max_length=500)
    keep: Literal["ours", "theirs"]


class TrackerSettledOut(Schema):
    """How many were settled."""

    settled: int
