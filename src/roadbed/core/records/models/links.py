"""Typed, directed ties between records, and the trail of merges."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models.record import Record
from roadbed.core.workspaces.models import Workspace


class Relation(models.TextChoices):
    """The closed list of relations. Read them as: source *relation* target."""

    SUPPORTS = "supports", "is evidence for"
    ASKS_FOR = "asks_for", "asks for"
    ANSWERS = "answers", "answers"
    DELIVERS = "delivers", "delivers"
    DEPENDS_ON = "depends_on", "depends on"
    TOUCHES = "touches", "touches"
    TESTS = "tests", "tests"
    MEASURES = "measures", "measures"
    DOCUMENTS = "documents", "documents"
    TELLS = "tells", "tells"
    RELATES_TO = "relates_to", "relates to"
    DUPLICATES = "duplicates", "duplicates"

    @property
    def inverse_label(self) -> str:
        """How the target says it."""
        return _INVERSE[self]


_INVERSE: dict[Relation, str] = {
    Relation.SUPPORTS: "is supported by",
    Relation.ASKS_FOR: "is asked for by",
    Relation.ANSWERS: "is answered by",
    Relation.DELIVERS: "is delivered by",
    Relation.DEPENDS_ON: "is needed by",
    Relation.TOUCHES: "is touched by",
    Relation.TESTS: "is tested by",
    Relation.MEASURES: "is measured by",
    Relation.DOCUMENTS: "is documented by",
    Relation.TELLS: "is told by",
    Relation.RELATES_TO: "relates to",
    Relation.DUPLICATES: "is duplicated by",
}


class Link(models.Model):
    """A tie between two records of one workspace. Feedback supports a need; a feature answers it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    source = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="links_in")
    relation = models.CharField(max_length=12, choices=Relation)
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "source",
                "target",
                "relation",
                name="link_once",
                violation_error_message="These two are already linked like this.",
            ),
            models.CheckConstraint(
                name="link_not_to_itself",
                condition=~Q(source=F("target")),
                violation_error_message="A record cannot be linked to itself.",
            ),
        ]
        indexes = [models.Index(fields=["target", "relation"], name="link_by_target")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.relation} {self.target_id}"


class Merge(models.Model):
    """Two records became one. What moved is kept, so that it can be undone."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    survivor = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict, help_text="Per mover: what it needs to put everything back.")
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.survivor_id}"
