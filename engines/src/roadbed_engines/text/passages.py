"""Long texts in pieces that a model can read whole, cut where sentences end."""

from __future__ import annotations

import re

SENTENCE_END = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+|\n\s*\n|\n(?=\s*[-*•\d])|(?<=[。！？])")
WORD = re.compile(r"\S+")
WORDS = 110
LONGEST = 900


def sentences(text: str) -> list[tuple[int, int]]:
    """Return where each sentence begins and ends, without the space around it.

    >>> text = "It is slow. Why?  Nobody knows"
    >>> [text[start:end] for start, end in sentences(text)]
    ['It is slow.', 'Why?', 'Nobody knows']
    """
    found: list[tuple[int, int]] = []
    start = 0
    for mark in [*SENTENCE_END.finditer(text), None]:
        end = len(text) if mark is None else mark.start()
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right > left:
            found.append((left, right))
        start = len(text) if mark is None else mark.end()
    return found


def split(text: str, *, words: int = WORDS, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Return passages of whole sentences, at most `words` words and `longest` characters each.

    A sentence that is longer by itself is cut between words, and a word that is longer, within.

    >>> text = "One two. Three four. Five."
    >>> [text[start:end] for start, end in split(text, words=4)]
    ['One two. Three four.', 'Five.']
    """
    passages: list[tuple[int, int]] = []
    start = end = count = 0
    for left, right, size in _pieces(text, words=words, longest=longest):
        if count and (count + size > words or right - start > longest):
            passages.append((start, end))
            count = 0
        if not count:
            start = left
        end, count = right, count + size
    if count:
        passages.append((start, end))
    return passages


def _pieces(text: str, *, words: int, longest: int) -> list[tuple[int, int, int]]:
    pieces: list[tuple[int, int, int]] = []
    for left, right in sentences(text):
        start = end = left
        count = 0
        for found in WORD.finditer(text, left, right):
            if count and (count == words or found.end() - start > longest):
                pieces.append((start, end, count))
                count = 0
            if not count:
                start = found.start()
            while found.end() - start > longest:
                pieces.append((start, start + longest, 1))
                start += longest
            end, count = found.end(), count + 1
        if count:
            pieces.append((start, end, count))
    return pieces
