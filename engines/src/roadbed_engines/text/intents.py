"""What a piece of feedback is: a problem, a request, praise or a question. Rules at first, then what people taught."""

# ruff: noqa: E501 - a table of phrases reads best with each row on its line
from __future__ import annotations

import re
from collections.abc import Sequence
from math import exp

from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.text import classifiers, sentiment
from roadbed_engines.text.classifiers import Reading

LABELS = ("problem", "request", "praise", "question")
READ = 4_000
STEEPNESS = 0.9
FEELING = 0.3
"""A text without a known phrase that sounds at least so (from −1 to 1) is a problem, or praise."""
UNSURE = 0.4

_RULES: dict[str, tuple[tuple[float, str], ...]] = {
    "problem": (
        (2.2, r"crash\w*|freez\w+|hang(?:s|ing)?\b|hung|broken|corrupt\w*|blank (?:page|screen|map)|data loss|stack ?trace|exception"),
        (2.0, r"(?:does|do|did|is|are|was|has|have|will|would|could|can)(?:n[’']t| not| no longer)"
              r" (?:work\w*|load\w*|open\w*|show\w*|send\w*|sync\w*|start\w*|connect\w*|save\w*|respon\w+|receiv\w+|print\w*|display\w*|find|log)"),
        (1.8, r"stopped? working|no longer (?:works?|possible|there)|not working|fail(?:s|ed|ing|ure)?\b|errors?\b|bugs?\b|bugg?y"),
        (1.5, r"can(?:[’']t|not| not)\b|unable to|won[’']t\b|(?:get|got|is|are) stuck|disappear\w*|vanish\w*|los(?:t|es|ing)\b|missing\b|wrong\b|incorrect\w*"),
        (1.2, r"problems?\b|issues?\b|trouble|slow\w*|lag\w*|annoy\w+|frustrat\w+|confus\w+|terribl\w+|useless|unusable|unreliable|worse|worst|nightmare|joke\b"),
        (0.9, r"since (?:the|last|this|i) (?:\w+ )?(?:update|upgrade|version|release|updated|upgraded)|after (?:the )?(?:update|upgrad\w+)|keeps? \w+ing"
              r"|every time|too (?:many|long|slow|small|late|hard|much)|waste\w*|have to (?:ring|call|phone|copy|type|re)|by hand\b"),
        (1.4, r"funktioniert nicht|geht nicht|fehler\b|absturz|abgestürzt|kaputt|ne (?:marche|fonctionne) (?:pas|plus)|erreur|no funciona|werkt niet|non funziona"),
        (
            0.9,
            r"(?:does|do|did|is|are|was|were|has|have|could|will|would)(?:n[’']t| not)\b|silly|ridiculous|pointless|painful|tedious"
            r"|gamble|nobody (?:\w+ )?(?:can|knows|hits|sees|told|had)|never (?:\w+s|know|see|get)\b|we lose\b|has to (?:be|ring|call)|kills\b",
        ),
    ),
    "request": (
        (2.6, r"please (?:add|make|allow|let|give|bring|consider|include|support|provide|implement|enable|change|fix|restore|offer)\b"
              r"|feature request|suggestion|i suggest|consider adding|can you (?:please )?(?:add|make|allow|bring|support)"
              r"|could you (?:please )?(?:add|make|allow|bring|support|include)"),
        (2.2, r"would (?:be (?:nice|great|good|helpful|useful|lovely|better|handy|perfect)|like|love|pay|help us|save us)\b|i[’']d (?:like|love)|wish\w*\b|hope (?:you|to see)|looking forward to"),
        (1.8, r"(?:we|i|you|it|they|there) (?:really |badly |also )?(?:need|needs|want|wants|should|must)\b|needs? (?:to|a|an|some|more)\b|should (?:be|have|let|show|keep|allow|send|remember)\b"),
        (1.6, r"(?:option|ability|possibility|way|button|setting|support|integration|api) (?:to|for)\b|make it (?:possible|easier)|instead of having to|allow (?:us|me|users?) to|let (?:us|me) \w+"),
        (1.2, r"^(?:add|allow|support|send|show|give|make|let|bring|enable|include|integrate)\b|if only\b|missing feature|dark mode|import from|export to"),
        (1.8, r"bitte (?:fügt|füge|macht|gebt|baut|ergänz\w+)|wäre (?:schön|gut|toll|super)|wünsch\w*|il (?:serait|faudrait)|j[’']aimerais|sería (?:bueno|genial)|quisiera|zou (?:fijn|mooi)"),
        (
            1.7,
            r"(?:(?<=^)|(?<=[:.!] ))(?:show|send|let|give|add|allow|tell|keep|put|make|bring|remember|hide|sort|group|warn|print|support)"
            r" (?:us|me|the|a|an|it|my|our|one|people|customers|drivers|more|two)\b",
        ),
    ),
    "praise": (
        (2.4, r"\blove (?:it|this|the|how|that|your)\b|well done|great (?:job|work|product|app|tool|update|support)|keep (?:it )?up|thank you (?:so much )?for|thanks for"
              r"|(?:works?|working|runs?) (?:great|well|perfectly|beautifully|like a charm|flawlessly)|best (?:app|tool|thing|product|purchase|software)"),
        (1.8, r"awesome|amazing|excellent|fantastic|brilliant|wonderful|superb|outstanding|delight\w+|perfect(?:ly)?\b|flawless\w*|impress\w+|recommend\w*"),
        (1.2, r"\bgreat\b|\bgood\b|\bnice\b|happy\b(?! to)|pleased|glad\b(?! to)|easy to use|easier (?:than|now)|intuitive|saves? (?:us|me|our|my|a lot|so much|time)|life ?saver|helpful|finally\b|much better|so fast|reliable"),
        (1.6, r"\bsuper\b|\btoll\b|klasse|großartig|wunderbar|génial|parfait|excelente|genial|geweldig|ottimo"),
    ),
    "question": (
        (2.4, r"^(?:how|what|where|when|why|which|who|is|are|does|do|did|can|could|will|should|has|have|am)\b[^.!?]{3,300}\?"),
        (2.2, r"how (?:do|can|should|would|to|does|did)\b|is (?:there|it possible)|are there|does (?:it|anyone|anybody|this|the)|do you (?:have|know|support|plan)|can (?:i|we|one|someone|anyone)\b"),
        (1.6, r"\?(?:\s|$)|wondering|any (?:idea|way|plan|news|chance|advice|suggestions)|what (?:is|are|does|happens|about)|where (?:is|are|can|do)|why (?:is|does|do|are|can)|what[’']s the"),
        (1.8, r"^(?:wie|was|wo|wann|warum|welche\w*|kann|gibt es|comment|pourquoi|quand|est-ce|cómo|qué|dónde|por qué|hoe|waarom|come|perché)\b"),
    ),
}  # fmt: skip
_COMPILED = {
    label: tuple(
        (weight, re.compile(rf"(?<!\w)(?:{pattern})", re.IGNORECASE | re.MULTILINE))
        for weight, pattern in rules
    )
    for label, rules in _RULES.items()
}
_CALM = re.compile(
    r"(?:never|no|without(?: any)?|not (?:a|one) single|zero|hasn[’']t|doesn[’']t|fixed (?:the|my|this|that|all)(?: \w+)?)\s+$",
    re.IGNORECASE,
)
_NOT = re.compile(r"(?:not|n[’']t|never|hardly|less)(?: \w+)? $", re.IGNORECASE)


def read_intent(*, text: str) -> Reading:
    """Read what a text is by rules: turns of phrase that speak for one of the four, each with its weight.

    Parameters
    ----------
    text : str
        The first 4,000 characters are read. English, with the commonest phrases of five other languages.

    Returns
    -------
    Reading
        One of `LABELS`, how sure, and the phrases; by its feeling alone, and unsure, where no phrase is known; or an
        empty label.

    Examples
    --------
    >>> read_intent(text="Please add a dark mode.")
    Reading(label='request', confidence=0.911, why='“Please add”, “dark mode”')
    >>> read_intent(text="The app crashes when I open a large run").label
    'problem'
    >>> read_intent(text="Northwind, Tuesday").label
    ''
    """
    head = text[:READ].replace("\x00", " ")
    scores: dict[str, float] = {}
    told: dict[str, list[str]] = {}
    for label, rules in _COMPILED.items():
        total = 0.0
        for weight, pattern in rules:
            seen = 0
            for found in pattern.finditer(head):
                before = head[max(0, found.start() - 24) : found.start()]
                if label == "problem" and _CALM.search(before):
                    continue  # "never crashes", "fixed the bug"
                if label == "praise" and _NOT.search(before):
                    continue  # "not great"
                seen += 1
                # A phrase again says less than the first time.
                total += weight / seen
                told.setdefault(label, []).append(" ".join(found.group().split())[:40])
                if seen == 3:
                    break
        if total:
            scores[label] = total
    if not scores:
        value, words = sentiment.score(text=head)
        if abs(value) < FEELING:
            return Reading("", 0.0, "no phrase that tells")
        why = "it blames" if value < 0 else "it praises"
        named = ", ".join(f"“{word}”" for word in words[:3])
        return Reading("problem" if value < 0 else "praise", UNSURE, f"{why}: {named}")
    shares = {label: exp(STEEPNESS * min(scores.get(label, 0.0), 6.0)) for label in LABELS}
    best = max(LABELS, key=lambda label: shares[label])
    why = ", ".join(f"“{phrase}”" for phrase in list(dict.fromkeys(told[best]))[:3])
    return Reading(best, round(shares[best] / sum(shares.values()), 3), why)


def train(*, texts: Sequence[str], labels: Sequence[str], seed: int = 0) -> classifiers.Trained:
    """Learn the four intents from labelled texts.

    Raises
    ------
    NotEnoughDataError
        Below 60 labelled texts, or with fewer than two labels that have ten.
    ValueError
        If a label is none of the four.
    """
    strange = set(labels) - set(LABELS)
    if strange:
        raise ValueError(f"{sorted(strange)[0]} is no intent.")
    return classifiers.train(texts=texts, labels=labels, seed=seed)


def rules_quality(*, texts: Sequence[str], labels: Sequence[str]) -> classifiers.Quality:
    """Measure the rules on labelled texts: what a learnt model has to beat."""
    if not texts:
        raise NotEnoughDataError("There is nothing labelled to measure the rules on.")
    return classifiers.quality(truth=labels, guesses=[read_intent(text=text).label for text in texts])
