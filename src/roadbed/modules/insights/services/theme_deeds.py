"""Deeds on many themes at once: one press, one undo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.insights.models import Theme
from roadbed.modules.insights.selectors import themes as selectors
from roadbed.modules.insights.services import themes as one_by_one

MOST = 500


def _wants(theme: Theme, deed: str) -> bool:
    return {
        "pin": not theme.is_pinned,
        "unpin": theme.is_pinned,
        "archive": theme.archived_at is None,
        "unarchive": theme.archived_at is not None,
    }[deed]


@transaction.atomic
def do_many(
    *, deed: str, workspace_id: int, ids: Collection[int], actor: Actor, at: dt.datetime
) -> list[int]:
    """Pin, unpin, archive or bring back themes, and return those that it changed.

    Raises
    ------
    KeyError
        If there is no such deed.
    """
    run: dict[str, Callable[[Theme], object]] = {
        "pin": lambda theme: one_by_one.pin(theme=theme, actor=actor, at=at),
        "unpin": lambda theme: one_by_one.unpin(theme=theme, actor=actor, at=at),
        "archive": lambda theme: records.archive_record(record=theme, actor=actor, at=at),
        "unarchive": lambda theme: records.unarchive_record(record=theme, actor=actor, at=at),
    }
    rows = selectors.live(workspace_id=workspace_id).filter(pk__in=list(ids)[:MOST]).order_by("pk")
    done = [theme for theme in rows if _wants(theme, deed)]
    for theme in done:
        run[deed](theme)
    return [theme.pk for theme in done]
