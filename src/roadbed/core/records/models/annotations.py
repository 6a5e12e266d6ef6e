"""What people add to a record: comments, watching, tags; and the lists they save."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from roadbed.core.records.models.record import Record
from roadbed.core.workspaces.models import Member, Workspace


class Comment(models.Model):
    """A remark in Markdown; what is shown is rendered and cleaned on the way out."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=120)
    body = models.TextField(max_length=20_000)
    mentions = models.ManyToManyField(Member, blank=True, related_name="+")
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.body[:60]


class Watch(models.Model):
    """A member follows a record and is told of its changes."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="watches")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="watches")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("record", "member", name="watch_once")]

    def __str__(self) -> str:
        return f"{self.member_id} watches {self.record_id}"


class Tag(models.Model):
    """A word of the workspace's own."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), name="tag_name_once_per_workspace")
        ]

    def __str__(self) -> str:
        return self.name


class RecordTag(models.Model):
    """A tag on a record."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="record_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="record_tags")

    class Meta:
        constraints = [models.UniqueConstraint("tag", "record", name="record_tag_once")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.record_id}"


class SavedView(models.Model):
    """A list's filters under a name; shared with the workspace or kept to oneself."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="saved_views")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="saved_views")
    list_name = models.CharField(max_length=40, help_text="Which list, such as `insights.feedback`.")
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("member", "list_name", Lower("name"), name="saved_view_name_once")
        ]

    def __str__(self) -> str:
        return self.name
