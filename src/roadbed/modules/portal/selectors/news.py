"""The changelog."""

from __future__ import annotations

from django.db.models import QuerySet

from roadbed.modules.portal.models import Board, News


def published(*, board: Board) -> QuerySet[News]:
    """Return the entries that visitors read, the newest first."""
    return News.objects.filter(board=board, published_at__isnull=False).order_by("-published_at", "-pk")


def every(*, board: Board) -> list[News]:
    """Return all entries, drafts first."""
    rows = News.objects.filter(board=board).select_related("record")
    return sorted(rows, key=lambda entry: (entry.published_at is not None, -entry.created_at.timestamp()))


def find(*, board: Board, code: str) -> News | None:
    """Return the published entry at an address."""
    return published(board=board).filter(code=code).first()
