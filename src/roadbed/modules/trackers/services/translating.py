"""Between the roadmap's words and a tracker's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from roadbed.modules.roadmap.facade import FeatureState
from roadbed.modules.trackers.models import Connection
from roadbed.modules.trackers.services.connectors.base import Issue

TITLE_MOST, TEXT_MOST, LABEL_MOST = 300, 20_000, 60


class CannotSayError(ValueError):
    """There is no word for a value over there; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one side says, field by field, and why some fields cannot be said on the other."""

    values: dict[str, Any] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


def _folded(pairs: Mapping[str, str]) -> dict[str, str]:
    return {str(name).casefold(): value for name, value in pairs.items()}


class Translator:
    """Speaks for one connection."""

    def __init__(self, connection: Connection) -> None:
        self._in = _folded(connection.statuses_in)
        self._out = dict(connection.statuses_out)
        self._people = _folded(connection.people)
        self._users = {email.casefold(): user for user, email in reversed(list(connection.people.items()))}
        self._fields = frozenset(connection.offered.get("fields") or ())

    def ours(self, state: FeatureState, *, bound: Mapping[int, str]) -> Said:
        """Return what a feature says. `bound` are the issues of features that others may lie under."""
        values: dict[str, Any] = {
            "title": " ".join(state.title.split()),
            "description": state.description,
            "status": state.status,
            "owner": state.owner,
            "start": state.start,
            "due": state.due,
            "release": state.release,
            "labels": state.labels,
        }
        held: dict[str, str] = {}
        if state.parent is None or state.parent in bound:
            values["parent"] = state.parent
        else:
            held["parent"] = "What it lies under has no issue there."
        return Said({name: value for name, value in values.items() if name in self._fields}, held)

    def theirs(self, issue: Issue, *, bound: Mapping[str, int]) -> Said:
        """Return what an issue says, in the roadmap's words. `bound` are the features of issues by their id."""
        said = Said()
        self._say_words(issue, said)
        self._say_status(issue, said)
        self._say_owner(issue, said)
        for name in ("start", "due"):
            self._say_day(name, getattr(issue, name), said)
        if issue.release is not None:
            said.values["release"] = " ".join(issue.release.split())[:TITLE_MOST]
        if issue.labels is not None:
            labels = {" ".join(each.split())[:LABEL_MOST] for each in issue.labels}
            said.values["labels"] = tuple(sorted((each for each in labels if each), key=str.casefold))
        if issue.parent == "":
            said.values["parent"] = None
        elif issue.parent is not None:
            if issue.parent in bound:
                said.values["parent"] = bound[issue.parent]
            else:
                said.held["parent"] = "What it lies under there is not in the roadmap."
        for name in [name for name in said.values if name not in self._fields]:
            del said.values[name]
        return said

    @staticmethod
    def _say_words(issue: Issue, said: Said) -> None:
        said.values["title"] = " ".join(issue.title.split())[:TITLE_MOST]
        if issue.description is None:
            return
        if len(issue.description) > TEXT_MOST:
            said.held["description"] = f"It is longer than {TEXT_MOST:,} characters."
        else:
            said.values["description"] = issue.description

    def _say_status(self, issue: Issue, said: Said) -> None:
        if issue.status is None:
            return
        status = self._in.get(issue.status.casefold())
        if status:
            said.values["status"] = status
        else:
            said.held["status"] = f"“{issue.status}” is not in the status map."

    def _say_owner(self, issue: Issue, said: Said) -> None:
        if issue.owner is None:
            return
        if not issue.owner:
            said.values["owner"] = ""
        elif email := self._people.get(issue.owner.casefold()):
            said.values["owner"] = email.casefold()
        else:
            said.held["owner"] = f"Nobody here is mapped to “{issue.owner}”."

    @staticmethod
    def _say_day(name: str, text: str | None, said: Said) -> None:
        if text is None:
            return
        try:
            said.values[name] = date.fromisoformat(text[:10]).isoformat() if text else ""
        except ValueError:
            said.held[name] = f"“{text[:40]}” is not a day."

    def to_theirs(self, name: str, value: Any, *, bound: Mapping[int, str]) -> Any:
        """Return a value of ours in the tracker's words.

        Raises
        ------
        CannotSayError
            If there is no word for it.
        """
        if name == "status":
            word = self._out.get(value)
            if not word:
                raise CannotSayError(f"The status map has no word of theirs for “{value}”.")
            return word
        if name == "owner":
            if not value:
                return ""
            user = self._users.get(str(value).casefold())
            if user is None:
                raise CannotSayError(f"{value} is mapped to nobody there.")
            return user
        if name == "parent":
            if value is None:
                return ""
            if value not in bound:
                raise CannotSayError("What it lies under has no issue there.")
            return bound[value]
        return value

    def echo(self, name: str, value: Any, word: Any) -> Any:
        """Return how a value of ours that was said over there would be read back, if nobody touched it."""
        return self._in.get(str(word).casefold(), value) if name == "status" else value
