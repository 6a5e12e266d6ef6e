"""What is kept of questions and answers."""

from roadbed.modules.ask.models.questions import Citation, Question, Rating, State

__all__ = ["Citation", "Question", "Rating", "State"]
