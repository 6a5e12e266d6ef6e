"""Every write to the plan, by noun. Import the package and call its functions."""

from roadbed.modules.roadmap.services.bulk import (
    MOST,
    Changed,
    Refused,
    change_feature,
    change_many,
    delete_many,
    move_many,
)
from roadbed.modules.roadmap.services.deeds import NotUndoableError, Undone, access_deed, undo_deed
from roadbed.modules.roadmap.services.features import (
    Draft,
    answer_need,
    create_feature,
    delete_feature,
    level_below,
    place_feature,
)
from roadbed.modules.roadmap.services.merging import FEATURE_MOVER
from roadbed.modules.roadmap.services.releases import (
    ReleaseDraft,
    change_release,
    create_release,
    delete_release,
    reopen_release,
    ship_release,
)
from roadbed.modules.roadmap.services.statuses import change_status, drop_feature, ship_feature
from roadbed.modules.roadmap.services.tree import CycleError, move_feature
from roadbed.modules.roadmap.services.undo import follow_life

__all__ = [
    "FEATURE_MOVER",
    "MOST",
    "Changed",
    "CycleError",
    "Draft",
    "NotUndoableError",
    "Refused",
    "ReleaseDraft",
    "Undone",
    "access_deed",
    "answer_need",
    "change_feature",
    "change_many",
    "change_release",
    "change_status",
    "create_feature",
    "create_release",
    "delete_feature",
    "delete_many",
    "delete_release",
    "drop_feature",
    "follow_life",
    "level_below",
    "move_feature",
    "move_many",
    "place_feature",
    "reopen_release",
    "ship_feature",
    "ship_release",
    "undo_deed",
]
