"""What customers say, who they are, and what they need."""

from roadbed.modules.insights.models.customers import Account, Person, Segment
from roadbed.modules.insights.models.feedback import Feedback, Quote, Strength
from roadbed.modules.insights.models.needs import Need
from roadbed.modules.insights.models.readings import (
    By,
    Double,
    Intent,
    Reading,
    ReadingModel,
    ReadingSettings,
    RedactionRule,
    Sentiment,
)
from roadbed.modules.insights.models.sources import Arrival, Source
from roadbed.modules.insights.models.themes import Assignment, Origin, Theme, ThemeChoice, ThemeRun
from roadbed.modules.insights.models.trends import Dimension, TrendAlert, WeekCount
from roadbed.modules.insights.models.votes import Vote, Weighting

__all__ = [
    "Account",
    "Arrival",
    "Assignment",
    "By",
    "Dimension",
    "Double",
    "Feedback",
    "Intent",
    "Need",
    "Origin",
    "Person",
    "Quote",
    "Reading",
    "ReadingModel",
    "ReadingSettings",
    "RedactionRule",
    "Segment",
    "Sentiment",
    "Source",
    "Strength",
    "Theme",
    "ThemeChoice",
    "ThemeRun",
    "TrendAlert",
    "Vote",
    "WeekCount",
    "Weighting",
]
