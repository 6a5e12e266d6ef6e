"""Saying what may go wrong, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.roadmap.models import Deed, Feature, Risk
from roadbed.modules.roadmap.services import deeds

FIELDS = (
    "title",
    "product",
    "probability",
    "low",
    "likely",
    "high",
    "state",
    "owner",
    "description",
    "answer",
)
RELATED = ("owner", "product")


@dataclass(frozen=True, slots=True)
class RiskDraft:
    """A risk to be written down."""

    title: str
    probability: int
    low: float
    likely: float
    high: float
    hits: Collection[Feature] = ()
    state: str = Risk.State.OPEN
    owner: Member | None = None
    product: Product | None = None
    description: str = ""
    answer: str = ""
    external_source: str = ""
    external_id: str = ""


def _check(workspace_id: int, values: Mapping[str, Any]) -> None:
    errors = {}
    for name in RELATED:
        related = values.get(name)
        if related is not None and related.workspace_id != workspace_id:
            errors[name] = "There is no such choice in this workspace."
    low, likely, high = (values.get(name) for name in ("low", "likely", "high"))
    if low is not None and likely is not None and high is not None:
        if not all(isfinite(one) for one in (low, likely, high)) or low <= 0:
            errors["low"] = "What it costs is more than nothing."
        elif low > high:
            errors["low"] = f"The low end ({low:g} days) lies above the high end ({high:g} days)."
        elif not low <= likely <= high:
            errors["likely"] = f"The likely value ({likely:g}) lies outside {low:g} to {high:g} days."
    if errors:
        raise ValidationError(errors)


def _hit(risk: Risk, hits: Collection[Feature]) -> list[str]:
    if any(one.workspace_id != risk.workspace_id for one in hits):
        raise ValidationError({"hits": "There is no such feature here."})
    risk.hits.set(hits)
    return sorted(one.key for one in hits)


@transaction.atomic
def create_risk(*, workspace: Workspace, draft: RiskDraft, actor: Actor, at: datetime) -> tuple[Risk, Deed]:
    """Write down a risk with the features that it would hit."""
    values = {name: getattr(draft, name) for name in (*FIELDS, "external_source", "external_id")}
    _check(workspace.pk, values)
    risk = Risk(workspace=workspace, **values)
    records.create_record(record=risk, actor=actor, at=at)
    if draft.hits:
        keys = _hit(risk, draft.hits)
        records.record_activity(record=risk, actor=actor, verb="changed", at=at, changes={"hits": [[], keys]})
    step = deeds.Step(id=risk.pk, kind="risk", life="created")
    return risk, deeds.keep(
        workspace_id=workspace.pk, summary=f"Wrote down {risk.key}.", steps=[step], actor=actor, at=at
    )


@transaction.atomic
def change_risk(
    *,
    risk: Risk,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    hits: Collection[Feature] | None = None,
    expected_version: int | None = None,
) -> Deed | None:
    """Change a risk, whom it hits, or say what became of it. None where no field differs."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    stored = Risk.objects.get(pk=risk.pk)
    _check(risk.workspace_id, {name: changes.get(name, getattr(stored, name)) for name in FIELDS})
    names = [f"{name}_id" if name in RELATED else name for name in changes]
    before = deeds.values_of(stored, names)
    records.change_record(record=risk, changes=changes, actor=actor, at=at, expected_version=expected_version)
    if hits is not None:
        old = sorted(one.key for one in risk.hits.all())
        new = _hit(risk, hits)
        if old != new:
            records.touch_record(record=risk, actor=actor, at=max(at, risk.created_at))
            records.record_activity(
                record=risk, actor=actor, verb="changed", at=at, changes={"hits": [old, new]}
            )
    after = deeds.values_of(risk, names)
    differing = deeds.differing(before, after)
    if not differing:
        return None
    step = deeds.Step(
        id=risk.pk,
        kind="risk",
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )
    what = ", ".join(name.removesuffix("_id") for name in differing)
    return deeds.keep(
        workspace_id=risk.workspace_id,
        summary=f"Changed {what} of {risk.key}.",
        steps=[step],
        actor=actor,
        at=at,
    )
