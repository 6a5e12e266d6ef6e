"""A small classifier of short texts that learns from a few hundred labels, and is kept without pickle.

Words (one and two in a row) and groups of three to five letters, weighted by TF-IDF, into a logistic regression: on
short feedback this beats sentence vectors, because the form of words ("please add", "how do I") tells most.
Learning uses scikit-learn; reading needs NumPy alone.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from roadbed_engines.errors import NotEnoughDataError

READ = 2_000
"""So many characters of a text are read."""
FEATURES = 30_000
LEAST = 60
"""Labels that it takes altogether, and for each label one in six of these."""
MOST = 8_000
FOLDS = 5
FORMAT = 1
_WORD = re.compile(r"\w\w+|[?!]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text was read as. An empty label says that there was nothing to go by."""

    label: str
    confidence: float
    """Between 0 and 1; 0 with an empty label."""
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """How well one label is told apart, on texts that were held back from learning."""

    label: str
    texts: int
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What cross-validation measured."""

    texts: int
    accuracy: float
    macro_f1: float
    majority: float
    """The accuracy of always answering the most frequent label: what there is to beat."""
    scores: tuple[Score, ...]


def features(text: str) -> list[str]:
    """Return the features of a text: its words, pairs of words, and groups of letters within words.

    >>> features("Add it?")[:4]
    ['add', 'it', '?', 'add it']
    """
    words = _WORD.findall(text[:READ].replace("\x00", " ").casefold())
    found = list(words)
    found += [f"{left} {right}" for left, right in pairwise(words)]
    for word in words:
        padded = f"_{word[:40]}_"
        size = len(padded)
        for length in (3, 4, 5):
            if length > size:
                break
            found += [f"~{padded[at : at + length]}" for at in range(size - length + 1)]
    return found


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by feature and label; made by `train`, kept by `to_bytes`."""

    labels: tuple[str, ...]
    vocabulary: Mapping[str, int] = field(repr=False)
    idf: NDArray[np.float32] = field(repr=False)
    """Shape (features,)."""
    weights: NDArray[np.float32] = field(repr=False)
    """Shape (labels, features)."""
    bias: NDArray[np.float32] = field(repr=False)

    def read(self, *, text: str) -> Reading:
        """Read a text; the words that spoke most for the label are the reason."""
        counts = Counter(name for name in features(text) if name in self.vocabulary)
        if not counts:
            return Reading("", 0.0, "none of its words was seen among the labelled ones")
        names = list(counts)
        places = np.fromiter((self.vocabulary[name] for name in names), dtype=np.intp, count=len(names))
        terms = np.fromiter((1 + log(counts[name]) for name in names), dtype=np.float32, count=len(names))
        values = terms * self.idf[places]
        values /= float(np.linalg.norm(values)) or 1.0
        own = self.weights[:, places] * values
        logits = own.sum(axis=1) + self.bias
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        lead = own[best] - own.mean(axis=0)
        told = [names[at] for at in np.argsort(-lead)[:40] if lead[at] > 0 and not names[at].startswith("~")][
            :3
        ]
        why = ", ".join(f"“{name}”" for name in told) or "the letters of its words"
        return Reading(self.labels[best], round(float(shares[best]), 3), f"learnt from labels: {why}")

    def to_bytes(self) -> bytes:
        """Return the model as an ``.npz`` archive of plain arrays; `Model.from_bytes` reads it back."""
        names = "\n".join(sorted(self.vocabulary, key=lambda name: self.vocabulary[name]))
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            format=np.array([FORMAT]),
            labels=np.frombuffer("\n".join(self.labels).encode(), dtype=np.uint8),
            names=np.frombuffer(names.encode(), dtype=np.uint8),
            idf=self.idf.astype(np.float16),
            weights=self.weights.astype(np.float16),
            bias=self.bias,
        )
        return kept.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Model:
        """Read a model that was kept.

        Raises
        ------
        ValueError
            If these bytes are no model, or of another format.
        """
        with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
            if int(arrays["format"][0]) != FORMAT:
                raise ValueError("This model was kept in another format.")
            names = bytes(arrays["names"]).decode().split("\n")
            return cls(
                labels=tuple(bytes(arrays["labels"]).decode().split("\n")),
                vocabulary={name: place for place, name in enumerate(names)},
                idf=arrays["idf"].astype(np.float32),
                weights=arrays["weights"].astype(np.float32),
                bias=arrays["bias"].astype(np.float32),
            )


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and how good it is."""

    model: Model
    quality: Quality


def train(
    *, texts: Sequence[str], labels: Sequence[str], seed: int = 0, least: int = LEAST, folds: int = FOLDS
) -> Trained:
    """Learn to label texts, and measure it by stratified cross-validation.

    Parameters
    ----------
    texts, labels : sequences of str, of one length
        The latest last: of more than 8,000 the last are learnt from. Labels hold no line break.
    least : int
        How many labelled texts it takes altogether; each label needs a sixth of that.

    Raises
    ------
    NotEnoughDataError
        If there are fewer labelled texts, or fewer than two labels have enough of them.
    ValueError
        If the two differ in length.

    Notes
    -----
    Texts whose label has too few of its kind are left out: one example teaches nothing.
    """
    if len(texts) != len(labels):
        raise ValueError("Each text needs a label.")
    counts = Counter(labels)
    enough = {label for label, count in counts.items() if label and count >= max(least // 6, folds)}
    kept = [
        (text, label) for text, label in zip(texts, labels, strict=True) if label in enough and text.strip()
    ]
    if len(enough) < 2 or len(kept) < least:
        raise NotEnoughDataError(
            f"It takes {least} labelled texts, and {max(least // 6, folds)} of each of two labels at least; "
            f"there are {len(kept)} of {len(enough)} labels with so many."
        )
    kept = kept[-MOST:]
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    names = [label for _, label in kept]
    vectorizer = TfidfVectorizer(
        analyzer=features,
        sublinear_tf=True,
        min_df=1 if len(kept) < 400 else 2,
        max_features=FEATURES,
        dtype=np.float32,
    )
    matrix = vectorizer.fit_transform([text for text, _ in kept])
    classifier = LogisticRegression(C=8.0, max_iter=400, class_weight="balanced", random_state=seed)
    order = StratifiedKFold(n_splits=folds, shuffle=True, random_state=seed)
    guessed = [str(one) for one in cross_val_predict(classifier, matrix, names, cv=order)]
    classifier.fit(matrix, names)
    weights, bias = classifier.coef_, classifier.intercept_
    if len(classifier.classes_) == 2:
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.concatenate([-bias / 2, bias / 2])
    model = Model(
        labels=tuple(str(one) for one in classifier.classes_),
        vocabulary={name: int(place) for name, place in vectorizer.vocabulary_.items()},
        idf=vectorizer.idf_.astype(np.float32),
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
    )
    return Trained(model=model, quality=quality(truth=names, guesses=guessed))


def quality(*, truth: Sequence[str], guesses: Sequence[str]) -> Quality:
    """Compare what was said with what is so.

    Examples
    --------
    >>> quality(truth=["a", "a", "b"], guesses=["a", "b", "b"]).accuracy
    0.667

    Raises
    ------
    NotEnoughDataError
        If there is nothing to compare.
    """
    if not truth:
        raise NotEnoughDataError("There is nothing to compare with.")
    pairs = list(zip(truth, guesses, strict=True))
    scores, halves = [], []
    for label in sorted(set(truth)):
        hits = sum(1 for own, guess in pairs if own == guess == label)
        own_count = sum(1 for own, _ in pairs if own == label)
        guessed = sum(1 for _, guess in pairs if guess == label)
        precision, recall = hits / guessed if guessed else 0.0, hits / own_count
        scores.append(Score(label, own_count, round(precision, 3), round(recall, 3)))
        halves.append(2 * hits / (own_count + guessed) if own_count + guessed else 0.0)
    return Quality(
        texts=len(pairs),
        accuracy=round(sum(1 for own, guess in pairs if own == guess) / len(pairs), 3),
        macro_f1=round(sum(halves) / len(halves), 3),
        majority=round(Counter(truth).most_common(1)[0][1] / len(pairs), 3),
        scores=tuple(scores),
    )
