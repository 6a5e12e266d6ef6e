"""Every write to records, by noun. Import the package and call its functions."""

from roadbed.core.records.services.activity import ChainFault, record_activity, verify_chain
from roadbed.core.records.services.circles import check_circle, move_to_circle
from roadbed.core.records.services.comments import (
    add_comment,
    delete_comment,
    edit_comment,
    mentioned_members,
    restore_comment,
    start_watching,
    stop_watching,
)
from roadbed.core.records.services.erasing import erase_words
from roadbed.core.records.services.links import create_link, on_link_changed, remove_link, set_tags
from roadbed.core.records.services.merging import Mover, merge_records, register_mover, undo_merge
from roadbed.core.records.services.records import (
    NotUndoableError,
    StaleRecordError,
    archive_record,
    change_record,
    create_record,
    delete_record,
    restore_record,
    touch_record,
    unarchive_record,
    watch_as,
)
from roadbed.core.records.services.saved_views import save_view

__all__ = [
    "ChainFault",
    "Mover",
    "NotUndoableError",
    "StaleRecordError",
    "add_comment",
    "archive_record",
    "change_record",
    "check_circle",
    "create_link",
    "create_record",
    "delete_comment",
    "delete_record",
    "edit_comment",
    "erase_words",
    "mentioned_members",
    "merge_records",
    "move_to_circle",
    "on_link_changed",
    "record_activity",
    "register_mover",
    "remove_link",
    "restore_comment",
    "restore_record",
    "save_view",
    "set_tags",
    "start_watching",
    "stop_watching",
    "touch_record",
    "unarchive_record",
    "undo_merge",
    "verify_chain",
    "watch_as",
]
