"""Counts that all processes share. They hold digests, never an address or a name."""

from __future__ import annotations

from django.db import models


class Allowance(models.Model):
    """How often one knocker used one door in one window of time."""

    digest = models.CharField(max_length=64, help_text="Of the door and who knocks, salted with the window.")
    window_at = models.DateTimeField(help_text="When the window ends, after which the row means nothing.")
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("digest", name="allowance_once")]
        indexes = [models.Index(fields=["window_at"], name="allowance_by_window")]

    def __str__(self) -> str:
        return f"{self.used} until {self.window_at:%H:%M}"


class SolvedPuzzle(models.Model):
    """A puzzle whose answer was used: it opens no second door."""

    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("digest", name="solved_puzzle_once")]
        indexes = [models.Index(fields=["expires_at"], name="solved_puzzle_by_end")]

    def __str__(self) -> str:
        return self.digest[:12]
