"""Reads of flags, by noun. Import the package and call its functions."""

from roadbed.modules.experiments.selectors.definitions import (
    compiled_for,
    document_of,
    flag_definition,
    problems_of,
)
from roadbed.modules.experiments.selectors.flags import (
    access_environment,
    access_flag,
    describe_flag,
    draft_of,
    environments_of,
    filter_flags,
    flag_body,
    holdouts_of,
    keys_of,
    revisions_of,
    segments_of,
    state_of,
    states_of,
    waiting_for_review,
)
from roadbed.modules.experiments.selectors.previews import Sample, preview
from roadbed.modules.experiments.selectors.stale import StaleFlag, stale_flags

__all__ = [
    "Sample",
    "StaleFlag",
    "access_environment",
    "access_flag",
    "compiled_for",
    "describe_flag",
    "document_of",
    "draft_of",
    "environments_of",
    "filter_flags",
    "flag_body",
    "flag_definition",
    "holdouts_of",
    "keys_of",
    "preview",
    "problems_of",
    "revisions_of",
    "segments_of",
    "stale_flags",
    "state_of",
    "states_of",
    "waiting_for_review",
]
