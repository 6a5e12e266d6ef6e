"""What the API of boards takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ninja import Field, Schema

from roadbed.core.api import problems
from roadbed.modules.portal.models import Board, Listing, News, Remark, Standing

READ_PROBLEMS = problems.READ
WRITE_PROBLEMS = problems.WRITE
CHANGE_PROBLEMS = problems.CHANGE
KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"
AudienceName = Literal["public", "customers", "private"]
ListingState = Literal["waiting", "published", "refused"]
"""Where an entry or a comment stands; the names of `models.State`."""


class BoardOut(Schema):
    """A board: one door of the workspace to its customers."""

    key: str
    version: int
    title: str
    address: str
    url: str = Field(description="Where visitors find it, below the installation's address.")
    intro: str
    audience: AudienceName
    circle: str | None = Field(description="Who inside sees what is said on a private board.")
    takes_posts: bool
    submit_only: bool
    is_moderated: bool
    allows_anonymous: bool
    shows_roadmap: bool
    shows_changelog: bool
    accent: str
    domain: str
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_address(board: Board) -> str:
        """The last part of its address."""
        return board.slug

    @staticmethod
    def resolve_url(board: Board) -> str:
        """Where it is."""
        return f"/p/{board.workspace.slug}/{board.slug}/"

    @staticmethod
    def resolve_circle(board: Board) -> str | None:
        """The circle's name."""
        return board.circle.name if board.circle else None


class BoardFields(Schema):
    """What may be said about a board."""

    title: str | None = Field(None, min_length=1, max_length=120)
    address: str | None = Field(None, pattern=r"^[a-z0-9-]{1,40}$")
    intro: str | None = Field(None, max_length=2000)
    audience: AudienceName | None = None
    circle: str | None = Field(
        None, max_length=80, description="A circle's name, one that you are in; needed for a private board."
    )
    guests: list[str] | None = Field(
        None, max_length=500, description="Addresses, or domains such as @halden.example."
    )
    takes_posts: bool | None = None
    submit_only: bool | None = None
    is_moderated: bool | None = None
    allows_anonymous: bool | None = None
    shows_roadmap: bool | None = None
    shows_changelog: bool | None = None
    accent: str | None = Field(None, pattern=r"^#[0-9a-f]{6}$")
    domain: str | None = Field(None, max_length=120)


class BoardIn(BoardFields):
    """A new board."""

    title: str = Field(min_length=1, max_length=120)


class ListingOut(Schema):
    """A record on a board, in public words."""

    id: int
    board: str
    record: str
    title: str
    text: str
    state: ListingState
    state_reason: str
    standing: Standing
    standing_reason: str
    is_standing_fixed: bool
    answer: str
    author: str = Field(description="The name that visitors read; never an address.")
    people: int = Field(description="Known people who want it, each counted once.")
    nameless: int = Field(description="Votes of nameless visitors; never counted as people.")
    remarks: int
    url: str
    merged_into: int | None
    created_at: datetime
    published_at: datetime | None

    @staticmethod
    def resolve_board(listing: Listing) -> str:
        """The board's key."""
        return listing.board.key

    @staticmethod
    def resolve_record(listing: Listing) -> str:
        """The record's key."""
        return listing.record.key

    @staticmethod
    def resolve_author(listing: Listing) -> str:
        """Who submitted it."""
        return listing.author_name

    @staticmethod
    def resolve_remarks(listing: Listing) -> int:
        """How many public remarks there are."""
        return listing.remarks_count

    @staticmethod
    def resolve_url(listing: Listing) -> str:
        """Where visitors find it."""
        return f"/p/{listing.board.workspace.slug}/{listing.board.slug}/entries/{listing.code}/"

    @staticmethod
    def resolve_merged_into(listing: Listing) -> int | None:
        """The listing that it lives on in."""
        return listing.merged_into_id


class ListingIn(Schema):
    """A record that shall stand on a board."""

    board: str = Field(pattern=KEY)
    record: str = Field(pattern=KEY)
    title: str = Field(min_length=1, max_length=200)
    text: str = Field("", max_length=20_000)


class ListingFields(Schema):
    """Public words of a listing; what is left out stays."""

    title: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(None, max_length=20_000)
    answer: str | None = Field(None, max_length=5000, description="Followers hear of it by mail.")


class ListingStateIn(Schema):
    """Whether visitors see it."""

    state: ListingState
    reason: str = Field("", max_length=300, description="Needed to refuse a listing; its author reads it.")


class StandingIn(Schema):
    """Where it stands; null lets it follow the plan."""

    standing: Standing | None
    reason: str = Field("", max_length=500)


class ListingMergeIn(Schema):
    """Which listing it shall live on in; null takes a merge back."""

    into: int | None = Field(ge=1, le=2**62)


class RemarkOut(Schema):
    """Something said in public."""

    id: int
    author: str
    is_official: bool
    body: str
    state: ListingState
    created_at: datetime

    @staticmethod
    def resolve_author(remark: Remark) -> str:
        """The name that visitors read."""
        return remark.author_name


class RemarkIn(Schema):
    """Something that the makers say in public."""

    body: str = Field(min_length=2, max_length=5000)


class RemarkStateIn(Schema):
    """Whether visitors see a remark."""

    state: ListingState


class NewsOut(Schema):
    """An entry of a changelog."""

    id: int
    board: str
    record: str | None
    title: str
    text: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_board(entry: News) -> str:
        """The board's key."""
        return entry.board.key

    @staticmethod
    def resolve_record(entry: News) -> str | None:
        """The key of what it tells of."""
        return entry.record.key if entry.record else None


class NewsEntryIn(Schema):
    """A new entry; it is a draft until it is published."""

    board: str = Field(pattern=KEY)
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000)
    record: str | None = Field(None, pattern=KEY)


class NewsFields(Schema):
    """What may be changed of an entry."""

    title: str | None = Field(None, min_length=1, max_length=200)
    text: str | None = Field(None, min_length=1, max_length=20_000)
    is_published: bool | None = None
