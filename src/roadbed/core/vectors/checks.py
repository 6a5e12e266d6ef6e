"""What `roadbed doctor` asks about vectors."""

from __future__ import annotations

from datetime import datetime, timedelta

from roadbed.core import doctor
from roadbed.core.search.models import SearchEntry
from roadbed.core.vectors import embedders
from roadbed.core.vectors.models import Reader
from roadbed.core.vectors.services import stale_entries
from roadbed.core.workspaces.models import Workspace

PATIENCE = timedelta(hours=1)


def check_vectors(now: datetime) -> doctor.Finding:
    """Whether the models are installed, and whether texts wait to be read for longer than they should."""
    models = {*Reader.objects.values_list("model", flat=True), embedders.default()}
    for model in sorted(models):
        try:
            embedders.get(model)
        except embedders.ModelMissingError as error:
            return doctor.bad(f"texts cannot be read for meaning: {error}", fix="Install what it names.")
    waiting = sum(
        stale_entries(workspace_id=pk).filter(updated_at__lt=now - PATIENCE).count()
        for pk in Workspace.objects.values_list("pk", flat=True)
    )
    if waiting:
        return doctor.warning(
            f"{waiting:,} texts wait to be read",
            fix="Start `roadbed up` or `roadbed worker`; it goes on where it stopped.",
        )
    return doctor.good(f"{SearchEntry.objects.count():,} texts are read")
