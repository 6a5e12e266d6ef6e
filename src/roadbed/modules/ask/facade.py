"""What siblings may ask of this module."""

from __future__ import annotations

from roadbed.modules.ask.models import State
from roadbed.modules.ask.selectors import kept


def count_open(*, workspace_id: int) -> int:
    """How many questions wait for an answer."""
    return kept.count_in_state(workspace_id=workspace_id, state=State.OPEN)
