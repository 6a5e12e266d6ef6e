"""Rules over accounts, kept under a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Segment, rules


@transaction.atomic
def create_segment(
    *, workspace: Workspace, name: str, rule: Any, actor: Actor, at: datetime, note: str = ""
) -> Segment:
    """Keep a rule under a name. Which accounts it takes in follows the accounts from now on.

    Raises
    ------
    ValidationError
        If the rule cannot be read.
    """
    kept = rules.parse(rule).as_json()
    segment = Segment(workspace=workspace, title=" ".join(name.split()), rule=kept, note=note.strip())
    return records.create_record(record=segment, actor=actor, at=at)


@transaction.atomic
def change_segment(
    *,
    segment: Segment,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Segment:
    """Change a segment's name, note or rule."""
    cleaned = dict(changes)
    if "rule" in cleaned:
        cleaned["rule"] = rules.parse(cleaned["rule"]).as_json()
    return records.change_record(
        record=segment, changes=cleaned, actor=actor, at=at, expected_version=expected_version
    )
