"""A persona in sentences, and as a document; every sentence leads to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from roadbed.modules.insights.selectors.personas import Counted, Persona, PersonaNeed
from roadbed.modules.insights.services import outline_documents, outline_words
from roadbed.web import formats
from roadbed_engines.stats.proportions import Share

METHOD = (
    "A share is of the segment’s customers that were heard at all (feedback or a vote), with Wilson’s 95% interval "
    "(1927). “More than the rest” means that Newcombe’s 95% interval of the difference (1998, method 10) lies wholly "
    "above nought; of twenty needs that do not differ, one will look as if it did. Nothing here is written by hand."
)


def share_words(share: Share) -> str:
    """Return ``8 of 21 customers heard (38%, 21–59%)``."""
    return (
        f"{formats.number(share.successes)} of {formats.number(share.trials)} customers heard "
        f"({formats.percent(share.share)}, {100 * share.low:.0f}–{100 * share.high:.0f}%)"
    )


def rest_words(need: PersonaNeed) -> str:
    """Return how it is with the rest, and whether that surely differs."""
    if need.rest is None or need.difference is None:
        return "nobody else was heard"
    low, high = 100 * need.difference.low, 100 * need.difference.high
    points = f"{100 * need.difference.difference:+.0f} points, {low:.0f} to {high:.0f}".replace("-", "−")
    word = (
        "more than the rest"
        if need.difference.low > 0
        else "less than the rest"
        if high < 0
        else "like the rest"
    )
    return f"{word}: {formats.percent(need.rest.share)} there ({points})"


def _listed(words: Sequence[Counted]) -> str:
    return ", ".join(f"{one.name} ({formats.number(one.count)})" for one in words)


def introduction(persona: Persona, *, currency: str) -> str:
    """Return who they are, in one paragraph of counts."""
    customers = formats.plural(persona.size, "customer")
    text = f"{customers}, {formats.plural(persona.people, 'known person', 'known people')}; {persona.heard} were heard."
    if persona.revenue:
        unknown = f", of {persona.unpriced} it is not known" if persona.unpriced else ""
        text += f" They pay {formats.money(persona.revenue, currency=currency)} a year{unknown}."
    for label, words in persona.facets:
        if words:
            text += f" {label} {_listed(words)}."
    return text


def markdown(persona: Persona, *, currency: str, made_at: datetime, address: str) -> str:
    """Return the persona as a Markdown document; words of customers cannot change its shape."""
    plain = outline_documents.escape
    lines = [
        f"# {plain(persona.segment.title)}",
        "",
        f"*{outline_words.full_day(made_at)}, derived from {persona.segment.key}*",
        "",
        plain(introduction(persona, currency=currency)),
        "",
    ]
    if persona.refusal:
        return "\n".join([*lines, plain(persona.refusal), ""])
    for title, needs in (("Need most", persona.needs), ("More than the rest", persona.distinct)):
        lines += [f"## {title}", ""]
        if not needs:
            lines += ["Nothing surely.", ""]
        for need in needs:
            rows = f"{address}insights/demand/{need.record.key}/?segment={persona.segment.key}#customers"
            lines += [
                f"### {plain(need.record.title)}",
                "",
                f"{plain(share_words(need.share))}; {plain(rest_words(need))}. [{need.record.key}]({rows})",
                "",
            ]
            for quote in need.quotes:
                source = f"[{quote.key}]({outline_words.address(quote.url)})"
                lines += [
                    f"> “{plain(quote.text)}”",
                    f"> {plain(outline_words.citation_words(quote))} {source}",
                    "",
                ]
    return "\n".join([*lines, "---", "", METHOD, ""])


def as_facts(persona: Persona, *, currency: str) -> dict[str, Any]:
    """Return the persona as plain data, for the API."""

    def need(one: PersonaNeed) -> dict[str, Any]:
        apart = one.difference
        return {
            "key": one.record.key,
            "title": one.record.title,
            "people": one.people,
            "accounts": one.accounts,
            "share": one.share.share,
            "low": one.share.low,
            "high": one.share.high,
            "difference": apart.difference if apart else None,
            "difference_low": apart.low if apart else None,
            "difference_high": apart.high if apart else None,
            "sentence": f"{share_words(one.share)}; {rest_words(one)}.",
            "quotes": [
                {"key": quote.key, "text": quote.text, "citation": outline_words.citation_words(quote)}
                for quote in one.quotes
            ],
        }

    return {
        "segment": persona.segment.key,
        "title": persona.segment.title,
        "introduction": introduction(persona, currency=currency),
        "customers": persona.size,
        "heard": persona.heard,
        "rest_heard": persona.rest_heard,
        "needs": [need(one) for one in persona.needs],
        "distinct": [need(one) for one in persona.distinct],
        "refusal": persona.refusal,
        "method": METHOD,
    }
