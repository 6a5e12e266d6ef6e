"""Accept what is suggested for a piece, all of it or with corrections, in one deed that one key takes back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Feedback, Strength, Theme
from roadbed.modules.insights.selectors import briefs
from roadbed.modules.insights.services import quotes, readings, themes, triage
from roadbed.modules.insights.services.deeds import Deed, doing

MOST_AT_ONCE = 100


def accept_all(
    *,
    feedback: Feedback,
    actor: Actor,
    at: datetime,
    target: Record | None = None,
    start: int = 0,
    end: int | None = None,
    strength: int = Strength.USEFUL,
    note: str = "",
    intent: str = "",
    sentiment: str = "",
    theme: Theme | None = None,
    stay: bool = False,
) -> Deed:
    """Quote the words for the target, say what the piece is and where it belongs, and call it triaged.

    Raises
    ------
    ValidationError
        If the words, a label or the theme are refused; nothing is done then.
    """
    with doing(workspace_id=feedback.workspace_id) as deed:
        if target is not None:
            quotes.quote_words(
                feedback=feedback,
                target=target,
                start=start,
                end=len(feedback.text) if end is None else end,
                strength=strength,
                note=note,
                actor=actor,
                at=at,
            )
        for aspect, label in (("intent", intent), ("sentiment", sentiment)):
            if label:
                readings.correct(feedback=feedback, aspect=aspect, label=label, actor=actor, at=at)
        if theme is not None:
            _put_into(theme, feedback, actor, at)
        if not stay:
            triage.mark_triaged(feedback=feedback, actor=actor, at=at)
        deed.count = 1
    return deed


def _put_into(theme: Theme, feedback: Feedback, actor: Actor, at: datetime) -> None:
    moved = themes.move_pieces(pieces=[feedback], theme=theme, actor=actor, at=at)
    if moved.count:
        facts = {"theme": theme.key, "title": theme.title, "before": [list(one) for one in moved.before]}
        records.record_activity(record=feedback, actor=actor, verb="put into a theme", at=at, changes=facts)


def accept_many(
    *,
    workspace_id: int,
    workspace_slug: str,
    numbers: Collection[int],
    circles: Collection[int],
    actor: Actor,
    at: datetime,
) -> tuple[Deed, int]:
    """Accept what is suggested for many pieces: each that has a likely target is linked and triaged by it.

    The others get their readings confirmed and stay in the inbox; their number is returned beside the deed.

    Raises
    ------
    ValidationError
        If there are too many at once.
    """
    if len(numbers) > MOST_AT_ONCE:
        raise ValidationError(f"Up to {MOST_AT_ONCE} at once. Narrow the list, or do it in parts.")
    rows = Feedback.objects.in_workspace(workspace_id, circles=circles).select_related(
        "workspace", "merged_into"
    )
    left = 0
    with doing(workspace_id=workspace_id) as deed:
        for piece in rows.filter(prefix="FB", number__in=numbers).order_by("pk"):
            reading = readings.live(feedback=piece, at=at)
            brief = briefs.brief_of(
                feedback=piece, reading=reading, workspace_slug=workspace_slug, circles=circles
            )
            found = brief.target
            target = Record.objects.get(pk=found.record_id) if found is not None else None
            words = brief.words
            accept_all(
                feedback=piece,
                target=target,
                start=words.start if words else 0,
                end=words.end if words else None,
                intent=reading.intent,
                sentiment=reading.sentiment,
                theme=brief.theme.theme if brief.theme and not brief.theme.by_hand else None,
                stay=target is None,
                actor=actor,
                at=at,
            )
            left += target is None
            deed.count += target is not None
    return deed, left
