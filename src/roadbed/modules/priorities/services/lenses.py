"""Make and change lenses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.priorities.models import Lens, LensVersion, Subject
from roadbed.modules.priorities.selectors import definitions

FIELDS = ("title", "about", "definition", "subject", "cut", "unit", "wait", "studies", "product")


@transaction.atomic
def create_lens(
    *,
    workspace: Workspace,
    title: str,
    method: str,
    actor: Actor,
    at: datetime,
    subject: str = Subject.FEATURES,
    product: Product | None = None,
    definition: Mapping[str, Any] | None = None,
    **more: Any,
) -> Lens:
    """Make a lens of a method, and rank by it.

    Raises
    ------
    ValidationError
        If there is no such method, or its definition cannot be computed.
    """
    lens = Lens(
        workspace=workspace,
        product=product,
        title=title,
        method=method,
        subject=subject,
        definition=definitions.clean(definition) if definition else definitions.initial(method),
        studies=definitions.initial_studies(method),
    )
    for name, value in more.items():
        setattr(lens, name, definitions.clean_studies(value) if name == "studies" else value)
    records.create_record(record=lens, actor=actor, at=at)
    _keep_version(lens, actor, at)
    enqueue(lens)
    return lens


@transaction.atomic
def change_lens(
    *,
    lens: Lens,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Lens:
    """Change a lens; a new definition is a new version, and it is ranked anew.

    Raises
    ------
    StaleRecordError
        If somebody changed it meanwhile.
    ValidationError
        If the definition cannot be computed, or a field refuses.
    """
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    cleaned = dict(changes)
    if "definition" in cleaned:
        cleaned["definition"] = definitions.clean(cleaned["definition"])
    if "studies" in cleaned:
        cleaned["studies"] = definitions.clean_studies(cleaned["studies"])
    before = lens.version
    old = Lens.objects.get(pk=lens.pk).definition
    records.change_record(record=lens, changes=cleaned, actor=actor, at=at, expected_version=expected_version)
    if lens.version != before:
        if lens.definition != old:
            _keep_version(lens, actor, at)
        enqueue(lens)
    return lens


def enqueue(lens: Lens) -> None:
    """Let a lens be ranked anew once this is committed."""
    jobs.enqueue_on_commit(
        "priorities.rank", workspace_id=lens.workspace_id, key=f"lens-{lens.pk}", lens_id=lens.pk
    )


def _keep_version(lens: Lens, actor: Actor, at: datetime) -> None:
    last = lens.versions.aggregate(last=Max("number"))["last"] or 0
    LensVersion.objects.create(
        lens=lens, number=last + 1, definition=lens.definition, made_at=at, made_by_id=actor.user_id
    )
