"""Flags, the environments they live in, and what they refer to."""

from roadbed.modules.experiments.models.environments import Environment, EnvironmentKey
from roadbed.modules.experiments.models.flags import Flag, FlagState, FlagType, Purpose
from roadbed.modules.experiments.models.groups import FlagSegment, Holdout
from roadbed.modules.experiments.models.revisions import FlagDraft, FlagReview, FlagRevision

__all__ = [
    "Environment",
    "EnvironmentKey",
    "Flag",
    "FlagDraft",
    "FlagReview",
    "FlagRevision",
    "FlagSegment",
    "FlagState",
    "FlagType",
    "Holdout",
    "Purpose",
]
