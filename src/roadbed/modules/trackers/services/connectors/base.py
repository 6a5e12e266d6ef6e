"""What every tracker can be asked, whatever its API is like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


class TrackerError(Exception):
    """The tracker refused, or did not answer; the message says so in words for the connection's page."""


class WaitError(Exception):
    """The tracker asks us to come back later."""

    def __init__(self, reason: str, *, until: datetime) -> None:
        self.until = until
        super().__init__(reason)


class UnsignedError(Exception):
    """What came in is not signed by the tracker, or not with our secret."""


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue in its tracker's own words. A field that is None is not known (or not kept) there."""

    id: str
    """Lasting: it stays when the issue is renamed."""
    key: str
    url: str
    updated_at: datetime
    title: str
    description: str | None = None
    status: str | None = None
    owner: str | None = None
    """A user over there by their lasting name; empty where nobody is assigned."""
    start: str | None = None
    due: str | None = None
    release: str | None = None
    labels: tuple[str, ...] | None = None
    parent: str | None = None
    """The lasting id of the issue above; empty at the top."""
    kind: str = ""
    points: float | None = None
    locked: Mapping[str, str] = field(default_factory=dict)
    """Fields that must not be written to, and why: what is there cannot be said in our words."""
    raw: Any = None
    """What its own connector needs to write to it."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An issue that is not there any more."""

    id: str
    moved_to: str = ""
    """Where it lives now, if it moved rather than died."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some issues, and where to read on. What stands in `cursor` is kept once the issues are."""

    issues: tuple[Issue, ...]
    cursor: dict[str, Any]
    is_last: bool


@dataclass(frozen=True, slots=True)
class User:
    """Somebody over there."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a tracker has: asked once at set-up, and whenever somebody looks again."""

    who: str
    """Whose token it is."""
    project: str
    url: str
    fields: tuple[str, ...]
    """Which of our fields it can keep."""
    statuses: tuple[tuple[str, str], ...]
    """Its statuses, with the likeliest of ours for each."""
    users: tuple[User, ...] = ()
    can_write: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a webhook told: which issues to look at, and which are gone."""

    changed: tuple[str, ...] = ()
    gone: tuple[Gone, ...] = ()
    by: str = ""


class Connector(Protocol):
    """One project of one tracker."""

    def offer(self) -> Offer:
        """Say what there is, and whether the token may read and write it."""

    def pages(self, cursor: Mapping[str, Any]) -> Iterator[Page]:
        """Read what changed since, page by page; an empty cursor reads everything. Reading twice does no harm."""

    def get(self, id: str) -> Issue | Gone:
        """Read one issue as it is now."""

    def find_made(self, nonce: str, *, since: datetime) -> Issue | None:
        """Find the issue that we made with this mark, if we did before we were interrupted."""

    def make(self, values: Mapping[str, Any], *, nonce: str) -> Issue:
        """Make an issue of values in the tracker's words."""

    def change(self, issue: Issue, values: Mapping[str, Any]) -> Issue:
        """Write values in the tracker's words, and return the issue as it is then."""

    def who_changed(self, issue: Issue, field: str) -> tuple[str, datetime] | None:
        """Say who changed a field last, where the tracker tells."""

    def hear(self, *, headers: Mapping[str, str], body: bytes, secret: str) -> Heard:
        """Check who calls, and say what about. Raises `UnsignedError`, or `ValueError` where it cannot be read."""
