"""Keep a list's filters under a name."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from roadbed.core.records.models import SavedView
from roadbed.core.workspaces.models import Member


@transaction.atomic
def save_view(
    *, member: Member, list_name: str, name: str, query: str, is_shared: bool, at: datetime
) -> SavedView:
    """Save the filters; the same name (whatever its case) replaces one's own.

    Raises
    ------
    ValidationError
        If the name is empty or something is too long.
    """
    name = " ".join(name.split())
    mine = SavedView.objects.filter(member=member, list_name=list_name, name__iexact=name).first()
    view = mine or SavedView(
        workspace_id=member.workspace_id, member=member, list_name=list_name, name=name, created_at=at
    )
    view.query = query.lstrip("?")
    view.is_shared = is_shared
    view.full_clean()
    view.save()
    return view
