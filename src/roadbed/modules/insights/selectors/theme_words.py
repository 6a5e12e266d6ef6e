"""Words: which of a theme's are in a text, which belong to a product, and which were said in one stretch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import log

from roadbed.core.workspaces.models import Product, Workspace

WORD = re.compile(r"[^\W\d_][\w'’-]*")
STOP = frozenset(
    [
        "a",
        "about",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "being",
        "but",
        "by",
        "can",
        "cannot",
        "can't",
        "could",
        "did",
        "do",
        "does",
        "doesn't",
        "doing",
        "don't",
        "down",
        "each",
        "else",
        "even",
        "ever",
        "every",
        "few",
        "for",
        "from",
        "get",
        "gets",
        "getting",
        "go",
        "goes",
        "going",
        "got",
        "had",
        "has",
        "have",
        "having",
        "he",
        "help",
        "hello",
        "her",
        "here",
        "hi",
        "him",
        "his",
        "how",
        "i",
        "if",
        "i'm",
        "in",
        "into",
        "is",
        "isn't",
        "it",
        "its",
        "it's",
        "i've",
        "just",
        "know",
        "let",
        "like",
        "make",
        "me",
        "more",
        "most",
        "much",
        "my",
        "need",
        "new",
        "no",
        "nor",
        "not",
        "now",
        "of",
        "off",
        "on",
        "once",
        "one",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "please",
        "re",
        "really",
        "same",
        "she",
        "should",
        "since",
        "so",
        "some",
        "still",
        "such",
        "than",
        "thank",
        "thanks",
        "that",
        "that's",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "this",
        "those",
        "through",
        "to",
        "too",
        "two",
        "under",
        "until",
        "up",
        "us",
        "use",
        "used",
        "using",
        "very",
        "want",
        "wants",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "why",
        "will",
        "with",
        "won't",
        "work",
        "working",
        "works",
        "would",
        "you",
        "your",
    ]
)


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters, without those that say nothing."""
    found = (word.lower().replace("’", "'") for word in WORD.findall(text))
    return [word for word in found if len(word) > 1 and word not in STOP]


def stop_words(*, workspace: Workspace) -> frozenset[str]:
    """Return the words that name the workspace or its products: they tell nothing apart."""
    names = [workspace.name, *Product.objects.filter(workspace=workspace).values_list("name", flat=True)]
    return frozenset(word.lower() for name in names for word in WORD.findall(name))


def _stem(word: str) -> str:
    for ending in ("ing", "ies", "es", "ed", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def shared(*, terms: Sequence[str], text: str, most: int = 4) -> list[str]:
    """Return those of a theme's terms that a text has, also in another ending.

    >>> shared(terms=["road closes", "driver", "depot"], text="A road closed; we phone every driver.")
    ['road closes', 'driver']
    """
    have = {_stem(word.lower()) for word in WORD.findall(text)}
    found = []
    for term in terms:
        parts = [_stem(word.lower()) for word in WORD.findall(term)]
        if parts and all(any(own == part or own.startswith(part) for own in have) for part in parts):
            found.append(term)
    return found[:most]


def has_any(*, words: Iterable[str], text: str) -> str:
    """Return the first of a theme's words (or groups of words) that stands in a text; nothing where none does."""
    for word in words:
        pattern = r"\s+".join(re.escape(part) for part in word.split())
        if pattern and re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE):
            return word
    return ""


def telling(
    *, inside: Sequence[str], outside: Sequence[str], ignored: Collection[str] = (), most: int = 4
) -> list[str]:
    """Return the words that are said in some texts more than in the others, the most telling first."""
    here = Counter(word for text in inside for word in set(words_of(text)) if word not in ignored)
    there = Counter(word for text in outside for word in set(words_of(text)))
    total = len(outside) or 1
    scored = {word: count * log(1 + total / (1 + there[word])) for word, count in here.items() if count > 1}
    return sorted(scored, key=lambda word: (-scored[word], word))[:most]
