"""Tables of the module, by noun."""

from roadbed.modules.alignment.models.sessions import Criterion, Session, SessionItem, State, Vote

__all__ = ["Criterion", "Session", "SessionItem", "State", "Vote"]
