"""Porter's stemmer: ``routes``, ``routing`` and ``routed`` are one word to a search."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

VOWELS = frozenset("aeiou")
STEP_2 = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("abli", "able"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
)
STEP_3 = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
STEP_4 = tuple(
    "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split()  # noqa: SIM905 - a list of endings
)


def _is_consonant(word: str, at: int) -> bool:
    if word[at] in VOWELS:
        return False
    return not (word[at] == "y" and at > 0 and _is_consonant(word, at - 1))


def _measure(stem: str) -> int:
    """How many times a run of vowels is followed by a run of consonants: Porter's m."""
    kinds = [_is_consonant(stem, at) for at in range(len(stem))]
    return sum(1 for before, after in pairwise(kinds) if not before and after)


def _has_vowel(stem: str) -> bool:
    return any(not _is_consonant(stem, at) for at in range(len(stem)))


def _ends_double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _is_consonant(word, len(word) - 1)


def _ends_short(word: str) -> bool:
    """Consonant, vowel, consonant at the end, the last not w, x or y: such a word takes an e."""
    return (
        len(word) > 2
        and _is_consonant(word, len(word) - 3)
        and not _is_consonant(word, len(word) - 2)
        and _is_consonant(word, len(word) - 1)
        and word[-1] not in "wxy"
    )


def _plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def _past(word: str) -> str:
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    for ending in ("ed", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and _has_vowel(stem):
            if stem.endswith(("at", "bl", "iz")):
                return stem + "e"
            if _ends_double(stem) and stem[-1] not in "lsz":
                return stem[:-1]
            return stem + "e" if _measure(stem) == 1 and _ends_short(stem) else stem
        if stem != word:
            return word
    return word


def _replace(word: str, endings: tuple[tuple[str, str], ...]) -> str:
    for ending, instead in sorted(endings, key=lambda pair: -len(pair[0])):
        if word.endswith(ending):
            stem = word[: -len(ending)]
            return stem + instead if _measure(stem) > 0 else word
    return word


def _drop(word: str) -> str:
    for ending in sorted(STEP_4, key=len, reverse=True):
        if word.endswith(ending):
            stem = word[: -len(ending)]
            if _measure(stem) > 1 and (ending != "ion" or stem.endswith(("s", "t"))):
                return stem
            return word
    return word


def _tidy(word: str) -> str:
    if word.endswith("e"):
        stem = word[:-1]
        if _measure(stem) > 1 or (_measure(stem) == 1 and not _ends_short(stem)):
            word = stem
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the stem of a lower-case word; words with anything but a to z in them are their own stem.

    References
    ----------
    .. [1] M. F. Porter (1980), An algorithm for suffix stripping, Program 14 (3), 130-137.

    Examples
    --------
    >>> [stem(word) for word in ("caresses", "ponies", "relational", "hopping", "notes", "10.15")]
    ['caress', 'poni', 'relat', 'hop', 'note', '10.15']
    """
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return word
    word = _past(_plural(word))
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    return _tidy(_drop(_replace(_replace(word, STEP_2), STEP_3)))
