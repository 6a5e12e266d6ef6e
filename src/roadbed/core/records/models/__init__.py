"""What every noun has: a key, links, comments, watchers, tags and a history."""

from roadbed.core.records.models.activity import Activity, ActivityHead
from roadbed.core.records.models.annotations import Comment, RecordTag, SavedView, Tag, Watch
from roadbed.core.records.models.links import Link, Merge, Relation
from roadbed.core.records.models.record import KeyCounter, Record, RecordManager, RecordQuerySet

__all__ = [
    "Activity",
    "ActivityHead",
    "Comment",
    "KeyCounter",
    "Link",
    "Merge",
    "Record",
    "RecordManager",
    "RecordQuerySet",
    "RecordTag",
    "Relation",
    "SavedView",
    "Tag",
    "Watch",
]
