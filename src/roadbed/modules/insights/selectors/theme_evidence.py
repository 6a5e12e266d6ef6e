"""What was heard of a theme, as a bead of the evidence chain."""

from __future__ import annotations

from collections.abc import Collection

from roadbed.core.evidence.registry import EvidenceItem, Part, Stage
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Feedback
from roadbed.modules.insights.selectors import themes
from roadbed.web import formats

ENOUGH_PEOPLE = 5
METHOD = (
    "The open feedback that lies in the theme. People are counted once, whatever they said and however often; so are "
    "customers, and their yearly revenue."
)


def heard_of(*, workspace: Workspace, base: str, ids: Collection[int]) -> dict[int, EvidenceItem]:
    """Return who speaks of each theme, with the quote nearest its middle; two queries."""
    rows = (
        themes.live(workspace_id=workspace.pk).filter(pk__in=ids, tally__people__gt=0).select_related("tally")
    )
    found = list(rows)
    nearest = [theme.nearest[0] for theme in found if theme.nearest]
    quotes = Feedback.objects.in_workspace(workspace.pk).in_bulk(nearest)
    items = {}
    for theme in found:
        tally = theme.tally
        people = formats.plural(tally.people, "person", "people")
        customers = f" at {formats.plural(tally.accounts, 'customer')}" if tally.accounts else ""
        quote = quotes.get(theme.nearest[0]) if theme.nearest else None
        items[theme.pk] = EvidenceItem(
            record_id=theme.pk,
            stage=Stage.HEARD,
            headline=f"{people}{customers}",
            strength="full" if tally.people >= ENOUGH_PEOPLE else "partial",
            detail=f"{formats.money(tally.revenue, currency=workspace.currency)} a year"
            if tally.revenue
            else "",
            quote=quote.text[:300] if quote else "",
            at=tally.latest_at,
            parts=(
                Part(
                    label=f"All {formats.plural(tally.quotes, 'piece')}",
                    value=theme.direction or "too few to see a trend",
                    url=f"{base}insights/feedback/?theme={theme.key}",
                ),
            ),
            method=METHOD,
        )
    return items
