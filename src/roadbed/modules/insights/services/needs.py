"""Needs, in a human's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Need


@transaction.atomic
def create_need(
    *,
    workspace: Workspace,
    title: str,
    actor: Actor,
    at: datetime,
    product: Product | None = None,
    description: str = "",
    expectation: str = "",
    importance: Decimal | None = None,
    satisfaction: Decimal | None = None,
    rated_from: str = "",
    external_source: str = "",
    external_id: str = "",
) -> Need:
    """Write down what people want to get done."""
    need = Need(
        workspace=workspace,
        product=product,
        title=" ".join(title.split()),
        description=description.strip(),
        expectation=expectation.strip(),
        importance=importance,
        satisfaction=satisfaction,
        rated_from=rated_from.strip(),
        external_source=external_source,
        external_id=external_id,
    )
    return records.create_record(record=need, actor=actor, at=at)


@transaction.atomic
def change_need(
    *, need: Need, changes: Mapping[str, Any], actor: Actor, at: datetime, expected_version: int | None = None
) -> Need:
    """Change a need's words, its product, or how important it is and how well it is met."""
    return records.change_record(
        record=need, changes=changes, actor=actor, at=at, expected_version=expected_version
    )
