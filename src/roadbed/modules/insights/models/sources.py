"""The ways in: where feedback comes from, and what came of each piece."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings as configuration
from django.db import models
from django.db.models import Q

from roadbed.core.accounts import sealed
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Product, Workspace

PULLED = frozenset({"github"})


class SourceQuerySet(models.QuerySet["Source"]):
    """Reads of sources."""

    def in_workspace(self, workspace_id: int) -> Self:
        """The sources of one workspace, without those that were taken away."""
        return self.filter(workspace_id=workspace_id, deleted_at__isnull=True)

    def listening(self) -> Self:
        """Those that take something in: neither turned off nor taken away, in a workspace that is open."""
        return self.filter(paused_at__isnull=True, deleted_at__isnull=True, workspace__closed_at__isnull=True)


class Source(models.Model):
    """A named way in: a form, a mailbox, a webhook, a repository."""

    class Kind(models.TextChoices):
        """How it comes in."""

        FORM = "form", "Form and widget"
        MAIL = "mail", "E-mail"
        HOOK = "hook", "Webhook"
        GITHUB = "github", "GitHub issues"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=60, help_text="Stands with each piece as its source.")
    origin = models.CharField(
        max_length=60, editable=False, help_text="The external source of its records; never changes."
    )
    settings = models.JSONField(default=dict, blank=True)
    sealed = models.TextField(
        blank=True, default="", help_text="Its secrets, readable with this installation's key."
    )
    token_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    cursor = models.JSONField(default=dict, blank=True, help_text="How far it has been read.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        configuration.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    last_arrival_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    next_run_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=400, blank=True, default="")
    last_error_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Runs that failed since the last good one.")
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    known_count = models.PositiveIntegerField(default=0)
    refused_count = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[Any]] = models.Manager.from_queryset(SourceQuerySet)()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint("workspace", "origin", name="source_origin_once"),
            models.UniqueConstraint("token_digest", name="source_token_once", condition=~Q(token_digest="")),
        ]
        indexes = [models.Index(fields=["next_run_at"], name="source_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        """Whether it takes something in."""
        return self.paused_at is None and self.deleted_at is None

    @property
    def is_pulled(self) -> bool:
        """Whether we go and ask, rather than being told."""
        return self.kind in PULLED or bool(self.kind == self.Kind.MAIL and self.settings.get("host"))

    @property
    def every(self) -> timedelta:
        """The pause between two runs of a pulled source."""
        return timedelta(minutes=max(1, int(self.settings.get("every") or 15)))

    @property
    def secrets(self) -> dict[str, str]:
        """Its secrets by name: token, secret, password, access."""
        return sealed.unseal(self.sealed)

    @property
    def token(self) -> str:
        """The part of its address that nobody can guess; empty where it has none, or it cannot be read any more."""
        return self.secrets.get("token", "")

    def health(self, *, now: datetime) -> tuple[str, str]:
        """Return how it does, as a word and a tone: off, failing, late, silent, well."""
        if not self.is_on:
            return "Off", ""
        if self.failures:
            return "Failing", "bad"
        if (
            self.is_pulled
            and self.next_run_at
            and self.next_run_at < now - 2 * self.every - timedelta(minutes=5)
        ):
            return "Late", "warn"
        if self.last_error_at and (self.last_arrival_at is None or self.last_error_at > self.last_arrival_at):
            return "Refusing", "warn"
        if self.last_arrival_at is None:
            return "Waiting", "accent"
        return "Well", "good"


class Arrival(models.Model):
    """One piece on its way in, and what became of it. Refused ones keep what was sent, so that nothing is lost."""

    class Outcome(models.TextChoices):
        """What became of it."""

        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        KNOWN = "known", "Known already"
        REFUSED = "refused", "Refused"
        REMOVED = "removed", "Taken away"
        LEFT_OUT = "left_out", "Left out"

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="arrivals")
    at = models.DateTimeField()
    external_id = models.CharField(max_length=200, blank=True, default="")
    outcome = models.CharField(max_length=8, choices=Outcome)
    record = models.ForeignKey(Record, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    detail = models.CharField(max_length=400, blank=True, default="")
    lag_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Between being said and being here."
    )
    payload = models.TextField(
        blank=True, default="", help_text="What was refused, sealed, so that it can be tried again."
    )
    retried_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["source", "-id"], name="arrival_of_source"),
            models.Index(fields=["source", "outcome", "-id"], name="arrival_by_outcome"),
            models.Index(fields=["at"], name="arrival_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.external_id} {self.outcome}"
