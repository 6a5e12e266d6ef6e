"""One note often says several things. This cuts it into statements, each with its place in the text."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one
from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

READ = 20_000
"""So many characters are cut up; what follows is one last statement."""
LONGEST = 400
"""A statement longer than this is cut at its next comma: nobody quotes a page."""

_BREAK = re.compile(
    r"(?<=[.!?…。！？؟])[\"”’'»)\]]*\s+|[。！？؟]+(?=\S)|\s*\n\s*\n\s*|\s*\n(?=\s*(?:[-*•–·]|\d{1,2}[.)])\s)"
)
_BULLET = re.compile(r"\s*(?:[-*•–·]|\d{1,2}[.)])\s+")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|incl|resp|no|nr|st|dr|mr|mrs|ms|prof|inc|ltd|co|z\.b|bzw|ca|usw|fig|ver)|\b[A-Za-z])\.$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|hallo|bonjour|hola|ciao|liebe[sr]?|sehr geehrte)\b"
    r"[^.!?,\n]{0,30}(?:[,.!]\s*|$)",
    re.IGNORECASE,
)
_PARTING = re.compile(
    r"(?:(?:many |kind |best |warm )?(?:thanks|thank you|thx|regards|cheers|greetings|sincerely)|(?:best|good|kind) wishes|"
    r"yours\b|danke|merci|"
    r"gracias|viele grüße|mit freundlichen grüßen|cordialement|saludos|sent from my)\b[^.!?\n]{0,40}[.!]*$",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"(?:it|this|that|these|those|they|he|she|we then|then|and|so|because|since|which|otherwise|therefore|as a result|"
    r"for example|for instance|e\.g\.|i\.e\.|meaning|especially|even|my case|in my case)\b",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"(?:,\s+(?=but\b|however\b|although\b|though\b|yet\b|whereas\b|aber\b|mais\b|pero\b)|;\s+|\s+[–—]\s+(?=also\b|but\b))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that is said: `text[start:end]`, in code points, half-open."""

    start: int
    end: int
    text: str


def _words(text: str) -> int:
    # Chinese and Japanese write without spaces: two signs stand for a word.
    dense = sum(1 for each in text if "\u3040" <= each <= "\u9fff")
    return len(_WORD.findall(text)) + dense // 2


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, whether it begins a list item) of sentences."""
    at, item = start, False
    for found in _BREAK.finditer(text, start, end):
        if found.start() < at or _ABBREVIATION.search(text, max(at, found.start() - 12), found.start()):
            continue
        yield at, found.start() if found.group().isspace() or "\n" in found.group() else found.end(), item
        at = found.end()
        item = _BULLET.match(text, at, end) is not None and "\n" in found.group()
    if at < end:
        yield at, end, item


def _turns(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence where it turns, if both sides could stand alone."""
    at = start
    for found in _TURN.finditer(text, start, end):
        if _words(text[at : found.start()]) >= 4 and _words(text[found.end() : end]) >= 4:
            yield at, found.start() + (1 if text[found.start()] == ";" else 0)
            at = found.end()
    while end - at > LONGEST:
        cut = max(text.rfind(mark, at + LONGEST // 2, at + LONGEST) for mark in (", ", "\n", " "))
        if cut < 0:
            break
        yield at, cut
        at = cut + 1
    yield at, end


def split(*, text: str) -> tuple[Statement, ...]:
    """Cut a note into its statements, in order.

    A sentence is a statement, but: one that leans on the sentence before ("It then…", "Because…") belongs to it; one
    that turns ("…, but …") is two; greetings and partings are none; list items stand for themselves.

    Parameters
    ----------
    text : str
        Of any length and language. A text without sentences is one statement.

    Returns
    -------
    tuple of Statement
        Not overlapping, in the order of the text; empty for a text without a letter or digit.

    Examples
    --------
    >>> note = "Hi all, The map is slow in the depot. It takes a minute. "
    >>> note += "I love the new colours, but exporting loses rows."
    >>> [one.text for one in split(text=note)]  # doctest: +NORMALIZE_WHITESPACE
    ['The map is slow in the depot. It takes a minute.', 'I love the new colours', 'but exporting loses rows.']
    """
    end = min(len(text), READ)
    found: list[list[int]] = []
    fresh = True
    for start, stop, item in _cut(text, 0, end):
        bullet = _BULLET.match(text, start, stop)
        if bullet is not None and (item or start == 0 or text[:start].endswith("\n")):
            start = bullet.end()
        start = stop - len(text[start:stop].lstrip())
        hello = _GREETING.match(text, start, stop)
        if hello is not None and (hello.group().rstrip()[-1:] in ",.!" or hello.end() == stop):
            start = hello.end()
        words = text[start:stop].strip()
        if not _words(words) or _PARTING.match(words):
            continue
        leans = not item and not fresh and _LEANS.match(words) is not None
        short = not item and _words(words) < 3
        if found and (leans or short) and stop - found[-1][0] <= LONGEST:
            found[-1][1] = stop
            continue
        found.extend([left, right] for left, right in _turns(text, start, stop))
        fresh = False
    if end < len(text) and _words(text[end : end + 4000]):
        found.append([end, len(text)])
    statements = []
    for start, stop in found:
        words = text[start:stop]
        start += len(words) - len(words.lstrip())
        stop -= len(words) - len(words.rstrip())
        if stop > start:
            statements.append(Statement(start, stop, text[start:stop]))
    return tuple(statements)
