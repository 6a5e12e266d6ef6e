"""What the gates do in the background."""

from __future__ import annotations

from datetime import timedelta

from roadbed.core.gates import services
from roadbed.core.jobs import services as jobs


@jobs.task("gates.clear", label="Clear away old counts", priority=-10)
def clear(context: jobs.Context) -> dict[str, object]:
    """Delete allowances and puzzles whose time is over."""
    return {"text": f"Cleared away {services.clear(at=context.now())} counts."}


jobs.schedule("gates.clear", every=timedelta(hours=1))
