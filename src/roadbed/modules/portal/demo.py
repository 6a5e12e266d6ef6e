"""The demo's boards."""

from __future__ import annotations

from datetime import datetime

from roadbed.core.workspaces.models import Workspace


def load(*, workspace: Workspace, seed: int, at: datetime) -> None:
    """Open the boards."""
