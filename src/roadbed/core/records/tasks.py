"""Housekeeping of the tables."""

from __future__ import annotations

from datetime import timedelta

from roadbed.core.jobs import services as jobs
from roadbed.core.records import upkeep


@jobs.task(
    "records.statistics", label="Count the tables for the query planner", timeout=timedelta(minutes=10)
)
def refresh_statistics(context: jobs.Context) -> None:
    """Let the query planner see how the tables have grown."""
    upkeep.refresh_statistics()


jobs.schedule("records.statistics", every=timedelta(days=1), at="03:40")
