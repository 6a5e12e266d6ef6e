"""Saying what waits for what, and what others have promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Deed, Dependency, External, Feature, Tie, graphs
from roadbed.modules.roadmap.services import deeds, tree

EXTERNAL_FIELDS = (
    "title",
    "promised_by",
    "contact",
    "owner",
    "product",
    "earliest",
    "latest",
    "state",
    "delivered_date",
    "description",
)
RELATED = ("owner", "product")


class CircleError(ValidationError):
    """Two features would wait for each other, directly or over others."""


def circle_words(keys: list[str]) -> str:
    """Name the members of a circle in order, the first one again at the end."""
    if len(keys) > 12:
        keys = [*keys[:6], f"… {len(keys) - 11} more …", *keys[-5:]]
    return " → ".join([*keys, keys[0]])


def refuse_circle(*, workspace_id: int, wait: graphs.Wait, graph: graphs.Graph | None = None) -> None:
    """Refuse a dependency that would close a circle, naming its members.

    Parameters
    ----------
    graph : Graph, optional
        Everything that waits already, where the caller has read it; else it is read.

    Raises
    ------
    CircleError
        If it does.
    """
    known = selectors.graph_of(workspace_id=workspace_id) if graph is None else graph
    circle = known.circle_with(wait)
    if circle:
        keys = selectors.keys_in_order(circle)
        raise CircleError(
            f"This would close a circle, and nothing in it could ever be done: {circle_words(keys)}. "
            "An arrow reads “comes before”; what lies under a feature is part of it."
        )


def _facts(dependency: Dependency) -> dict[str, Any]:
    on = dependency.on if dependency.on is not None else dependency.external
    facts: dict[str, Any] = {"on": on.key if on else "", "tie": str(Tie(dependency.tie).label).lower()}
    if dependency.lag:
        facts["lag"] = dependency.lag
    return facts


@transaction.atomic
def add_dependency(
    *,
    feature: Feature,
    on: Feature | External,
    actor: Actor,
    at: datetime,
    tie: str = Tie.FINISH_START,
    lag: int = 0,
    note: str = "",
    graph: graphs.Graph | None = None,
) -> tuple[Dependency, Deed]:
    """Let a feature wait for another one, or for something external.

    Parameters
    ----------
    graph : Graph, optional
        Everything that waits already; it takes the new one in, so that many are added in time linear in their number.

    Raises
    ------
    CircleError
        If the two would wait for each other, directly or over others.
    ValidationError
        If they depend on each other like this already, or a wall stands between.
    """
    if on.workspace_id != feature.workspace_id:
        raise ValidationError({"on": "There is no such thing here."})
    tree.lock_tree(workspace_id=feature.workspace_id)
    if isinstance(on, Feature):
        if on.pk == feature.pk:
            raise ValidationError({"on": f"{feature.key} cannot wait for itself."})
        wait = graphs.Wait(feature=feature.pk, on=on.pk, tie=tie)
        refuse_circle(workspace_id=feature.workspace_id, wait=wait, graph=graph)
    dependency = Dependency(
        workspace_id=feature.workspace_id,
        feature=feature,
        on=on if isinstance(on, Feature) else None,
        external=on if isinstance(on, External) else None,
        tie=tie,
        lag=lag,
        note=" ".join(note.split()),
        created_at=at,
        created_by_id=actor.user_id,
    )
    dependency.full_clean()
    dependency.save(force_insert=True)
    if graph is not None and isinstance(on, Feature):
        graph.add(wait)
    return dependency, _said(dependency, verb="waits for", life="depends", actor=actor, at=at)


def _said(dependency: Dependency, *, verb: str, life: str, actor: Actor, at: datetime) -> Deed:
    feature = dependency.feature
    records.touch_record(record=feature, actor=actor, at=max(at, feature.created_at))
    about: Record | None = dependency.on if dependency.on is not None else dependency.external
    facts = _facts(dependency)
    records.record_activity(record=feature, about=about, actor=actor, verb=verb, at=at, changes=facts)
    kept = {
        "dependency": dependency.pk,
        "on": dependency.on_id,
        "external": dependency.external_id,
        "tie": dependency.tie,
        "lag": dependency.lag,
        "note": dependency.note,
    }
    step = deeds.Step(id=feature.pk, kind="feature", life=life, after=kept)
    summary = (
        f"{feature.key} waits for {facts['on']}."
        if life == "depends"
        else f"{feature.key} no longer waits for {facts['on']}."
    )
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def change_dependency(
    *, dependency: Dependency, tie: str, lag: int, note: str, actor: Actor, at: datetime
) -> Dependency:
    """Change how one waits for the other.

    Raises
    ------
    CircleError
        If the other tie would close a circle.
    """
    before = _facts(dependency) | {"note": dependency.note}
    if tie != dependency.tie and dependency.on_id is not None:
        tree.lock_tree(workspace_id=dependency.workspace_id)
        refuse_circle(
            workspace_id=dependency.workspace_id,
            wait=graphs.Wait(feature=dependency.feature_id, on=dependency.on_id, tie=tie),
        )
    dependency.tie, dependency.lag, dependency.note = tie, lag, " ".join(note.split())
    dependency.full_clean()
    dependency.save(update_fields=["tie", "lag", "note"])
    after = _facts(dependency) | {"note": dependency.note}
    if before != after:
        names = {*before, *after}
        changes = {
            name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)
        }
        feature = dependency.feature
        records.touch_record(record=feature, actor=actor, at=max(at, feature.created_at))
        records.record_activity(
            record=feature, actor=actor, verb="changed what it waits for", at=at, changes=changes
        )
    return dependency


@transaction.atomic
def remove_dependency(*, dependency: Dependency, actor: Actor, at: datetime) -> Deed:
    """Let a feature no longer wait."""
    deed = _said(dependency, verb="no longer waits for", life="undepends", actor=actor, at=at)
    dependency.delete()
    return deed


def take_back(*, step: deeds.Step, feature: Feature, actor: Actor, at: datetime) -> bool:
    """Undo that a feature waits, or no longer does; True where that could be done."""
    kept = step.after
    if step.life == "depends":
        found = Dependency.objects.filter(pk=kept["dependency"], feature=feature).first()
        if found is None:
            return False
        remove_dependency(dependency=found, actor=actor, at=at)
        return True
    on: Feature | External | None
    if kept["on"]:
        on = Feature.objects.in_workspace(feature.workspace_id).filter(pk=kept["on"]).first()
    else:
        on = External.objects.in_workspace(feature.workspace_id).filter(pk=kept["external"]).first()
    if on is None:
        return False
    try:
        add_dependency(
            feature=feature, on=on, tie=kept["tie"], lag=kept["lag"], note=kept["note"], actor=actor, at=at
        )
    except ValidationError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class ExternalDraft:
    """Something that others owe, to be written down."""

    title: str
    promised_by: str
    earliest: date
    latest: date
    contact: str = ""
    owner: Member | None = None
    product: Product | None = None
    description: str = ""
    external_source: str = ""
    external_id: str = ""


@transaction.atomic
def create_external(
    *, workspace: Workspace, draft: ExternalDraft, actor: Actor, at: datetime
) -> tuple[External, Deed]:
    """Write down something that others owe the plan, with the range of days that they promised.

    Raises
    ------
    ValidationError
        If the whole range lies in the past, is in the wrong order, or a wall stands between.
    """
    if draft.latest < at.date():
        raise ValidationError(
            {
                "latest": f"{draft.latest:%-d %B %Y} is past: ask {draft.promised_by or 'them'} for a new promise."
            }
        )
    external = External(
        workspace=workspace,
        title=draft.title,
        promised_by=" ".join(draft.promised_by.split()),
        earliest=draft.earliest,
        latest=draft.latest,
        contact=draft.contact,
        owner=draft.owner,
        product=draft.product,
        description=draft.description,
        external_source=draft.external_source,
        external_id=draft.external_id,
    )
    _check_walls(external.workspace_id, {"owner": draft.owner, "product": draft.product})
    records.create_record(record=external, actor=actor, at=at)
    step = deeds.Step(id=external.pk, kind="external", life="created")
    summary = f"{external.key} is promised by {external.promised_by}."
    return external, deeds.keep(workspace_id=workspace.pk, summary=summary, steps=[step], actor=actor, at=at)


def _check_walls(workspace_id: int, values: Mapping[str, Any]) -> None:
    for name in RELATED:
        related = values.get(name)
        if related is not None and related.workspace_id != workspace_id:
            raise ValidationError({name: "There is no such choice in this workspace."})


@transaction.atomic
def change_external(
    *,
    external: External,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Deed | None:
    """Change a promise: its range, who owes it, whether it was delivered. None where nothing differs.

    Raises
    ------
    ValidationError
        If a new range lies wholly in the past, or the delivery in the future.
    """
    unknown = set(changes) - set(EXTERNAL_FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    stored = External.objects.get(pk=external.pk)
    wanted = dict(changes)
    _check_walls(external.workspace_id, wanted)
    state = wanted.get("state", stored.state)
    if state == External.State.DELIVERED:
        if not wanted.get("delivered_date", stored.delivered_date):
            wanted["delivered_date"] = at.date()
        if (wanted.get("delivered_date") or stored.delivered_date) > at.date():
            raise ValidationError({"delivered_date": "It cannot have been delivered in the future."})
    else:
        wanted["delivered_date"] = None
        latest = wanted.get("latest", stored.latest)
        if latest != stored.latest and latest < at.date():
            raise ValidationError({"latest": f"{latest:%-d %B %Y} is past: a promise lies ahead."})
    names = [f"{name}_id" if name in RELATED else name for name in wanted]
    before = deeds.values_of(stored, names)
    records.change_record(
        record=external, changes=wanted, actor=actor, at=at, expected_version=expected_version
    )
    after = deeds.values_of(external, names)
    differing = deeds.differing(before, after)
    if not differing:
        return None
    step = deeds.Step(
        id=external.pk,
        kind="external",
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )
    what = ", ".join(name.removesuffix("_id").replace("_", " ") for name in differing)
    summary = f"Changed {what} of {external.key}."
    return deeds.keep(workspace_id=external.workspace_id, summary=summary, steps=[step], actor=actor, at=at)
