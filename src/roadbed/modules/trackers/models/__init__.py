"""What is kept of trackers: connections, which issue is which feature, conflicts, and what each run did."""

from roadbed.modules.trackers.models.bindings import Binding, Conflict
from roadbed.modules.trackers.models.connections import (
    DIRECTIONS,
    FIELDS,
    SET_FIELDS,
    Connection,
    Kind,
)
from roadbed.modules.trackers.models.runs import Entry, Run

__all__ = [
    "DIRECTIONS",
    "FIELDS",
    "SET_FIELDS",
    "Binding",
    "Conflict",
    "Connection",
    "Entry",
    "Kind",
    "Run",
]
