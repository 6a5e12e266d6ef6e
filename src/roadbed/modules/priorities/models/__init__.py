"""Tables of the module, by noun."""

from roadbed.modules.priorities.models.figures import Figure, Pace, Source
from roadbed.modules.priorities.models.lenses import Lens, LensVersion, Subject
from roadbed.modules.priorities.models.portfolios import Choice, Pin, Portfolio, Word
from roadbed.modules.priorities.models.rankings import Place, Question, Ranking

__all__ = [
    "Choice",
    "Figure",
    "Lens",
    "LensVersion",
    "Pace",
    "Pin",
    "Place",
    "Portfolio",
    "Question",
    "Ranking",
    "Source",
    "Subject",
    "Word",
]
