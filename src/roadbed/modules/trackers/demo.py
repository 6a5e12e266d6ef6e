"""The demo connects to no tracker: it has no account elsewhere, and a made-up sync would be a lie.

The page of trackers shows what a new installation sees: what can be connected, and how.
"""

from __future__ import annotations

from datetime import datetime

from roadbed.core.workspaces.models import Workspace


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Leave the connections empty."""
