"""Flags, the environments they live in, and what they refer to; metrics, and the sources that they read."""

from roadbed.modules.experiments.models.environments import Environment, EnvironmentKey
from roadbed.modules.experiments.models.events import EventPolicy, ExposureLog
from roadbed.modules.experiments.models.experiments import (
    CorrectionRule,
    Experiment,
    ExperimentMetric,
    ExperimentState,
    LookPlan,
    MetricRole,
    PriorKind,
    Randomised,
)
from roadbed.modules.experiments.models.flags import Flag, FlagState, FlagType, Purpose
from roadbed.modules.experiments.models.groups import FlagSegment, Holdout
from roadbed.modules.experiments.models.metrics import (
    Desired,
    Metric,
    MetricDay,
    MetricKind,
    MetricMeasure,
    MetricVersion,
)
from roadbed.modules.experiments.models.past import PastResult
from roadbed.modules.experiments.models.readouts import (
    Decided,
    ExperimentDecision,
    Readout,
    ReportShare,
)
from roadbed.modules.experiments.models.revisions import FlagDraft, FlagReview, FlagRevision
from roadbed.modules.experiments.models.sources import (
    LONGEST_SQL,
    DataFile,
    DataSource,
    ExposureSource,
    FactSource,
    Place,
)

__all__ = [
    "LONGEST_SQL",
    "CorrectionRule",
    "DataFile",
    "DataSource",
    "Decided",
    "Desired",
    "Environment",
    "EnvironmentKey",
    "EventPolicy",
    "Experiment",
    "ExperimentDecision",
    "ExperimentMetric",
    "ExperimentState",
    "ExposureLog",
    "ExposureSource",
    "FactSource",
    "Flag",
    "FlagDraft",
    "FlagReview",
    "FlagRevision",
    "FlagSegment",
    "FlagState",
    "FlagType",
    "Holdout",
    "LookPlan",
    "Metric",
    "MetricDay",
    "MetricKind",
    "MetricMeasure",
    "MetricRole",
    "MetricVersion",
    "PastResult",
    "Place",
    "PriorKind",
    "Purpose",
    "Randomised",
    "Readout",
    "ReportShare",
]
