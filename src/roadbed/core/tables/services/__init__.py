"""Every deed around imports. Import the package and call its functions."""

from roadbed.core.tables.services.imports import (
    AmbiguousDatesError,
    NotNowError,
    cancel_import,
    change_layout,
    change_mapping,
    create_import,
    preview,
    start_check,
    start_import,
    start_undo,
)
from roadbed.core.tables.services.running import check_import, run_import
from roadbed.core.tables.services.undoing import undo_import

__all__ = [
    "AmbiguousDatesError",
    "NotNowError",
    "cancel_import",
    "change_layout",
    "change_mapping",
    "check_import",
    "create_import",
    "preview",
    "run_import",
    "start_check",
    "start_import",
    "start_undo",
    "undo_import",
]
