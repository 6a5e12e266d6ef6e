"""What an outline says in a few sentences, before its ranking. Every sentence names the rows that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from roadbed.modules.insights.selectors.outline import Entry, Outline
from roadbed.modules.insights.selectors.outline_open import OpenTheme
from roadbed.modules.insights.services import outline_words
from roadbed.web import formats
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.proportions import share_of
from roadbed_engines.stats.trend import Direction

FIRST = 3
MOST_THEMES = 5


@dataclass(frozen=True, slots=True)
class Source:
    """What a sentence rests on: a key, and the address of its rows."""

    key: str
    url: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, with its sources; one without any is never written."""

    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences under a heading."""

    title: str
    sentences: tuple[Sentence, ...]


def _rows(outline: Outline, entry: Entry) -> Source:
    scope = f"?segment={outline.question.scope.segment.key}" if outline.question.scope.segment else ""
    return Source(entry.key, f"/w/{outline.workspace.slug}/insights/demand/{entry.key}/{scope}")


def _words(outline: Outline, entry: Entry) -> Source:
    scope = f"?segment={outline.question.scope.segment.key}" if outline.question.scope.segment else ""
    return Source(entry.key, f"{entry.url}{scope}#quotes")


def _first(outline: Outline) -> list[Sentence]:
    """Who needs what most, in the order of the ranking."""
    currency = outline.workspace.currency
    spoken = [entry for entry in outline.entries if entry.figures.people][:FIRST]
    found = []
    for place, entry in enumerate(spoken):
        lead = ("Most of all they need to", "Then to", "And to")[min(place, 2)]
        title = entry.title[:1].lower() + entry.title[1:] if entry.title[1:2].islower() else entry.title
        told = outline_words.people_words(entry.figures, currency=currency)
        found.append(Sentence(f"{lead} {title.rstrip('.')}: {told}.", (_rows(outline, entry),)))
    return found


def _expected(outline: Outline) -> list[Sentence]:
    """What they expect instead, as somebody wrote it down for the need."""
    known = [entry for entry in outline.entries if entry.expectation and entry.figures.people][:FIRST]
    return [
        Sentence(
            f"{'They expect this' if place == 0 else 'And this'}: {entry.expectation.rstrip('.')}.",
            (Source(entry.key, entry.url),),
        )
        for place, entry in enumerate(known)
    ]


def _moving(outline: Outline) -> list[Sentence]:
    """What is surely asked for more, or less, than before."""
    found = []
    for direction, words in ((Direction.RISING, "more often"), (Direction.FALLING, "less often")):
        moving = [entry for entry in outline.entries if entry.trend.direction is direction][:FIRST]
        if moving:
            titles = "; ".join(
                f"{entry.title.rstrip('.')} ({outline_words.trend_words(entry.trend)})" for entry in moving
            )
            text = f"Asked for {words} than before: {titles}."
            found.append(Sentence(text, tuple(_words(outline, entry) for entry in moving)))
    return found


def _unanswered(outline: Outline) -> list[Sentence]:
    """What nothing is built for yet, though somebody cannot do without it."""
    open_needs = [entry for entry in outline.entries if not entry.answers and entry.figures.people]
    if not open_needs:
        return []
    hard = [entry for entry in open_needs if entry.figures.deal_breakers]
    shown = (hard or open_needs)[:FIRST]
    titles = "; ".join(entry.title.rstrip(".") for entry in shown)
    if hard:
        people = sum(entry.figures.deal_breakers for entry in hard)
        lead = f"Nothing answers {formats.plural(len(open_needs), 'need')} yet, among them deal-breakers for "
        text = f"{lead}{formats.plural(people, 'person', 'people')}: {titles}."
    else:
        text = f"Nothing answers {formats.plural(len(open_needs), 'need')} yet: {titles}."
    return [Sentence(text, tuple(_rows(outline, entry) for entry in shown))]


def _by_segment(outline: Outline) -> list[Sentence]:
    """What most customers of each segment need, with the share of its customers heard."""
    if outline.question.scope.narrows_feedback:
        return []
    heard = outline.heard
    best: dict[str, tuple[int, Entry, str]] = {}
    for entry in outline.entries:
        for share in entry.segments:
            if share.accounts and (share.key not in best or share.accounts > best[share.key][0]):
                best[share.key] = (share.accounts, entry, share.title)
    found = []
    for key in sorted(best, key=lambda name: best[name][2]):
        accounts, entry, title = best[key]
        try:
            known = share_of(successes=min(accounts, heard.get(key, 0)), trials=heard.get(key, 0))
        except NotEnoughDataError:
            continue
        rows = f"/w/{outline.workspace.slug}/insights/demand/{entry.key}/?segment={key}#customers"
        text = (
            f"{title}: most ask for “{entry.title.rstrip('.')}”, {known.successes} of {known.trials} customers heard "
            f"({formats.percent(known.share)}, {100 * known.low:.0f}–{100 * known.high:.0f}%)."
        )
        found.append(Sentence(text, (Source(entry.key, rows),)))
    return found


def _themes(themes: Sequence[OpenTheme]) -> list[Sentence]:
    """What is said often, though nobody has written a need for it."""
    found = []
    for theme in themes[:MOST_THEMES]:
        people = formats.plural(theme.people, "person", "people")
        said = f" “{theme.quote}”" if theme.quote else ""
        sources = [Source(theme.key, theme.url)]
        if theme.quote_key:
            sources.append(Source(theme.quote_key, theme.quote_url))
        end = "" if said.endswith((".”", "!”", "?”", "…”")) else "." if said else ""
        found.append(Sentence(f"{theme.title}: {people}.{said}{end}", tuple(sources)))
    return found


def draft(outline: Outline) -> list[Passage]:
    """Return the passages of an outline; those with nothing to say are left out."""
    passages = (
        Passage("What they need", tuple(_first(outline))),
        Passage("What they expect", tuple(_expected(outline))),
        Passage("What changes, and what is open", (*_moving(outline), *_unanswered(outline))),
        Passage("By segment", tuple(_by_segment(outline))),
        Passage("Said often, and no need yet", tuple(_themes(outline.themes))),
    )
    return [passage for passage in passages if passage.sentences]


def whole(outline: Outline) -> dict[str, Any]:
    """Return the outline as plain data, its draft first: what the API answers, and what documents are made from."""
    return {"draft": as_facts(draft(outline)), **outline_words.as_facts(outline)}


def as_facts(passages: Sequence[Passage]) -> list[dict[str, object]]:
    """Return the passages as plain data, with whole addresses."""
    return [
        {
            "title": passage.title,
            "sentences": [
                {
                    "text": sentence.text,
                    "sources": [
                        {"key": source.key, "url": f"{settings.ROADBED_URL}{source.url}"}
                        for source in sentence.sources
                    ],
                }
                for sentence in passage.sentences
            ],
        }
        for passage in passages
    ]
