"""Accounts, the people in them, and the rules that group accounts."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from roadbed.core.records.models import Record


class Account(Record):
    """A customer organisation. Its name is the record's title."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_account"
    )
    domain = models.CharField(max_length=120, blank=True, default="")
    plan = models.CharField(max_length=60, blank=True, default="")
    country = models.CharField(max_length=60, blank=True, default="")
    revenue = models.DecimalField(
        "yearly revenue",
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="What the account pays in a year, in the workspace's currency.",
    )
    attributes = models.JSONField(default=dict, blank=True, help_text="Further facts, by name.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_revenue_not_negative",
                condition=Q(revenue__isnull=True) | Q(revenue__gte=0),
                violation_error_message="Revenue cannot be negative.",
            )
        ]
        indexes = [
            models.Index(fields=["-revenue"], name="account_by_revenue"),
            models.Index(fields=["plan"], name="account_by_plan"),
        ]


class Person(Record):
    """Somebody who said something. Their name is the record's title."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_person"
    )
    email = models.EmailField(blank=True, default="")
    job_title = models.CharField(max_length=120, blank=True, default="")
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    attributes = models.JSONField(default=dict, blank=True, help_text="Further facts, by name.")

    class Meta:
        verbose_name_plural = "people"
        indexes = [models.Index(Lower("email"), name="person_by_email")]


class Segment(Record):
    """A rule over accounts, kept under a name; membership follows the accounts."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="insights_segment"
    )
    rule = models.JSONField(
        default=dict,
        help_text='{"match": "all" | "any", "conditions": [{"field": …, "operator": …, "value": …}, …]}',
    )
    note = models.TextField(blank=True, default="")
