"""What waits for a member."""

from __future__ import annotations

from datetime import datetime

from roadbed.core.records.today import Waiting
from roadbed.core.workspaces.access import Access
from roadbed.modules.ask.selectors import kept


def count_waiting(access: Access) -> int:
    """How many questions are the member's to find out, for the navigation."""
    return kept.count_waiting(member=access.member)


def waiting(access: Access, now: datetime) -> list[Waiting]:
    """What Today says of the questions that the member is to find out."""
    count = access.count(count_waiting)
    text = "question for you to find out" if count == 1 else "questions for you to find out"
    url = f"/w/{access.workspace.slug}/ask/questions/?state=open&owner={access.member.pk}"
    return [Waiting(count=count, text=text, url=url, order=30)]
