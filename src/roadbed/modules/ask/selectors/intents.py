"""Questions that want a figure: how many, the top of something, by segment, what changed. Read by rules, in English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

MOST = 25


class Wants(StrEnum):
    """The figure that a question wants."""

    COUNT = "count"
    TOP = "top"
    SEGMENTS = "segments"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, of what, by what, since when."""

    wants: Wants
    topic: str = ""
    noun: str = "people"
    kind: str = "need"
    by: str = "people"
    limit: int = 10
    since: date | None = None


_VERBS = (
    r"(?:ask(?:s|ed|ing)?(?: us)? (?:for|about)|want(?:s|ed|ing)?|need(?:s|ed|ing)?|request(?:s|ed|ing)?|"
    r"mention(?:s|ed|ing)?|complain(?:s|ed|ing)? (?:about|of)|report(?:s|ed|ing)?|talk(?:s|ed|ing)? about|"
    r"sa(?:y|id)(?: something about)?|vot(?:e|ed) for|speak about|wrote about|about|with|are for)"
)
_COUNT = re.compile(
    rf"^\s*(?:so )?(?:how many|what number of|count(?: the)?|number of)\s+(?P<noun>[\w ]{{2,40}}?)\s+"
    rf"(?:(?:have|has|had|do|did|are|were|is|who|that)\s+)*{_VERBS}\s+(?P<topic>.+?)[\s?.!]*$",
    re.IGNORECASE,
)
_SEGMENT = re.compile(r"\b(?:by|per|for each|in each|split by|across)\s+segments?\b", re.IGNORECASE)
_TOP = re.compile(
    r"\b(?:top|most wanted|most asked(?:[- ]for)?|most requested|biggest|largest|highest|which|best)\b.{0,40}?"
    r"\b(?P<kind>needs?|features?|requests?|wishes)\b",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\b(?:by|most|highest|largest)\s+(?:the\s+)?(?:number of\s+)?"
    r"(?P<by>revenue|money|people|users|accounts|customers|companies|strength|votes|impact|deal[- ]breakers)\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"\btop\s+(\d{1,3})\b", re.IGNORECASE)
_CHANGED = re.compile(
    r"\bwhat(?:'s|’s| has| have| is)?\s+(?:been\s+)?(?:changed|new|happened)\b"
    r"(?:.*?\b(?:since|in|after|over)\s+(?P<when>.+?))?[\s?.!]*$",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_AGO = re.compile(
    r"\b(?:the )?(?:last|past)?\s*(\d{1,3}|a|an|one|two|three|four|six)?\s*(day|week|month|year)s?\b",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "six": 6}
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
COLUMNS = {
    "money": "revenue",
    "users": "people",
    "customers": "accounts",
    "companies": "accounts",
}


def since_when(text: str, *, now: datetime) -> date | None:
    """Return the day that a few words mean: a date, yesterday, Monday, last week, two months, March."""
    lower = text.lower()
    found = _DAY.search(lower)
    if found:
        try:
            return date(*(int(part) for part in found.groups()))
        except ValueError:
            return None
    today = now.date()
    if "yesterday" in lower:
        return today - timedelta(days=1)
    if "today" in lower:
        return today
    for place, name in enumerate(_WEEKDAYS):
        if name in lower:
            return today - timedelta(days=(today.weekday() - place) % 7 or 7)
    for place, name in enumerate(_MONTHS, start=1):
        if re.search(rf"\b{name}\b", lower):
            return date(today.year if place <= today.month else today.year - 1, place, 1)
    ago = _AGO.search(lower)
    if ago:
        many = ago.group(1) or "1"
        return today - timedelta(days=_DAYS[ago.group(2).lower()] * (_NUMBERS.get(many.lower()) or int(many)))
    return None


def read(text: str, *, now: datetime) -> Intent | None:
    """Return the figure that a question wants, or nothing where words answer it.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 2, tzinfo=UTC)
    >>> found = read("How many people asked for offline maps?", now=now)
    >>> found.wants.value, found.topic, found.noun
    ('count', 'offline maps', 'people')
    >>> found = read("What are the top 5 features by revenue?", now=now)
    >>> found.wants.value, found.kind, found.by, found.limit
    ('top', 'feature', 'revenue', 5)
    >>> read("What changed since 2026-10-01?", now=now).since
    datetime.date(2026, 10, 1)
    >>> read("Why is the map slow?", now=now) is None
    True
    """
    text = text[:500]
    by_segment = _SEGMENT.search(text)
    count = _COUNT.match(_SEGMENT.sub("", text) if by_segment else text)
    if by_segment:
        topic = count.group("topic") if count else _topic_of(_SEGMENT.sub(" ", text))
        return Intent(Wants.SEGMENTS, topic=_plain(topic))
    if count:
        noun = count.group("noun").strip().lower().split()[-1]
        return Intent(Wants.COUNT, topic=_plain(count.group("topic")), noun=_noun(noun))
    changed = _CHANGED.search(text)
    if changed:
        when = since_when(changed.group("when") or "last week", now=now)
        return Intent(Wants.CHANGES, since=when) if when is not None and when <= now.date() else None
    top, by = _TOP.search(text), _BY.search(text)
    limit = _LIMIT.search(text)
    if top and (by or limit or re.search(r"\b(?:top|most)\b", text, re.IGNORECASE)):
        kind = "feature" if top.group("kind").lower().startswith("feature") else "need"
        named = by.group("by").lower().replace("-", " ") if by else "people"
        return Intent(
            Wants.TOP,
            kind=kind,
            by=COLUMNS.get(named, named.replace(" ", "_")),
            limit=max(1, min(MOST, int(limit.group(1)))) if limit else 10,
        )
    return None


def _plain(topic: str) -> str:
    """Return a topic without its article and quotation marks: *a network* is *network*."""
    return re.sub(r"^(?:an?|the|some|any|more|our|their)\s+", "", topic.strip(' "“”'), flags=re.IGNORECASE)


def _noun(word: str) -> str:
    if word in {"customers", "accounts", "companies", "organisations", "organizations", "clients"}:
        return "accounts"
    if word in {
        "notes",
        "pieces",
        "times",
        "feedback",
        "reviews",
        "tickets",
        "messages",
        "requests",
        "quotes",
    }:
        return "pieces"
    return "people"


def _topic_of(text: str) -> str:
    """Return what is left of a question when its asking is taken off: who wants X, demand for X, X."""
    found = re.search(
        rf"(?:{_VERBS}|(?:demand|revenue|interest|wish(?:es)?|votes?|people|support)\s+(?:for|in|behind|of))\s+(?P<topic>.+?)[\s?.!]*$",
        text,
        re.IGNORECASE,
    )
    left = found.group("topic") if found else text
    return re.sub(
        r"^(?:show|list|what(?: is| are)?|which|who|the|me|give)\b\s*",
        "",
        left.strip(" ?.!"),
        flags=re.IGNORECASE,
    )
