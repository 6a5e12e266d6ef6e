"""Themes by name: the words that tell each from all the others, and the texts nearest its middle.

References
----------
.. [1] M. Grootendorst (2022), BERTopic, arXiv:2203.05794: TF-IDF over classes instead of documents (c-TF-IDF).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from roadbed_engines.text import tongues
from roadbed_engines.text.lexical import STOP_WORDS
from roadbed_engines.text.small_words import NONE, SMALL_WORDS, leans
from roadbed_engines.text.stems import stem

TERMS = 8
QUOTES = 3
READ = 240
"""How many texts of a theme are read for its name: those nearest its middle. More change nothing but the time."""
LABEL_TERMS = 3
SHORT = 5
GLUE = 0.12
"""In a language whose small words nobody listed, what stands in so many of its texts is one of them."""
CHARACTERS = 600
_FILLERS = (
    "also always another anyone anything back cant come day days dont even ever every first fix give go going gone "
    "gets good help hello hi hey issue keep know last let like look lot make many may maybe much must need needs "
    "never new nothing one ones problem problems put really right say says see seem since something still stop "
    "sure take tell thank thanks thing things think time times today tried try trying two use used user users "
    "using want way well whatever without work working works yes yet"
)
FILLERS = frozenset(_FILLERS.split())
"""Words that people use about anything. In a name they tell nothing; in search they may."""
_WORD = re.compile(r"[^\W_](?:[\w'’.-]*[^\W_])?")
_BREAK = re.compile(r"[.!?;:,()\[\]{}\"“”„«»\n\r|/]+(?=\s|$)|\s[-–—]\s")


@dataclass(frozen=True, slots=True)
class ThemeName:
    """What a theme may be called: a label, the words that tell it, and texts nearest its middle, by their place."""

    label: str
    terms: tuple[str, ...]
    quotes: tuple[int, ...]


def name_themes(
    *,
    texts: Sequence[str],
    vectors: npt.NDArray[np.floating[Any]],
    assignment: npt.NDArray[np.integer[Any]],
    stop_words: Collection[str] = (),
    languages: Sequence[str] | None = None,
) -> tuple[ThemeName, ...]:
    """Name each theme by the words and pairs of words that are said in it more than in the others.

    A term weighs as often as it is said in the theme (in how many texts, not how many times), times how rare it is
    over all themes. A single word gives way to a pair that holds it and is said nearly as often, so that a name says
    "address book" and not "address, book". Words are counted whatever their ending, and shown as most people
    write them.

    Parameters
    ----------
    texts : sequence of str, length n
    vectors : float array, shape (n, d)
        Rows of length 1, or 0.
    assignment : int array, shape (n,)
        The theme of each text, from 0 on without gaps; -1 for none.
    stop_words : collection of str
        Words that tell nothing here, such as the product's name.
    languages : sequence of str, length n, optional
        The code of each text's language, as `themes.find_themes` takes it. The small words of nineteen languages are
        known; those of others are the ones that stand in many of its texts.

    Raises
    ------
    ValueError
        If the lengths differ.

    Returns
    -------
    tuple of ThemeName, one a theme, in the order of their numbers. A theme whose texts share no word has no label.

    Examples
    --------
    >>> found = name_themes(
    ...     texts=["calendar reminder", "calendar reminders", "smtp password", "the smtp password"],
    ...     vectors=np.eye(4), assignment=np.array([0, 0, 1, 1]),
    ... )
    >>> [name.label for name in found]
    ['calendar reminder', 'smtp password']
    """
    if not len(texts) == len(vectors) == len(assignment) or len(languages or texts) != len(texts):
        raise ValueError("texts, vectors and assignment must be equally long")
    count = int(assignment.max(initial=-1)) + 1
    ignored = STOP_WORDS | FILLERS | {part for word in stop_words for part in _folded(word)}
    known = ignored | {stem(word) for word in ignored}
    surfaces: dict[str, Counter[str]] = {}
    said: list[Counter[str]] = []
    read: list[int] = []
    nearest: list[npt.NDArray[np.int64]] = []
    for theme in range(count):
        rows = np.flatnonzero(assignment == theme)
        middle = vectors[rows].mean(axis=0)
        near = rows[np.argsort(-(vectors[rows] @ middle), kind="stable")]
        nearest.append(near[:READ])
        own: Counter[str] = Counter()
        heard = Counter(languages[row] for row in near[:READ] if languages[row]) if languages else Counter()
        usual = heard.most_common(1)[0][0] if heard else ""
        for row in near[:READ]:
            small = SMALL_WORDS.get((languages[row] if languages else "") or usual, NONE)
            own.update(_terms(texts[row], ignored=known, small=small, surfaces=surfaces))
        said.append(own)
        read.append(len(near[:READ]))
    if languages is not None:
        _drop_glue(said, read, nearest, languages)
    over_all: dict[str, float] = {}
    for own, size in zip(said, read, strict=True):
        for term, times in own.items():
            # Shares, so that large themes do not drown small ones.
            over_all[term] = over_all.get(term, 0.0) + times / size
    return tuple(
        _name(
            said[theme],
            size=read[theme],
            over_all=over_all,
            count=count,
            surfaces=surfaces,
            near=nearest[theme],
            texts=texts,
        )
        for theme in range(count)
    )


def _drop_glue(
    said: Sequence[Counter[str]],
    read: Sequence[int],
    nearest: Sequence[npt.NDArray[np.int64]],
    languages: Sequence[str],
) -> None:
    """Take out of the counts what holds sentences together in languages other than English."""
    spoken = tongues.spoken(languages=languages)
    if spoken is None:
        return
    most = tongues.of_groups(
        np.repeat(np.arange(len(nearest)), read), tongue=spoken[np.concatenate(nearest)], count=len(nearest)
    )
    codes = {number: code for code, number in zip(languages, spoken.tolist(), strict=True) if number >= 0}
    for number in np.unique(most[most >= 0]).tolist():
        themes = np.flatnonzero(most == number).tolist()
        texts = sum(read[theme] for theme in themes)
        if codes[number] == "en" or texts < tongues.APART:
            continue
        together: Counter[str] = Counter()
        for theme in themes:
            together.update(said[theme])
        # With one theme alone, what many say is what it is about.
        glue = {term for term, times in together.items() if times >= GLUE * texts and " " not in term}
        if len(themes) == 1:
            glue = {term for term in glue if len(term) < SHORT}
        for theme in themes:
            for term in list(said[theme]):
                if glue.intersection(term.split()):
                    del said[theme][term]


def _folded(word: str) -> list[str]:
    return [part.lower() for part in _WORD.findall(word)]


def _terms(
    text: str, *, ignored: Collection[str], small: frozenset[str], surfaces: dict[str, Counter[str]]
) -> set[str]:
    """Return the stems in a text, and the pairs of stems side by side in one clause."""
    found: set[str] = set()
    for clause in _BREAK.split(text[:CHARACTERS]):
        before = ""
        shown_before = ""
        for word in _WORD.findall(clause):
            shown = leans(word.lower().replace("’", "'"), small=small)
            root = stem(shown)
            is_small = root in ignored or shown in ignored or shown in small
            if is_small or len(shown) < 2 or not any(c.isalpha() for c in shown):
                before = ""
                continue
            found.add(root)
            surfaces.setdefault(root, Counter())[shown] += 1
            if before and before != root:
                pair = f"{before} {root}"
                found.add(pair)
                surfaces.setdefault(pair, Counter())[f"{shown_before} {shown}"] += 1
            before, shown_before = root, shown
    return found


def _name(
    said: Counter[str],
    *,
    size: int,
    over_all: Mapping[str, float],
    count: int,
    surfaces: dict[str, Counter[str]],
    near: npt.NDArray[np.int64],
    texts: Sequence[str],
) -> ThemeName:
    least = 1 if size < 3 else 2 if size < 40 else 3
    scored = {
        term: times / size * log(1 + count / over_all[term]) for term, times in said.items() if times >= least
    }
    order = sorted(scored, key=lambda term: (-scored[term], term))
    chosen: list[str] = []
    for term in order:
        if len(chosen) == TERMS:
            break
        parts = set(term.split())
        if any(parts <= set(other.split()) for other in chosen):
            continue  # a word of a pair that is there already
        pair = next(
            (
                other
                for other in order
                if " " in other and parts < set(other.split()) and said[other] >= 0.6 * said[term]
            ),
            "",
        )
        if pair and pair not in chosen:
            term = pair
        chosen = [other for other in chosen if not set(other.split()) <= set(term.split())]
        chosen.append(term)
    shown = tuple(surfaces[term].most_common(1)[0][0] for term in chosen)
    quotes: list[int] = []
    seen: set[str] = set()
    for row in near.tolist():
        plain = " ".join(texts[row].lower().split())
        if plain and plain not in seen:
            seen.add(plain)
            quotes.append(int(row))
        if len(quotes) == QUOTES:
            break
    return ThemeName(label=", ".join(_distinct(shown)[:LABEL_TERMS]), terms=shown, quotes=tuple(quotes))


def _distinct(terms: Sequence[str]) -> list[str]:
    """Leave out terms all of whose words are in the label already."""
    found: list[str] = []
    used: set[str] = set()
    for term in terms:
        words = {stem(word) for word in term.split()}
        if not words <= used:
            found.append(term)
            used |= words
    return found
