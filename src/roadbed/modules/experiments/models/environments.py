"""Where flags are live: development, staging, production; and the keys that programs ask with."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace

KEY = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$",
    "A key has letters, digits and . _ : - and begins with a letter or a digit.",
)
"""Clients put keys into addresses without escaping them."""


class Environment(models.Model):
    """One place where flags are asked, with its own rules and its own keys."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="flag_environments")
    key = models.CharField(max_length=40, validators=[KEY])
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    approvals = models.PositiveSmallIntegerField(
        default=0, help_text="How many others must approve before a flag is published here."
    )
    revision = models.PositiveBigIntegerField(
        default=1, editable=False, help_text="Grows with whatever changes an answer; servers look for it."
    )
    created_at = models.DateTimeField(editable=False)
    changed_at = models.DateTimeField(editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                "workspace",
                "key",
                name="flag_environment_key_once",
                violation_error_message="Another environment has this key.",
            ),
            models.CheckConstraint(
                name="flag_environment_approvals_few",
                condition=Q(approvals__lte=5),
                violation_error_message="At most five others can be asked for.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnvironmentKey(models.Model):
    """A secret that opens one environment to programs. Only its hash is kept."""

    class Kind(models.TextChoices):
        """Where the key is used: a browser's is public, so it only ever reads answers."""

        SERVER = "server", "Server"
        BROWSER = "browser", "Browser"

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.SERVER)
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    origins = models.JSONField(
        default=list, blank=True, help_text="For a browser's key: the sites that may use it; empty for all."
    )
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="flag_key_kind_known", condition=Q(kind__in=["server", "browser"]))
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
