"""What waits for a member."""

from __future__ import annotations

from datetime import datetime

from roadbed.core.records.today import Waiting
from roadbed.core.workspaces.access import Access
from roadbed.modules.ask.selectors import kept


def waiting(access: Access, now: datetime) -> list[Waiting]:
    """What Today says of the questions that the member is to find out."""
    count = kept.count_waiting(member=access.member)
    text = "question for you to find out" if count == 1 else "questions for you to find out"
    url = f"/w/{access.workspace.slug}/ask/questions/?state=open&owner={access.member.pk}"
    return [Waiting(count=count, text=text, url=url, order=30)]
