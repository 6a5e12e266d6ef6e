"""Setting fields of a row of the workspace and writing what changed into its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity


def apply(
    *,
    row: models.Model,
    workspace_id: int,
    changes: Mapping[str, Any],
    verb: str,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
) -> bool:
    """Set, check and save the fields that differ, and record before → after. Returns whether anything did.

    Must run inside the caller's transaction.

    Raises
    ------
    ValidationError
        If a field or a constraint refuses.
    """
    stored = type(row)._default_manager.get(pk=row.pk)
    differences: dict[str, Any] = {}
    names: list[str] = []
    for name, value in changes.items():
        before = getattr(stored, name)
        setattr(row, name, value)
        if before != value:
            differences[name] = [before, value]
            names.append(name)
    if not names:
        return False
    row.full_clean()
    row.save(update_fields=names)
    record_activity(
        workspace_id=workspace_id, actor=actor, verb=verb, at=at, changes={**(facts or {}), **differences}
    )
    return True


def free_slug(*, wanted: str, taken: set[str], length: int = 40) -> str:
    """Return the wanted slug, or the first of wanted-2, wanted-3… that is free."""
    base = wanted[:length].strip("-") or "main"
    slug, number = base, 2
    while slug in taken:
        ending = f"-{number}"
        slug, number = base[: length - len(ending)] + ending, number + 1
    return slug
