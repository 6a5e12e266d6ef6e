"""What tables can be read into and written from: feedback, accounts, people, needs, votes."""

from roadbed.modules.insights.imports.customers import ACCOUNTS, PEOPLE
from roadbed.modules.insights.imports.exports import SOURCES as _LISTS
from roadbed.modules.insights.imports.feedback import FEEDBACK
from roadbed.modules.insights.imports.needs import NEEDS
from roadbed.modules.insights.imports.votes import VOTES, VOTES_OUT

TARGETS = (FEEDBACK, ACCOUNTS, PEOPLE, NEEDS, VOTES)
SOURCES = (*_LISTS, VOTES_OUT)

__all__ = ["ACCOUNTS", "FEEDBACK", "NEEDS", "PEOPLE", "SOURCES", "TARGETS", "VOTES"]
