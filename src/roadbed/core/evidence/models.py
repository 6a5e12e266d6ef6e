"""Figures about a record that every list may sort and filter by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from roadbed.core.records.models import Record


class EvidenceTally(models.Model):
    """How much stands behind a record, counted when its evidence changes. Insights writes it; everyone reads it.

    People and accounts are distinct; revenue is the yearly sum over the distinct accounts whose revenue is known, in
    the workspace's currency, and `unpriced` counts the others; strength is the sum over people of the strongest thing
    each of them said (0 … 3). `voters` are the people among `people` who voted. `impact` is the workspace's own score.
    """

    record = models.OneToOneField(Record, on_delete=models.CASCADE, primary_key=True, related_name="tally")
    quotes = models.PositiveIntegerField(default=0)
    people = models.PositiveIntegerField(default=0)
    accounts = models.PositiveIntegerField(default=0)
    revenue = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    strength = models.PositiveIntegerField(default=0)
    deal_breakers = models.PositiveIntegerField(default=0)
    votes = models.PositiveIntegerField(default=0)
    voters = models.PositiveIntegerField(default=0)
    unpriced = models.PositiveIntegerField(default=0)
    impact = models.DecimalField(max_digits=16, decimal_places=2, default=0)
    first_at = models.DateTimeField(null=True)
    latest_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="tally_dates_in_order",
                condition=Q(first_at__isnull=True) | Q(latest_at__gte=models.F("first_at")),
            )
        ]
        indexes = [
            models.Index(fields=["-people", "-record"], name="tally_by_people"),
            models.Index(fields=["-accounts", "-record"], name="tally_by_accounts"),
            models.Index(fields=["-revenue", "-record"], name="tally_by_revenue"),
            models.Index(fields=["-strength", "-record"], name="tally_by_strength"),
            models.Index(fields=["-impact", "-record"], name="tally_by_impact"),
        ]

    def __str__(self) -> str:
        return f"{self.people} people at {self.accounts} accounts"
