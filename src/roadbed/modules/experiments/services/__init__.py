"""Every write to flags, metrics and their sources, by noun. Import the package and call its functions."""

from roadbed.analytics.events.event import BatchError
from roadbed.analytics.events.receipts import BusyError, OtherContentError
from roadbed.modules.experiments.services.decisions import (
    Choice,
    decide_experiment,
    is_against,
    propose_on_flag,
    withdraw_decision,
)
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
    ExperimentRefusedError,
    FlagRefusedError,
    NotApprovedError,
    WrongStateError,
)
from roadbed.modules.experiments.services.events import (
    MOST_EVENTS,
    apply_policy,
    change_policy,
    event_store,
    forget_unit,
    log_exposures,
    move_events,
    policy_of,
    stored_workspaces,
    take_events,
    take_exposures,
    waiting_events,
)
from roadbed.modules.experiments.services.experiments import (
    ExperimentFields,
    MetricChoice,
    change_experiment,
    create_experiment,
    queue_readout,
    start_experiment,
    stop_experiment,
)
from roadbed.modules.experiments.services.flags import FlagFields, change_flag, create_flag, follow_life
from roadbed.modules.experiments.services.groups import (
    delete_holdout,
    delete_segment,
    put_holdout,
    put_segment,
)
from roadbed.modules.experiments.services.histories import (
    history_of,
    plan_size,
)
from roadbed.modules.experiments.services.mapping import attempt as attempt_mapped
from roadbed.modules.experiments.services.mapping import (
    draft_exposure_source,
    draft_fact_source,
    put_exposure_source,
    put_fact_source,
    remove_mapped,
)
from roadbed.modules.experiments.services.metrics import (
    DAYS,
    WEEKS,
    MetricFields,
    change_metric,
    check_metric,
    create_metric,
    define_metric,
    measure_days,
    metric_history,
    use_metric_version,
)
from roadbed.modules.experiments.services.moving import Moved, import_flags
from roadbed.modules.experiments.services.obstacles import (
    Obstacle,
)
from roadbed.modules.experiments.services.past import PastFields, bring_in_past, past_fields
from roadbed.modules.experiments.services.places import (
    events_folder,
    exposures_of,
    facts_by_key,
    facts_of,
    place_of,
)
from roadbed.modules.experiments.services.publishing import publish_draft, revert_to, switch
from roadbed.modules.experiments.services.ramp_watch import watch_ramps
from roadbed.modules.experiments.services.ramps import approve_step, reach_sample, roll_back, start_ramp
from roadbed.modules.experiments.services.readiness import (
    readiness,
)
from roadbed.modules.experiments.services.readouts import (
    prior_of,
    read_experiment,
)
from roadbed.modules.experiments.services.report_shares import (
    revoke_report_share,
    share_report,
)
from roadbed.modules.experiments.services.reports import (
    ReportFile,
    facts_of_report,
    make_report,
)
from roadbed.modules.experiments.services.sources import (
    add_file,
    change_data_source,
    create_data_source,
    ensure_sources,
    own_data_source,
    own_fact_source,
    remove_data_source,
)

__all__ = [
    "DAYS",
    "MOST_EVENTS",
    "WEEKS",
    "BatchError",
    "BusyError",
    "Choice",
    "DraftConflictError",
    "ExperimentFields",
    "ExperimentRefusedError",
    "FlagFields",
    "FlagRefusedError",
    "MetricChoice",
    "MetricFields",
    "Moved",
    "NotApprovedError",
    "Obstacle",
    "OtherContentError",
    "PastFields",
    "ReportFile",
    "WrongStateError",
    "add_file",
    "apply_policy",
    "approve_step",
    "attempt_mapped",
    "bring_in_past",
    "change_data_source",
    "change_environment",
    "change_experiment",
    "change_flag",
    "change_metric",
    "change_policy",
    "check_definition",
    "check_metric",
    "create_data_source",
    "create_environment",
    "create_experiment",
    "create_flag",
    "create_metric",
    "decide_experiment",
    "define_metric",
    "delete_holdout",
    "delete_segment",
    "discard_draft",
    "draft_exposure_source",
    "draft_fact_source",
    "ensure_environments",
    "ensure_sources",
    "event_store",
    "events_folder",
    "exposures_of",
    "facts_by_key",
    "facts_of",
    "facts_of_report",
    "follow_life",
    "forget_unit",
    "history_of",
    "import_flags",
    "is_against",
    "log_exposures",
    "make_key",
    "make_report",
    "measure_days",
    "metric_history",
    "move_events",
    "own_data_source",
    "own_fact_source",
    "past_fields",
    "place_of",
    "plan_size",
    "policy_of",
    "prior_of",
    "propose_on_flag",
    "publish_draft",
    "put_exposure_source",
    "put_fact_source",
    "put_holdout",
    "put_segment",
    "queue_readout",
    "reach_sample",
    "read_experiment",
    "readiness",
    "refuse_stale",
    "remove_data_source",
    "remove_environment",
    "remove_mapped",
    "request_review",
    "revert_to",
    "review_draft",
    "revoke_key",
    "revoke_report_share",
    "roll_back",
    "save_draft",
    "share_report",
    "start_experiment",
    "start_ramp",
    "stop_experiment",
    "stored_workspaces",
    "switch",
    "take_events",
    "take_exposures",
    "use_metric_version",
    "waiting_events",
    "watch_ramps",
    "withdraw_decision",
]
