"""Every write to flags, by noun. Import the package and call its functions."""

from roadbed.modules.experiments.services.drafts import checked as check_definition
from roadbed.modules.experiments.services.drafts import (
    discard_draft,
    refuse_stale,
    request_review,
    review_draft,
    save_draft,
)
from roadbed.modules.experiments.services.environments import (
    change_environment,
    create_environment,
    ensure_environments,
    make_key,
    remove_environment,
    revoke_key,
)
from roadbed.modules.experiments.services.errors import (
    DraftConflictError,
    FlagRefusedError,
    NotApprovedError,
)
from roadbed.modules.experiments.services.flags import FlagFields, change_flag, create_flag, follow_life
from roadbed.modules.experiments.services.groups import (
    delete_holdout,
    delete_segment,
    put_holdout,
    put_segment,
)
from roadbed.modules.experiments.services.moving import Moved, import_flags
from roadbed.modules.experiments.services.publishing import publish_draft, revert_to, switch
from roadbed.modules.experiments.services.ramps import approve_step, reach_sample, roll_back, start_ramp

__all__ = [
    "DraftConflictError",
    "FlagFields",
    "FlagRefusedError",
    "Moved",
    "NotApprovedError",
    "approve_step",
    "change_environment",
    "change_flag",
    "check_definition",
    "create_environment",
    "create_flag",
    "delete_holdout",
    "delete_segment",
    "discard_draft",
    "ensure_environments",
    "follow_life",
    "import_flags",
    "make_key",
    "publish_draft",
    "put_holdout",
    "put_segment",
    "reach_sample",
    "refuse_stale",
    "remove_environment",
    "request_review",
    "revert_to",
    "review_draft",
    "revoke_key",
    "roll_back",
    "save_draft",
    "start_ramp",
    "switch",
]
