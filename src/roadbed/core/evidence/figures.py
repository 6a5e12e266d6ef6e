"""The figures of a tally as every page shows them: each opens to the rows that it is made of."""

from __future__ import annotations

from typing import Any

from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.web import formats, receipts

METHODS = {
    "people": "Everybody counts once, whether they said it, voted for it, or both; somebody unnamed is one person.",
    "customers": "Distinct accounts of these people. What they pay is in their rows; unknown is not nought.",
    "revenue": "The yearly revenue of the distinct customers, as far as it is known.",
    "impact": "What each person's voice counts, by its strength and their segment, added up.",
    "strength": "The strongest word of each person, from 0 (nice to have, or a vote) to 3 (deal-breaker), added up.",
}


def demand_url(record: Record, *, workspace: str) -> str:
    """Return the page with the rows behind a record's figures."""
    return f"/w/{workspace}/insights/demand/{record.key}/"


def revenue_words(tally: EvidenceTally | None, *, currency: str) -> str:
    """Return the revenue as a person would say it: unknown is never nought."""
    if tally is None or not tally.accounts:
        return "–"
    if tally.unpriced >= tally.accounts:
        return "unknown"
    return formats.money(tally.revenue, currency=currency)


def revenue_note(tally: EvidenceTally | None) -> str:
    """Return for how many customers the revenue is not known, where it is for others."""
    if tally is None or not tally.unpriced or tally.unpriced >= tally.accounts:
        return ""
    return f"+ {formats.number(tally.unpriced)} unknown"


def asking_facts(
    *, record: Record, tally: EvidenceTally | None, workspace: Workspace
) -> list[dict[str, Any]]:
    """Return impact, people, customers, revenue and strength for ``components/facts.html``."""
    page = demand_url(record, workspace=workspace.slug)
    currency = workspace.currency

    def figure(name: str, title: str, value: str) -> receipts.Receipt:
        return receipts.Receipt(
            value=value,
            title=title,
            url=f"{page}{name}/" if tally is not None and tally.people else "",
            method=METHODS[name],
            more_url=f"{page}#{name}",
            more_label="See every row",
        )

    number = formats.number
    votes = f"{formats.plural(tally.voters, 'voter')}" if tally is not None and tally.voters else ""
    return [
        {
            "label": "Impact",
            "figure": figure("impact", "Impact", number(tally.impact if tally else 0, digits=1)),
        },
        {
            "label": "People",
            "figure": figure("people", "Distinct people", number(tally.people if tally else 0)),
            "note": votes,
        },
        {
            "label": "Customers",
            "figure": figure("customers", "Distinct customers", number(tally.accounts if tally else 0)),
        },
        {
            "label": "Revenue a year",
            "figure": figure("revenue", "Revenue a year", revenue_words(tally, currency=currency)),
            "note": revenue_note(tally),
        },
        {
            "label": "Strength",
            "figure": figure("strength", "Strength", number(tally.strength if tally else 0)),
            "note": formats.plural(tally.deal_breakers, "deal-breaker")
            if tally and tally.deal_breakers
            else "",
        },
    ]
