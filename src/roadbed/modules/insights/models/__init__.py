"""What customers say, who they are, and what they need."""

from roadbed.modules.insights.models.customers import Account, Person, Segment
from roadbed.modules.insights.models.feedback import Feedback, Quote, Strength
from roadbed.modules.insights.models.needs import Need
from roadbed.modules.insights.models.sources import Arrival, Source
from roadbed.modules.insights.models.themes import Assignment, Origin, Theme, ThemeChoice, ThemeRun
from roadbed.modules.insights.models.trends import Dimension, TrendAlert, WeekCount
from roadbed.modules.insights.models.votes import Vote, Weighting

__all__ = [
    "Account",
    "Arrival",
    "Assignment",
    "Dimension",
    "Feedback",
    "Need",
    "Origin",
    "Person",
    "Quote",
    "Segment",
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
