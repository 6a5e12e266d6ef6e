"""Where the sentences of a text begin and end, and how to gather them into passages of one length."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LONGEST_SENTENCE = 500
PASSAGE_WORDS = 110
_END = re.compile(
    r"(?<=[.!?…。！？؟।])[\"”’'»)\]]*\s+(?=[\"“‘'«(\[]*[^\Wa-z_])|(?<=[。！？])(?=\S)|\s*\n\s*", re.UNICODE
)
_SHORT_FORM = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|nr|st|dr|mr|mrs|ms|prof|inc|ltd|co|fig|ver|jr|sr|gen|col|u\.s)|\b[A-Z])\.$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, from ``start`` up to and without ``end``."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the words that the span marks."""
        return text[self.start : self.end]


def _pieces(text: str) -> Iterator[Span]:
    start = 0
    for found in _END.finditer(text):
        head = text[max(start, found.start() - 12) : found.start()]
        if "\n" not in found.group() and _SHORT_FORM.search(head):
            continue
        yield Span(start, found.start())
        start = found.end()
    yield Span(start, len(text))


def _trimmed(text: str, span: Span) -> Span:
    start, end = span.start, span.end
    while start < end and (text[start].isspace() or text[start] == "\x00"):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] == "\x00"):
        end -= 1
    return Span(start, end)


def _cut(text: str, span: Span) -> Iterator[Span]:
    """Cut a sentence that goes on for pages at the last space before the limit."""
    start = span.start
    while span.end - start > LONGEST_SENTENCE:
        at = text.rfind(" ", start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE)
        at = at if at > 0 else start + LONGEST_SENTENCE
        yield Span(start, at)
        start = at
    yield Span(start, span.end)


def split(text: str) -> list[Span]:
    """Return where the sentences of a text are; line breaks end one too, and none is longer than 500 characters.

    Examples
    --------
    >>> text = "The map by Dr. Ng is slow. It takes 2.5 s!\\nPlease fix."
    >>> [span.of(text) for span in split(text)]
    ['The map by Dr. Ng is slow.', 'It takes 2.5 s!', 'Please fix.']
    """
    found = []
    for piece in _pieces(text):
        for part in _cut(text, piece):
            trimmed = _trimmed(text, part)
            if trimmed.end > trimmed.start:
                found.append(trimmed)
    return found


def gather(text: str, spans: Sequence[Span], *, words: int = PASSAGE_WORDS) -> list[Span]:
    """Return passages: neighbouring sentences joined until the next would make more than so many words.

    Examples
    --------
    >>> text = "One two. Three four. Five six seven."
    >>> [span.of(text) for span in gather(text, split(text), words=4)]
    ['One two. Three four.', 'Five six seven.']
    """
    found: list[Span] = []
    size = 0
    for span in spans:
        count = len(span.of(text).split())
        if found and size + count <= words:
            found[-1] = Span(found[-1].start, span.end)
            size += count
        else:
            found.append(span)
            size = count
    return found
