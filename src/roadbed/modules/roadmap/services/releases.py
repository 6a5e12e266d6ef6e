"""Planning releases and sending them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.roadmap.models import CLOSED, Deed, Feature, Hardness, Release, Status
from roadbed.modules.roadmap.services import deeds, promises, statuses

FIELDS = ("title", "product", "form", "start_date", "ship_date", "date_kind", "date_to", "notes")
RELATED = ("product",)
STATE = ("state", "shipped_at")


@dataclass(frozen=True, slots=True)
class ReleaseDraft:
    """A release to be made."""

    title: str
    product: Product | None = None
    start_date: date | None = None
    ship_date: date | None = None
    form: str = Release.Form.RELEASE
    date_kind: str = Hardness.SOFT
    date_to: str = ""
    notes: str = ""
    external_source: str = ""
    external_id: str = ""


@transaction.atomic
def create_release(
    *, workspace: Workspace, draft: ReleaseDraft, actor: Actor, at: datetime
) -> tuple[Release, Deed]:
    """Plan a release."""
    if draft.product is not None and draft.product.workspace_id != workspace.pk:
        raise ValidationError({"product": "There is no such choice in this workspace."})
    promises.refuse_past(
        field="ship_date", day=draft.ship_date, kind=draft.date_kind, before=(None, ""), at=at, is_done=False
    )
    release = Release(
        workspace=workspace,
        product=draft.product,
        title=draft.title,
        start_date=draft.start_date,
        ship_date=draft.ship_date,
        form=draft.form,
        date_kind=draft.date_kind,
        date_to=draft.date_to,
        notes=draft.notes,
        external_source=draft.external_source,
        external_id=draft.external_id,
    )
    records.create_record(record=release, actor=actor, at=at)
    step = deeds.Step(id=release.pk, kind="release", life="created")
    summary = f"Planned release {release.title}."
    return release, deeds.keep(workspace_id=workspace.pk, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def change_release(
    *,
    release: Release,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Deed | None:
    """Change a release's name, product, dates or notes. None where nothing differs."""
    unknown = set(changes) - set(FIELDS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} cannot be set like this")
    product = changes.get("product")
    if product is not None and product.workspace_id != release.workspace_id:
        raise ValidationError({"product": "There is no such choice in this workspace."})
    names = [f"{name}_id" if name in RELATED else name for name in changes]
    stored = Release.objects.get(pk=release.pk)
    promises.refuse_past(
        field="ship_date",
        day=changes.get("ship_date", stored.ship_date),
        kind=changes.get("date_kind", stored.date_kind),
        before=(stored.ship_date, stored.date_kind),
        at=at,
        is_done=stored.is_released,
    )
    before = deeds.values_of(stored, names)
    records.change_record(
        record=release, changes=changes, actor=actor, at=at, expected_version=expected_version
    )
    after = deeds.values_of(release, names)
    differing = deeds.differing(before, after)
    if not differing:
        return None
    step = deeds.Step(
        id=release.pk,
        kind="release",
        before={name: before[name] for name in differing},
        after={name: after[name] for name in differing},
    )
    what = ", ".join(name.replace("_", " ") for name in changes)
    summary = f"Changed {what} of release {release.title}."
    return deeds.keep(workspace_id=release.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


def _set_state(
    *, release: Release, state: str, shipped_at: datetime | None, actor: Actor, at: datetime, verb: str
) -> deeds.Step:
    before = deeds.values_of(Release.objects.get(pk=release.pk), STATE)
    changes = {"state": state, "shipped_at": shipped_at}
    records.change_record(record=release, changes=changes, actor=actor, at=at, verb=verb)
    return deeds.Step(id=release.pk, kind="release", before=before, after=deeds.values_of(release, STATE))


@transaction.atomic
def ship_release(
    *,
    release: Release,
    shipped_at: datetime,
    unfinished: Literal["ship", "keep", "remove"],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Deed:
    """Say that a release is out, and what becomes of its features that are not.

    Parameters
    ----------
    unfinished : str
        ``ship`` says that they are out with it, ``remove`` takes them out of the release, ``keep`` leaves them.

    Raises
    ------
    ValidationError
        If it is out already, or the moment lies in the future.
    """
    current = Release.objects.select_for_update().get(pk=release.pk)
    if expected_version is not None and current.version != expected_version:
        raise records.StaleRecordError(current, expected_version)
    if current.is_released:
        raise ValidationError(f"Release {release.title} is out already.")
    if shipped_at > at:
        raise ValidationError({"shipped_at": "A release cannot have shipped in the future."})
    steps = [
        _set_state(
            release=release,
            state=Release.State.RELEASED,
            shipped_at=shipped_at,
            actor=actor,
            at=at,
            verb="shipped",
        )
    ]
    if unfinished != "keep":
        rows = (
            Feature.objects.in_workspace(release.workspace_id)
            .filter(release=release)
            .exclude(status__in=CLOSED)
        )
        for feature in rows.order_by("pk"):
            if unfinished == "ship":
                # A feature that entered its status after the release's moment shipped when it entered the next.
                moment = max(shipped_at, feature.status_at)
                step = statuses.set_status(
                    feature=feature, status=Status.SHIPPED, entered_at=moment, actor=actor, at=at
                )
            else:
                records.change_record(record=feature, changes={"release": None}, actor=actor, at=at)
                step = deeds.Step(
                    id=feature.pk,
                    kind="feature",
                    before={"release_id": release.pk},
                    after={"release_id": None},
                )
            if step is not None:
                steps.append(step)
    summary = f"Release {release.title} is out."
    return deeds.keep(workspace_id=release.workspace_id, summary=summary, steps=steps, actor=actor, at=at)


@transaction.atomic
def reopen_release(
    *, release: Release, actor: Actor, at: datetime, expected_version: int | None = None
) -> Deed:
    """Say that a release is not out after all. Its features keep their status."""
    current = Release.objects.select_for_update().get(pk=release.pk)
    if expected_version is not None and current.version != expected_version:
        raise records.StaleRecordError(current, expected_version)
    if not current.is_released:
        raise ValidationError(f"Release {release.title} is not out.")
    step = _set_state(
        release=release, state=Release.State.PLANNED, shipped_at=None, actor=actor, at=at, verb="reopened"
    )
    summary = f"Release {release.title} is planned again."
    return deeds.keep(workspace_id=release.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def delete_release(*, release: Release, actor: Actor, at: datetime) -> Deed:
    """Take a release out of the plan. Its features keep it, and show it again when it comes back."""
    records.delete_record(record=release, actor=actor, at=at)
    step = deeds.Step(id=release.pk, kind="release", life="deleted")
    summary = f"Deleted release {release.title}."
    return deeds.keep(workspace_id=release.workspace_id, summary=summary, steps=[step], actor=actor, at=at)
