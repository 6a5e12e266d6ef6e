"""What a question asks for: its words, and the kind of answer that would settle it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from roadbed_engines.text import lexical


class Wanted(StrEnum):
    """The kind of answer that a question wants."""

    ANYTHING = "anything"
    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    REASON = "reason"


_NUMBER_ASKED = re.compile(
    r"\bhow (?:many|much|old|long|far|tall|big|large|often|high|deep|fast|few)\b"
    r"|\bwhat (?:percent|percentage|number|amount|share|fraction|proportion)\b"
    r"|\bwhat (?:\w+ )?(?:cost|price|rate|version|score|population|size)\b"
)
_DATE_ASKED = re.compile(
    r"\bwhen\b|\b(?:(?:in|on) )?(?:what|which) (?:year|date|day|month|century|decade|time)\b"
)
_REASON_ASKED = re.compile(r"\bwhy\b")
_NAME_ASKED = re.compile(
    r"\bwho(?:m|se)?\b|\bwhere\b"
    r"|\b(?:what|which) (?:city|country|state|place|region|town|river|county|province|continent)\b"
    r"|\b(?:what|which) (?:\w+ )?(?:name|company|customer|account|person|team|player|king|group|organi[sz]ation"
    r"|university|school|author|band|language)\b"
)
_NUMBER = re.compile(
    r"\d+(?:[.,]\d+)*|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty"
    r"|forty|fifty|hundreds?|thousands?|million|billion|half|third|quarter|twice|once|single|none|no|several"
    r"|many)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1\d{3}|20\d\d)s?\b|\b(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b|\bcentur(?:y|ies)\b"
    r"|\b\d+ (?:years?|days?|weeks?|months?)\b|\b(?:yesterday|tomorrow|today|decade)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[A-Z][\w’'-]+")
_REASON = re.compile(
    r"\b(?:because|due to|since|in order to|so that|reasons?|caused?|leads? to|led to|as a result|therefore|thus|to)\b",
    re.IGNORECASE,
)
_PATTERNS = {Wanted.NUMBER: _NUMBER, Wanted.DATE: _DATE, Wanted.NAME: _NAME}
LONGEST_QUESTION = 4_000


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a search reads it."""

    text: str
    words: tuple[str, ...]
    """The stems of its words, each once, without stop words."""
    wanted: Wanted

    def fits(self, sentence: str) -> float:
        """Return 1 where a sentence has what is wanted and the question does not already say, else 0.

        Where anything may be the answer, each sentence fits by half.
        """
        if self.wanted is Wanted.ANYTHING:
            return 0.5
        if self.wanted is Wanted.REASON:
            return float(bool(_REASON.search(sentence)))
        said = set(lexical.raw_words(self.text))
        found = (match.group().lower() for match in _PATTERNS[self.wanted].finditer(sentence))
        return float(any(not set(lexical.raw_words(part)) <= said for part in found))


def wanted_by(text: str) -> Wanted:
    """Return the kind of answer that a question wants; English only, everything else wants anything.

    Examples
    --------
    >>> [wanted_by(text).value for text in ("Who asked for it?", "How many vans?", "Since when?", "Why not?")]
    ['name', 'number', 'date', 'reason']
    """
    lower = text.lower()
    for pattern, wanted in (
        (_NUMBER_ASKED, Wanted.NUMBER),
        (_DATE_ASKED, Wanted.DATE),
        (_REASON_ASKED, Wanted.REASON),
        (_NAME_ASKED, Wanted.NAME),
    ):
        if pattern.search(lower):
            return wanted
    return Wanted.ANYTHING


def read(text: str) -> Question:
    """Return a question as a search reads it.

    Examples
    --------
    >>> read("When did the vans run late?")
    Question(text='When did the vans run late?', words=('van', 'run', 'late'), wanted=<Wanted.DATE: 'date'>)
    """
    text = " ".join(text[:LONGEST_QUESTION].replace("\x00", " ").split())
    return Question(text=text, words=tuple(dict.fromkeys(lexical.words(text))), wanted=wanted_by(text))
