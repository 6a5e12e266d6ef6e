"""All that is suggested for one piece of feedback, each with how sure and why: what a person accepts with one key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from roadbed.core.search.selectors import WORD
from roadbed.modules.insights.models import Double, Feedback, Reading
from roadbed.modules.insights.models.readings import Intent, Sentiment
from roadbed.modules.insights.selectors import doubles, suggestions, themes
from roadbed_engines.text.redaction import KINDS

SHORT = 140
"""A text as short as this is quoted whole."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words that would be quoted, and why these."""

    start: int
    end: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Label:
    """One of the labels to choose from: its key, and whether it is the one read."""

    value: str
    label: str
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Aspect:
    """Intent or sentiment as it was read."""

    name: str
    title: str
    labels: tuple[Label, ...]
    share: int
    why: str
    by_person: bool


@dataclass(frozen=True, slots=True)
class Private:
    """Words that look private."""

    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Brief:
    """What is suggested for a piece."""

    targets: Sequence[suggestions.Suggestion]
    words: Words | None
    aspects: tuple[Aspect, ...]
    theme: themes.Suggestion | None
    doubles: Sequence[Double]
    private: tuple[Private, ...]

    @property
    def target(self) -> suggestions.Suggestion | None:
        """The target that is chosen beforehand, if one is likely enough."""
        return self.targets[0] if self.targets and self.targets[0].is_sure else None

    @property
    def theme_share(self) -> int:
        """How sure the theme is, in hundredths."""
        return round(self.theme.confidence * 100) if self.theme else 0


KEYS = {
    "problem": "p",
    "request": "r",
    "praise": "a",
    "question": "w",
    "negative": "z",
    "neutral": "x",
    "positive": "v",
}


def _aspect(reading: Reading, name: str, title: str, choices: Sequence[tuple[str, str]]) -> Aspect:
    own = getattr(reading, name)
    return Aspect(
        name=name,
        title=title,
        labels=tuple(Label(value, label, KEYS[value], value == own) for value, label in choices),
        share=round(getattr(reading, f"{name}_confidence") * 100) if own else 0,
        why=getattr(reading, f"{name}_why"),
        by_person=getattr(reading, f"{name}_by") == "person",
    )


def aspects_of(reading: Reading) -> tuple[Aspect, ...]:
    """Return intent and sentiment, ready to be shown and corrected."""
    return (
        _aspect(reading, "intent", "Intent", Intent.choices),
        _aspect(reading, "sentiment", "Sentiment", Sentiment.choices),
    )


def best_words(*, text: str, reading: Reading, target: suggestions.Suggestion | None) -> Words | None:
    """Return the statement that says most about the target, or that is most like the whole; None to quote all of it."""
    if len(text) <= SHORT or len(reading.statements) < 2:
        return None
    wanted = set(suggestions.telling_words(f"{target.title} {' '.join(target.shared)}")) if target else set()

    def worth(part: Sequence[object]) -> tuple[int, int, float, int]:
        start, end, label, sure = int(str(part[0])), int(str(part[1])), str(part[2]), float(str(part[3]))
        own = {word.lower() for word in WORD.findall(text[start:end])}
        return len(wanted & own), int(label == reading.intent and bool(label)), sure, -start

    sound = [part for part in reading.statements if 0 <= part[0] < part[1] <= len(text)]
    if not sound:
        return None
    best = max(sound, key=worth)
    shared, same, _, _ = worth(best)
    why = (
        f"the statement that shares most words with {target.key}"
        if target and shared
        else "the statement that is most plainly what the whole is"
        if same
        else "the first statement"
    )
    return Words(int(best[0]), int(best[1]), text[best[0] : best[1]], why)


def private_in(*, text: str, reading: Reading) -> tuple[Private, ...]:
    """Return the words that look private, where somebody should look."""
    if not reading.has_private:
        return ()
    return tuple(
        Private(words=text[start:end][:120], kind=KINDS.get(kind, kind))
        for kind, start, end in reading.private
    )


def brief_of(
    *, feedback: Feedback, reading: Reading, workspace_slug: str, circles: Collection[int] = ()
) -> Brief:
    """Return all that is suggested for a piece, in a number of queries that does not grow with the workspace."""
    targets = suggestions.suggest_targets(
        workspace_id=feedback.workspace_id,
        workspace_slug=workspace_slug,
        text=feedback.text,
        feedback_id=feedback.pk,
        circles=circles,
    )
    sure = targets[0] if targets and targets[0].is_sure else None
    return Brief(
        targets=targets,
        words=best_words(text=feedback.text, reading=reading, target=sure),
        aspects=aspects_of(reading),
        theme=themes.suggest(feedback),
        doubles=doubles.of_piece(feedback=feedback, circles=circles),
        private=private_in(text=feedback.text, reading=reading),
    )
