"""What is done with vectors: ``from roadbed.core.vectors import services as vectors``."""

from roadbed.core.vectors.services.cutting import drop_orphans, stale_entries
from roadbed.core.vectors.services.reading import (
    Caught,
    Progress,
    catch_up,
    choose_model,
    forget_unused,
    has_work,
    reader_of,
    standing,
)

__all__ = [
    "Caught",
    "Progress",
    "catch_up",
    "choose_model",
    "drop_orphans",
    "forget_unused",
    "has_work",
    "reader_of",
    "stale_entries",
    "standing",
]
