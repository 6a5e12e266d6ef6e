"""A connection with a pair, a run and a conflict, for tests that walk through every address."""

from __future__ import annotations

from typing import Any

from roadbed.modules.trackers.models import Binding, Conflict, Entry, Run
from roadbed.modules.trackers.services import connecting
from tests.people import NOW


def furnish(scene: Any) -> None:
    """Make one of everything that trackers have."""
    connection = connecting.create_connection(
        workspace=scene.workspace,
        kind="github",
        name="Engineering",
        settings={"repository": "octo/hello", "token": "t", "api": "https://tracker.invalid"},
        actor=scene.ben.actor,
        at=NOW,
    )
    connection.offered = {
        "fields": ["title", "status"],
        "statuses": ["open"],
        "users": [["mira", "mira", ""]],
    }
    connection.save()
    binding = Binding.objects.create(
        connection=connection, record_id=scene.made["feature"].pk, external_id="7", key="#7",
        url="https://github.com/octo/hello/issues/7", made_at=NOW, state="gone", note="The issue was deleted there.",
    )  # fmt: skip
    Conflict.objects.create(binding=binding, field="title", ours="Ours", theirs="Theirs", found_at=NOW)
    run = Run.objects.create(connection=connection, began_at=NOW, outcome="good", counts={"taken": 1})
    Entry.objects.create(run=run, at=NOW, deed="taken", binding=binding, field="title", before="a", after="b")
    scene.made |= {"connection": connection, "binding": binding, "run": run}
