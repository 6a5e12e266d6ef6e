"""What the API of records takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.core.records.models import Comment, Record, Relation

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"


class RecordOut(Schema):
    """A record of any kind, in short."""

    key: str
    kind: str
    title: str
    product: str | None
    circle: int | None = Field(
        None, alias="circle_id", description="Only this circle sees it; null: everybody."
    )
    version: int
    external_source: str
    external_id: str
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None

    @staticmethod
    def resolve_product(record: Record) -> str | None:
        """The product's slug."""
        return record.product.slug if record.product else None


class CircleBody(Schema):
    """Who sees a record: the members of one of one's own circles, or (null) everybody in the workspace."""

    circle: int | None = Field(ge=1, le=2**62)


class StandingOut(Schema):
    """How a record fares by a lens, or in a session of the team radar."""

    label: str = Field(description="The lens or the session.")
    url: str = Field(description="Its page.")
    words: str = Field(description="Such as: rank 2 to 5 of 63.")
    note: str = Field(description="What would change it.")
    note_url: str


class LinkIn(Schema):
    """A link to another record: this record *relation* target."""

    target: str = Field(pattern=KEY)
    relation: Relation
    note: str = Field("", max_length=300)


class LinkOut(Schema):
    """A link as this record sees it."""

    id: int = Field(alias="link_id")
    phrase: str
    key: str
    title: str


class CommentIn(Schema):
    """What to say, in Markdown."""

    body: str = Field(min_length=1, max_length=20_000)


class CommentOut(Schema):
    """A comment."""

    id: int
    author: str
    body: str
    created_at: datetime
    edited_at: datetime | None

    @staticmethod
    def resolve_author(comment: Comment) -> str:
        """The author's name when it was written."""
        return comment.author_name


class TagsBody(Schema):
    """The tags of a record."""

    tags: list[str] = Field(max_length=50)


class WatchBody(Schema):
    """Whether the caller follows the record."""

    watching: bool


class MergeIn(Schema):
    """The record that lives on in this one."""

    key: str = Field(pattern=KEY)


class MergeOut(Schema):
    """A merge; its id undoes it."""

    id: int
    survivor: str
    merged: str


class ActivityOut(Schema):
    """One deed."""

    sequence: int
    at: datetime
    actor_name: str
    via: str
    verb: str
    record_key: str
    changes: dict[str, Any]
    hash: str


class PartOut(Schema):
    """A part of a figure."""

    label: str
    value: str
    url: str


class EvidenceOut(Schema):
    """One bead on the chain."""

    stage: str
    headline: str
    detail: str
    quote: str
    strength: str
    key: str
    url: str
    at: datetime | None
    method: str
    parts: list[PartOut]


class ChainOut(Schema):
    """A record's evidence, stage by stage."""

    key: str
    items: list[EvidenceOut]
    missing: list[str] = Field(description="Stages at which nothing is known yet.")


class HitOut(Schema):
    """Something found."""

    key: str
    kind: str
    title: str
    snippet: str
    url: str


class ViewIn(Schema):
    """A list's filters under a name."""

    list: str = Field(min_length=1, max_length=40, description="Which list, such as `insights.feedback`.")
    name: str = Field(min_length=1, max_length=80)
    query: str = Field("", max_length=2000)
    shared: bool = False


class ViewOut(Schema):
    """A saved view."""

    id: int
    list: str = Field(alias="list_name")
    name: str
    query: str
    shared: bool = Field(alias="is_shared")
