"""One event, read from what a client sent: our own short form, or CloudEvents 1.0."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EXPOSURE = "$exposure"
"""The name of an event that says: this unit was shown this variant."""

LONGEST_NAME = 200
LONGEST_UNIT = 200
LARGEST_ATTRIBUTES = 8_192
AHEAD = timedelta(minutes=10)
"""How far a client's clock may run ahead of ours."""
OLDEST = timedelta(days=3653)
OWN_FIELDS = frozenset(
    {"id", "name", "time", "unit", "unit_type", "value", "flag", "variant", "environment", "attributes"}
)
CLOUD_VERSION = "1.0"


class EventError(ValueError):
    """An event cannot be taken; the message says why, in words for whoever sent it."""


class BatchError(ValueError):
    """Some events of a batch cannot be taken, so none of it was.

    Attributes
    ----------
    problems : list of (int, str)
        The position of each in the batch, from 0, and why.
    """

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = list(problems)
        place, why = self.problems[0]
        more = len(self.problems) - 1
        rest = f" {more} more of them cannot be taken either." if more else ""
        super().__init__(f"Event {place}: {why}{rest}")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that one unit did or was shown at one time.

    Attributes
    ----------
    id : str
        What tells it from all others; the same id with the same time is the same event.
    name : str
        What happened, such as ``order placed``, or `EXPOSURE`.
    time : datetime
        When it happened, in UTC.
    unit, unit_type : str
        To whom, and what that is: ``user``, ``account``, ``session``.
    value : float or None
        How much, where that means something.
    flag, variant : str
        Of an exposure: what was shown. Empty otherwise.
    environment : str
        Where: ``production``, ``test``.
    attributes : str
        What else was said, as a JSON object in text.
    """

    id: str
    name: str
    time: datetime
    unit: str
    unit_type: str = "user"
    value: float | None = None
    flag: str = ""
    variant: str = ""
    environment: str = ""
    attributes: str = "{}"


def _text(given: Mapping[str, Any], field: str, *, longest: int, default: str | None = None) -> str:
    value = given.get(field, default)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a number is a common id of users
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise EventError(f"“{field}” is missing or is no text.")
    if len(value) > longest:
        raise EventError(f"“{field}” is longer than {longest} characters.")
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise EventError(f"“{field}” contains characters that cannot be stored.")
    return value


def read_time(value: object, *, now: datetime) -> datetime:
    """Return a time in UTC from RFC 3339, or from seconds or milliseconds since 1970.

    Raises
    ------
    EventError
        If it is none of these, has no offset, or lies more than ten minutes ahead or ten years back.
    """
    try:
        if isinstance(value, bool) or value is None:
            raise TypeError
        if isinstance(value, int | float):
            seconds = float(value) / 1000 if abs(float(value)) > 1e11 else float(value)
            found = datetime.fromtimestamp(seconds, tz=UTC)
        else:
            found = datetime.fromisoformat(str(value).strip())
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise EventError("“time” is no date with time, such as 2026-03-01T09:30:00Z.") from error
    if found.tzinfo is None:
        raise EventError("“time” has no offset: end it with Z or +01:00.")
    try:
        found = found.astimezone(UTC)
    except OverflowError as error:
        raise EventError("“time” lies outside the calendar.") from error
    if found > now + AHEAD:
        raise EventError(f"“time” lies in the future: {found:%Y-%m-%dT%H:%M:%SZ}.")
    if found < now - OLDEST:
        raise EventError(f"“time” lies more than ten years back: {found:%Y-%m-%dT%H:%M:%SZ}.")
    return found


def _value(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float):
        raise EventError("“value” is no number.")
    try:
        number = float(value)
    except OverflowError as error:
        raise EventError("“value” is too large.") from error
    if not math.isfinite(number):
        raise EventError("“value” is infinite or no number.")
    return number


def _attributes(value: object) -> str:
    if value is None:
        return "{}"
    if not isinstance(value, Mapping):
        raise EventError("“attributes” is no object.")
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
        size = len(text.encode())
    except (ValueError, RecursionError) as error:
        raise EventError("“attributes” contains what JSON cannot say.") from error
    if size > LARGEST_ATTRIBUTES:
        raise EventError(f"“attributes” is larger than {LARGEST_ATTRIBUTES} bytes.")
    return text


def read_event(given: object, *, fallback_id: str, now: datetime, environment: str = "") -> Event:
    """Return an event from what a client sent; `CloudEvents` are known by their ``specversion``.

    Parameters
    ----------
    given : object
        A JSON object.
    fallback_id : str
        The id of an event that has none of its own; it must be the same when the batch is sent again.
    environment : str
        Where the sender's key belongs; what the event says of it does not count then.

    Raises
    ------
    EventError
        If it cannot be taken.
    """
    if not isinstance(given, Mapping):
        raise EventError("It is no object.")
    if "specversion" in given:
        given = _from_cloud(given)
    name = _text(given, "name", longest=LONGEST_NAME)
    unknown = sorted(str(field) for field in set(given) - OWN_FIELDS)
    if unknown:
        raise EventError(f"There is no field “{unknown[0][:60]}”; put it into “attributes”.")
    flag = _text(given, "flag", longest=LONGEST_NAME, default="")
    variant = _text(given, "variant", longest=LONGEST_NAME, default="")
    if name == EXPOSURE and not (flag and variant):
        raise EventError(f"An event named {EXPOSURE} says which “flag” and which “variant”.")
    return Event(
        id=_text(given, "id", longest=LONGEST_UNIT, default="") or fallback_id,
        name=name,
        time=read_time(given["time"], now=now) if given.get("time") is not None else now,
        unit=_text(given, "unit", longest=LONGEST_UNIT),
        unit_type=_text(given, "unit_type", longest=60, default="user") or "user",
        value=_value(given.get("value")),
        flag=flag,
        variant=variant,
        environment=environment or _text(given, "environment", longest=60, default=""),
        attributes=_attributes(given.get("attributes")),
    )


def _from_cloud(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent in our own form: ``type`` is the name, ``subject`` the unit, ``source`` part of the id."""
    if given.get("specversion") != CLOUD_VERSION:
        raise EventError(f"CloudEvents {CLOUD_VERSION} are read here, no other version.")
    source, own = _text(given, "source", longest=LONGEST_UNIT), _text(given, "id", longest=LONGEST_UNIT)
    data = given.get("data")
    if "data_base64" in given:
        raise EventError("“data_base64” is not read here: send “data” as a JSON object.")
    if data is not None and not isinstance(data, Mapping):
        raise EventError("“data” is no object.")
    said = dict(data or {})
    found: dict[str, Any] = {
        "id": f"{source} {own}"[:LONGEST_UNIT],
        "name": _text(given, "type", longest=LONGEST_NAME),
        "time": given.get("time"),
        "unit": given.get("subject", said.pop("unit", None)),
    }
    for field in ("unit_type", "value", "flag", "variant", "environment"):
        if field in said:
            found[field] = said.pop(field)
    return {**found, "attributes": said}


def read_batch(given: Sequence[object], *, key: str, now: datetime, environment: str = "") -> list[Event]:
    """Return the events of a batch, or refuse all of it.

    Raises
    ------
    BatchError
        If one cannot be taken: with the position of each and why.
    """
    found: list[Event] = []
    problems: list[tuple[int, str]] = []
    for place, each in enumerate(given):
        try:
            found.append(read_event(each, fallback_id=f"{key}:{place}", now=now, environment=environment))
        except EventError as error:
            problems.append((place, str(error)))
    if problems:
        raise BatchError(problems)
    return found
