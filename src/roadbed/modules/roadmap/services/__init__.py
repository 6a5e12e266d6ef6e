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
from roadbed.modules.roadmap.services.capacity import (
    StalePlanError,
    add_absence,
    change_team_plan,
    put_day,
    put_seat,
    remove_absence,
    remove_day,
    remove_seat,
    set_skill_needs,
)
from roadbed.modules.roadmap.services.deeds import NotUndoableError, Undone, access_deed, undo_deed
from roadbed.modules.roadmap.services.dependencies import (
    CircleError,
    ExternalDraft,
    add_dependency,
    change_dependency,
    change_external,
    create_external,
    remove_dependency,
)
from roadbed.modules.roadmap.services.estimates import (
    cancel_round,
    estimate_feature,
    give_opinion,
    open_round,
    start_round,
    work_out,
)
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
from roadbed.modules.roadmap.services.team_parts import TEAM_PART
from roadbed.modules.roadmap.services.tree import CycleError, move_feature
from roadbed.modules.roadmap.services.undo import follow_life

__all__ = [
    "FEATURE_MOVER",
    "MOST",
    "TEAM_PART",
    "Changed",
    "CircleError",
    "CycleError",
    "Draft",
    "ExternalDraft",
    "NotUndoableError",
    "Refused",
    "ReleaseDraft",
    "StalePlanError",
    "Undone",
    "access_deed",
    "add_absence",
    "add_dependency",
    "answer_need",
    "cancel_round",
    "change_dependency",
    "change_external",
    "change_feature",
    "change_many",
    "change_release",
    "change_status",
    "change_team_plan",
    "create_external",
    "create_feature",
    "create_release",
    "delete_feature",
    "delete_many",
    "delete_release",
    "drop_feature",
    "estimate_feature",
    "follow_life",
    "give_opinion",
    "level_below",
    "move_feature",
    "move_many",
    "open_round",
    "place_feature",
    "put_day",
    "put_seat",
    "remove_absence",
    "remove_day",
    "remove_dependency",
    "remove_seat",
    "reopen_release",
    "set_skill_needs",
    "ship_feature",
    "ship_release",
    "start_round",
    "undo_deed",
    "work_out",
]
