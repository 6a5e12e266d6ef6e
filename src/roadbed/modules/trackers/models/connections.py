"""A connection to one project of one tracker, and how its fields travel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings as configuration
from django.db import models
from django.db.models import Q

from roadbed.core.accounts import sealed
from roadbed.core.workspaces.models import Product, Workspace
from roadbed_engines.merging import Direction, Rule

FIELDS = (
    ("title", "Title"),
    ("description", "Description"),
    ("status", "Status"),
    ("owner", "Owner"),
    ("start", "Start date"),
    ("due", "Due date"),
    ("release", "Release"),
    ("labels", "Labels"),
    ("parent", "Lies under"),
)
"""What can travel, in the roadmap's words."""
SET_FIELDS = frozenset({"labels"})
DIRECTIONS = (
    (Direction.BOTH.value, "Both ways"),
    (Direction.IN.value, "Into Roadbed"),
    (Direction.OUT.value, "Out to the tracker"),
    (Direction.OFF.value, "Not at all"),
)


class Kind(models.TextChoices):
    """Which tracker it is."""

    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    JIRA_CLOUD = "jira_cloud", "Jira Cloud"
    JIRA_DC = "jira_dc", "Jira Data Center"
    LINEAR = "linear", "Linear"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    """Reads of connections."""

    def in_workspace(self, workspace_id: int) -> Self:
        """The connections of one workspace, without those that were taken away."""
        return self.filter(workspace_id=workspace_id, deleted_at__isnull=True)

    def running(self) -> Self:
        """Those that are started and neither paused nor taken away, in a workspace that is open."""
        return self.filter(
            started_at__isnull=False,
            paused_at__isnull=True,
            deleted_at__isnull=True,
            workspace__closed_at__isnull=True,
        )


class Connection(models.Model):
    """One project of one tracker. It does nothing until somebody has seen what it would do, and starts it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=60)
    settings = models.JSONField(
        default=dict, blank=True, help_text="Address, project, and what its kind asks for."
    )
    sealed = models.TextField(
        blank=True, default="", help_text="Its secrets, readable with this installation's key."
    )
    token_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    directions = models.JSONField(default=dict, blank=True, help_text="Which way each field travels.")
    statuses_in = models.JSONField(default=dict, blank=True, help_text="Their word → our status.")
    statuses_out = models.JSONField(default=dict, blank=True, help_text="Our status → their word.")
    people = models.JSONField(
        default=dict, blank=True, help_text="Their user → the e-mail address of a member."
    )
    incoming = models.JSONField(default=dict, blank=True, help_text="Which issues become features.")
    outgoing = models.JSONField(default=dict, blank=True, help_text="Which features become issues.")
    offered = models.JSONField(
        default=dict, blank=True, help_text="What the tracker said it has: statuses, people, fields."
    )
    cursor = models.JSONField(default=dict, blank=True, help_text="How far it has been read.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        configuration.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    last_good_at = models.DateTimeField(null=True, blank=True)
    last_heard_at = models.DateTimeField(null=True, blank=True, help_text="When its webhook last called.")
    next_run_at = models.DateTimeField(null=True, blank=True)
    waits_until = models.DateTimeField(null=True, blank=True, help_text="The tracker asked us to wait.")
    busy_by = models.CharField(max_length=60, blank=True, default="", editable=False)
    busy_until = models.DateTimeField(null=True, blank=True, editable=False, help_text="One run at a time.")
    last_error = models.CharField(max_length=400, blank=True, default="")
    last_error_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Runs that failed since the last good one.")

    objects: ClassVar[models.Manager[Any]] = models.Manager.from_queryset(ConnectionQuerySet)()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "token_digest", name="connection_token_once", condition=~Q(token_digest="")
            ),
            models.CheckConstraint(name="connection_kind_known", condition=Q(kind__in=Kind.values)),
        ]
        indexes = [models.Index(fields=["next_run_at"], name="connection_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_on(self) -> bool:
        """Whether it keeps things in step."""
        return self.started_at is not None and self.paused_at is None and self.deleted_at is None

    @property
    def every(self) -> timedelta:
        """The pause between two looks; a webhook only makes it quicker, never needless."""
        return timedelta(minutes=max(1, int(self.settings.get("every") or 15)))

    @property
    def secrets(self) -> dict[str, str]:
        """Its secrets by name: token, secret, hook."""
        return sealed.unseal(self.sealed)

    @property
    def rules(self) -> dict[str, Rule]:
        """How each field travels, for the engine."""
        return {
            name: Rule(Direction(self.directions.get(name, Direction.OFF.value)), is_set=name in SET_FIELDS)
            for name, _ in FIELDS
        }

    def health(self, *, now: datetime) -> tuple[str, str]:
        """Return how it does, as a word and a tone: not started, off, waiting, failing, late, well."""
        if self.started_at is None:
            return "Not started", ""
        if not self.is_on:
            return "Paused", ""
        if self.waits_until and self.waits_until > now:
            return "Waiting", "warn"
        if self.failures:
            return "Failing", "bad"
        if self.next_run_at and self.next_run_at < now - 2 * self.every - timedelta(minutes=5):
            return "Late", "warn"
        if self.last_good_at is None:
            return "First sync", "accent"
        return "Well", "good"
