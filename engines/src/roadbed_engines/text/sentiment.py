"""Whether a text sounds content or not. A word list at first; the workspace's own star ratings once there are enough."""

# ruff: noqa: E501 - tables of words read best in whole rows
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from math import sqrt

from roadbed_engines.text import classifiers
from roadbed_engines.text.classifiers import Reading

LABELS = ("negative", "neutral", "positive")
READ = 4_000
LEAST = 500
"""Labelled texts (ratings and corrections) that it takes to learn."""
DECIDED = 0.2
"""Beyond this on the scale from −1 to 1 a text is called positive or negative."""

OWN_WORDS = {
    "bug": -1.6, "bugs": -1.7, "buggy": -2.2, "crash": -2.2, "crashes": -2.4, "crashed": -2.3, "crashing": -2.4,
    "freeze": -1.8, "freezes": -2.0, "frozen": -1.6, "slow": -1.6, "slower": -1.7, "sluggish": -1.8, "laggy": -1.9,
    "lag": -1.4, "broken": -2.1, "unusable": -2.8, "useless": -2.4, "clunky": -1.7, "confusing": -1.6, "cumbersome": -1.7,
    "outdated": -1.4, "missing": -1.2, "disappears": -1.5, "disappear": -1.4, "disappeared": -1.6, "fails": -1.9,
    "failing": -1.8, "failed": -1.9, "corrupt": -2.1, "corrupted": -2.2, "unreliable": -2.1, "glitch": -1.5,
    "glitchy": -1.8, "spam": -1.3, "overpriced": -2.0, "expensive": -1.4, "unreadable": -1.7, "blurry": -1.3,
    "workaround": -0.8, "stuck": -1.5, "blank": -0.9, "wrong": -1.6, "wasted": -2.0, "complicated": -1.3,
    "downgrade": -1.5, "uninstall": -1.9, "uninstalled": -1.9, "refund": -1.7, "nonsense": -1.9, "mess": -1.7,
    "fast": 1.5, "faster": 1.4, "quick": 1.3, "quickly": 1.1, "intuitive": 2.0, "smooth": 1.6, "smoothly": 1.7,
    "reliable": 1.9, "stable": 1.3, "simple": 1.0, "clean": 1.3, "easy": 1.7, "easily": 1.5, "handy": 1.5,
    "seamless": 2.0, "seamlessly": 2.0, "flawless": 2.6, "flawlessly": 2.6, "lifesaver": 2.7, "polished": 1.8,
    "responsive": 1.4, "solid": 1.4, "perfectly": 2.6, "lovely": 2.4, "effortless": 2.0, "saves": 1.4, "recommend": 1.6,
    "recommended": 1.5, "works": 0.9, "improved": 1.6, "convenient": 1.5,
    # Words of the trade that mean nothing of the kind here.
    "alert": 0.0, "alerts": 0.0, "cancel": 0.0, "cancels": 0.0, "cancelled": 0.0, "drop": 0.0, "drops": 0.0, "stop": 0.0,
    "stops": 0.0, "share": 0.0, "shared": 0.0, "like": 0.0, "please": 0.0, "help": 0.0, "support": 0.0, "want": 0.0,
    "block": 0.0, "delay": -0.9, "no": 0.0, "number": 0.0, "important": 0.0, "critical": 0.0, "matter": 0.0, "yes": 0.0,
    "security": 0.0, "secure": 0.4, "save": 0.0, "play": 0.0, "trust": 1.0, "wish": 0.0, "allow": 0.0, "opportunity": 0.0,
    "free": 0.0, "top": 0.0, "well": 1.0, "certain": 0.0, "sure": 0.0, "demand": 0.0, "natural": 0.0, "hand": 0.0,
}  # fmt: skip
"""Own words on top of the list: what products are praised and blamed for, and what is a mere term here."""

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[!?]|[.,;:]", re.UNICODE)
_NEGATIONS = frozenset(
    ["not", "no", "never", "none", "nothing", "neither", "nor", "cannot", "can't", "won't", "don't", "doesn't", "didn't", "isn't", "aren't", "wasn't", "weren't", "hasn't", "haven't", "hadn't", "wouldn't", "couldn't", "shouldn't", "ain't", "without", "hardly", "barely", "scarcely", "rarely", "lacks"]
)  # fmt: skip
_STRONGER = frozenset(
    ["very", "really", "extremely", "absolutely", "totally", "completely", "incredibly", "so", "too", "most", "highly", "super", "utterly", "such", "insanely", "deeply", "especially", "awfully", "hugely"]
)  # fmt: skip
_WEAKER = frozenset(
    ["slightly", "somewhat", "little", "bit", "kind", "sort", "partly", "fairly", "rather", "almost", "mostly", "sometimes"]
)  # fmt: skip
_TURNS = frozenset(
    ["but", "however", "although", "though", "yet", "except"]
)  # fmt: skip
_PHRASES = (
    (re.compile(r"would(?:n['’]t)? recommend|works? (?:great|well|fine)|life ?saver|well done|keep it up", re.IGNORECASE), 1.5),
    (re.compile(r"waste of (?:time|money)|does(?:n['’]t| not) work|stopped working|not working|no longer works?|"
                r"a joke\b|let(?:s)? (?:us|me) down|fed up|last straw|switch(?:ing)? (?:to|away)", re.IGNORECASE), -1.9),
)  # fmt: skip


@lru_cache(maxsize=1)
def _words() -> dict[str, float]:
    found: dict[str, float] = {}
    table = (
        resources.files("roadbed_engines.text").joinpath("data", "sentiment.tsv").read_text(encoding="utf-8")
    )
    for line in table.splitlines():
        if not line.startswith("#"):
            word, _, weight = line.partition("\t")
            found[word] = float(weight)
    return found | OWN_WORDS


def score(*, text: str) -> tuple[float, tuple[str, ...]]:
    """Return how a text sounds, from −1 to 1, and the words that made it so, the strongest first.

    A word counts its weight from the list; turned round (and weakened) by a negation up to three words before,
    stronger or weaker by what stands before it, more when shouted among words that are not; what follows "but"
    counts half again as much, what stands before it half.

    Examples
    --------
    >>> value, words = score(text="Not good: the map is very slow.")
    >>> value < -0.4, words
    (True, ('slow', 'not good'))
    """
    head = text[:READ].replace("\x00", " ").replace("’", "'")
    tokens = _TOKEN.findall(head)
    shouting = any(each.isupper() and len(each) > 2 for each in tokens) and not head.isupper()
    lexicon = _words()
    parts: list[tuple[float, str]] = []
    turn: int | None = None
    for place, token in enumerate(tokens):
        word = token.lower()
        if word in _TURNS:
            turn = len(parts)
        weight = lexicon.get(word, 0.0)
        if not weight:
            continue
        label = word
        before = [each.lower() for each in tokens[max(0, place - 3) : place]]
        for stop in (".", "!", "?", ";", ","):
            if stop in before:
                before = before[len(before) - before[::-1].index(stop) :]
        if any(each in _STRONGER for each in before[-2:]):
            weight *= 1.3
        elif any(each in _WEAKER for each in before[-2:]):
            weight *= 0.7
        if any(each in _NEGATIONS for each in before):
            weight *= -0.74
            label = f"not {word}"
        if shouting and token.isupper() and len(token) > 2:
            weight *= 1.25
        parts.append((weight, label))
    if turn is not None and 0 < turn < len(parts):
        parts = [(w * (0.5 if at < turn else 1.5), label) for at, (w, label) in enumerate(parts)]
    for pattern, weight in _PHRASES:
        parts += [(weight, found.group().lower()) for found in pattern.finditer(head)]
    total = sum(weight for weight, _ in parts)
    if total:
        total += (1 if total > 0 else -1) * min(tokens.count("!"), 3) * 0.25
    value = total / sqrt(total * total + 15)
    side = [part for part in parts if part[0] * total > 0] or parts
    words = tuple(dict.fromkeys(label for _, label in sorted(side, key=lambda part: -abs(part[0]))))
    return round(value, 3), words[:4]


def read_sentiment(*, text: str, language: str = "en") -> Reading:
    """Read how a text sounds by the word list.

    Parameters
    ----------
    language : str
        Code of its language. The list is English: texts known to be in another language get no label.

    Examples
    --------
    >>> read_sentiment(text="I love it, works great!").label
    'positive'
    >>> read_sentiment(text="The export opens in a new window.")
    Reading(label='neutral', confidence=0.5, why='no word that praises or blames')
    """
    if language and language != "en":
        return Reading("", 0.0, f"the word list is English, the text is not ({language})")
    value, words = score(text=text)
    if not words:
        if not any(map(str.isalpha, text[:READ])):
            return Reading("", 0.0, "no words")
        return Reading("neutral", 0.5, "no word that praises or blames")
    why = ", ".join(f"“{word}”" for word in words)
    if abs(value) < DECIDED:
        return Reading("neutral", 0.45, f"little either way: {why}")
    label = "positive" if value > 0 else "negative"
    return Reading(label, round(0.5 + 0.45 * abs(value), 3), why)


def label_of_rating(*, rating: float, most: float) -> str:
    """Return what a rating out of `most` says: the lowest 40 % blame, the highest 25 % praise.

    >>> [label_of_rating(rating=stars, most=5) for stars in (1, 2, 3, 4, 5)]
    ['negative', 'negative', 'neutral', 'positive', 'positive']
    """
    share = rating / most
    return "negative" if share <= 0.45 else "positive" if share >= 0.75 else "neutral"


def train(
    *, texts: Sequence[str], labels: Sequence[str], seed: int = 0, least: int = LEAST
) -> classifiers.Trained:
    """Learn from ratings and corrections.

    Raises
    ------
    NotEnoughDataError
        Below `least` labelled texts.
    """
    return classifiers.train(texts=texts, labels=labels, seed=seed, least=least)


def rules_quality(*, texts: Sequence[str], labels: Sequence[str]) -> classifiers.Quality:
    """Measure the word list on labelled texts: what a learnt model has to beat."""
    return classifiers.quality(truth=labels, guesses=[read_sentiment(text=text).label for text in texts])
