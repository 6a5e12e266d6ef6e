"""Metrics and past experiments from tables, and metrics to tables."""

from roadbed.modules.experiments.imports.metrics import EXPORT, METRICS
from roadbed.modules.experiments.imports.past import PAST

__all__ = ["EXPORT", "METRICS", "PAST"]
