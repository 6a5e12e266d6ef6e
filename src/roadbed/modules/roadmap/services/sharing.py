"""Taking over from elsewhere what a feature says, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.roadmap.models import Feature, Lane, Level, Release, Status
from roadbed.modules.roadmap.selectors import sharing as selectors
from roadbed.modules.roadmap.services import bulk, features, releases, tree

TITLE_MOST, TEXT_MOST = 300, 20_000
Values = Mapping[str, Any]
PLAIN = ("title", "description", "status", "owner", "start", "due", "release")


def _release(*, workspace: Workspace, title: str, actor: Actor, at: datetime) -> Release:
    found = selectors.release_named(workspace_id=workspace.pk, title=title)
    if found is None:
        found, _ = releases.create_release(
            workspace=workspace, draft=releases.ReleaseDraft(title=title[:TITLE_MOST]), actor=actor, at=at
        )
    return found


def _fields(
    *, workspace: Workspace, values: Values, reason: str, actor: Actor, at: datetime
) -> dict[str, Any]:
    """Return plain values as the services want them."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name == "title":
            found["title"] = " ".join(str(value).split())[:TITLE_MOST] or "Without a title"
        elif name == "description":
            found["description"] = str(value)[:TEXT_MOST]
        elif name == "status":
            found["status"] = Status(value)
            if value == Status.DROPPED:
                found["status_reason"] = reason[:TITLE_MOST]
        elif name == "owner":
            owner = Member.objects.filter(
                workspace=workspace, user__email__iexact=value, removed_at__isnull=True
            ).first()
            if value and owner is None:
                raise ValidationError({"owner": f"{value} is no member of this workspace."})
            found["owner"] = owner
        elif name in {"start", "due"}:
            day = date.fromisoformat(value) if value else None
            found["target_start" if name == "start" else "target_end"] = day
        elif name == "release":
            found["release"] = (
                _release(workspace=workspace, title=value, actor=actor, at=at) if value else None
            )
    return found


@transaction.atomic
def create(
    *,
    workspace: Workspace,
    values: Values,
    actor: Actor,
    at: datetime,
    product: Product | None = None,
    lane: str = Lane.PRODUCT,
    level: str = Level.FEATURE,
    reason: str = "",
) -> int:
    """Make a feature of plain values and return its id.

    Raises
    ------
    ValidationError
        If the roadmap refuses one of them.
    """
    plain = {name: value for name, value in values.items() if name in PLAIN}
    facts = _fields(workspace=workspace, values=plain, reason=reason, actor=actor, at=at)
    parent = None
    if values.get("parent"):
        parent = Feature.objects.in_workspace(workspace.pk).filter(pk=values["parent"]).first()
    draft = features.Draft(
        lane=Lane(lane),
        level=features.level_below(parent) if parent else Level(level),
        parent=parent,
        product=product,
        **{"title": "Without a title", **facts},
    )
    feature, _ = features.create_feature(workspace=workspace, draft=draft, actor=actor, at=at)
    if values.get("labels"):
        records.set_tags(record=feature, names=list(values["labels"]), actor=actor, at=at)
    made: int = feature.pk
    return made


@transaction.atomic
def change(
    *, workspace: Workspace, record_id: int, values: Values, actor: Actor, at: datetime, reason: str = ""
) -> dict[str, str]:
    """Give a feature plain values, and return what the roadmap refused, with the reason; the rest is kept.

    Raises
    ------
    Feature.DoesNotExist
        If it is not there (any more).
    """
    feature: Feature = Feature.objects.in_workspace(workspace.pk).get(pk=record_id)
    plain = {name: value for name, value in values.items() if name in PLAIN}
    refused: dict[str, str] = {}
    if plain:
        try:
            with transaction.atomic():
                _change(feature=feature, values=plain, reason=reason, actor=actor, at=at)
        except ValidationError:
            # One bad value must not keep the good ones out: each for itself.
            for name, value in plain.items():
                _try(refused, name, feature, {name: value}, reason, actor, at)
    if "labels" in values:
        records.set_tags(record=feature, names=list(values["labels"]), actor=actor, at=at)
    if "parent" in values:
        try:
            with transaction.atomic():
                parent = None
                if values["parent"]:
                    parent = Feature.objects.in_workspace(workspace.pk).get(pk=values["parent"])
                feature.refresh_from_db()
                tree.move_feature(feature=feature, parent=parent, actor=actor, at=at)
        except (ValidationError, Feature.DoesNotExist) as error:
            refused["parent"] = _words(error)
    return refused


def _change(*, feature: Feature, values: Values, reason: str, actor: Actor, at: datetime) -> None:
    facts = _fields(workspace=feature.workspace, values=values, reason=reason, actor=actor, at=at)
    bulk.change_feature(feature=feature, changes=facts, actor=actor, at=at)


def _try(
    refused: dict[str, str],
    name: str,
    feature: Feature,
    values: Values,
    reason: str,
    actor: Actor,
    at: datetime,
) -> None:
    try:
        with transaction.atomic():
            feature.refresh_from_db()
            _change(feature=feature, values=values, reason=reason, actor=actor, at=at)
    except ValidationError as error:
        refused[name] = _words(error)


def _words(error: Exception) -> str:
    return " ".join(error.messages) if isinstance(error, ValidationError) else "It is not there any more."
