"""What customers say, who they are, and what they need."""

from roadbed.modules.insights.models.customers import Account, Person, Segment
from roadbed.modules.insights.models.feedback import Feedback, Quote, Strength
from roadbed.modules.insights.models.needs import Need

__all__ = ["Account", "Feedback", "Need", "Person", "Quote", "Segment", "Strength"]
