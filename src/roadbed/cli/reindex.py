"""`roadbed reindex`: make the search index anew."""

from __future__ import annotations

from roadbed.cli.output import say


def reindex() -> None:
    """Make the search index of every workspace anew. Needed only when `roadbed doctor` says so.

    Examples:

        roadbed reindex
    """
    from roadbed.cli import environment

    environment.prepare()
    from django.db import transaction

    from roadbed.core.search import services as search
    from roadbed.core.workspaces.models import Workspace

    for workspace in Workspace.objects.order_by("slug"):
        with transaction.atomic():
            count = search.rebuild(workspace_id=workspace.pk)
        say(f"{workspace.slug}: {count} rows")
