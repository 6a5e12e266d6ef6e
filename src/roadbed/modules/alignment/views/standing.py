"""How far people agree about a record, for its own page."""

from __future__ import annotations

from roadbed.core.records.models import Record
from roadbed.core.records.standings import Line, Standing
from roadbed.core.workspaces.access import Access
from roadbed.modules.alignment.selectors import results


def standing(access: Access, record: Record) -> Standing | None:
    """Return a line of the last opened session of the team radar that rated the record; three queries."""
    if record.kind != "feature" or record.circle_id is not None:
        return None
    last = results.last_about(record)
    if last is None:
        return Standing((), "No session of the team radar has rated it.")
    url = f"/w/{access.workspace.slug}/alignment/sessions/{last.session.number}/"
    votes = sum(cell.votes for cell in last.cells)
    if last.level is None:
        words = "nobody voted on it" if not votes else "too few votes to say how far people agree"
        return Standing((Line(last.session.title, url, words),))
    widest = last.widest
    note = ""
    if widest is not None and widest.level is not None and len(last.cells) > 1:
        camps = ", in two camps" if widest.in_camps else ""
        note = f"Least about {widest.criterion.label.lower()}: {widest.level:.0%}{camps}"
    return Standing(
        (Line(last.session.title, url, f"people agree {last.level:.0%}", note=note, note_url=url),)
    )
