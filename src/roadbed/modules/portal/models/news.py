"""The changelog: what is out, in words for customers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record
from roadbed.modules.portal.models.boards import Board


class News(models.Model):
    """An entry of a board's changelog, about a release, a feature, or neither."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="news")
    record = models.ForeignKey(
        Record,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The release or feature it tells of.",
    )
    code = models.CharField(max_length=12, unique=True, editable=False)
    title = models.CharField(max_length=200)
    text = models.TextField(max_length=20_000, help_text="What is new, in Markdown.")
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: a draft, which only makers see."
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        verbose_name_plural = "news"
        indexes = [models.Index(fields=["board", "-published_at", "-id"], name="news_newest")]
        constraints = [
            models.UniqueConstraint(
                "board",
                "record",
                name="news_once_per_record",
                condition=Q(record__isnull=False),
                violation_error_message="There is an entry about this already.",
            )
        ]

    def __str__(self) -> str:
        return self.title
