"""Every read of records, by noun."""

from roadbed.core.records.selectors.history import (
    ActivityLine,
    ChangedRecord,
    FieldChange,
    activity_of_record,
    activity_of_workspace,
    changed_since,
    changes_since,
    describe,
    saved_views,
)
from roadbed.core.records.selectors.records import (
    LinkLine,
    access_comment,
    access_record,
    comments_of,
    find_targets,
    links_of,
    merges_of,
    tag_names,
    tags_of,
    whole,
)

__all__ = [
    "ActivityLine",
    "ChangedRecord",
    "FieldChange",
    "LinkLine",
    "access_comment",
    "access_record",
    "activity_of_record",
    "activity_of_workspace",
    "changed_since",
    "changes_since",
    "comments_of",
    "describe",
    "find_targets",
    "links_of",
    "merges_of",
    "saved_views",
    "tag_names",
    "tags_of",
    "whole",
]
