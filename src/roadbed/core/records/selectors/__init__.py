"""Every read of records, by noun."""

from roadbed.core.records.selectors.history import (
    ActivityLine,
    ChangedRecord,
    activity_of_record,
    activity_of_workspace,
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
    "LinkLine",
    "access_comment",
    "access_record",
    "activity_of_record",
    "activity_of_workspace",
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
