"""What tables can be read into and written from: feedback, accounts, people, needs."""

from roadbed.modules.insights.imports.customers import ACCOUNTS, PEOPLE
from roadbed.modules.insights.imports.exports import SOURCES
from roadbed.modules.insights.imports.feedback import FEEDBACK
from roadbed.modules.insights.imports.needs import NEEDS

TARGETS = (FEEDBACK, ACCOUNTS, PEOPLE, NEEDS)

__all__ = ["ACCOUNTS", "FEEDBACK", "NEEDS", "PEOPLE", "SOURCES", "TARGETS"]
