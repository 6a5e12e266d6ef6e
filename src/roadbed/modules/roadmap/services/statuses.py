"""From idea to shipped: entering a status, and how long each one lasted."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.roadmap.models import Deed, Feature, Status, StatusSpell
from roadbed.modules.roadmap.services import deeds

VERBS = {Status.SHIPPED: "shipped", Status.DROPPED: "dropped"}
FIELDS = ("status", "status_reason", "status_at")


def set_status(
    *,
    feature: Feature,
    status: Status,
    actor: Actor,
    at: datetime,
    reason: str = "",
    entered_at: datetime | None = None,
    expected_version: int | None = None,
) -> deeds.Step | None:
    """Let a feature enter a status; None where it stands there already with the same reason.

    Raises
    ------
    ValidationError
        If a feature is dropped without a reason, or the moment lies in the future or before the last change.
    """
    stored = Feature.objects.select_for_update().get(pk=feature.pk)
    if expected_version is not None and stored.version != expected_version:
        raise records.StaleRecordError(stored, expected_version)
    reason = " ".join(reason.split())
    if status == Status.DROPPED and not reason and not (stored.status == status and stored.status_reason):
        raise ValidationError(
            {"status_reason": "Say why it is dropped: whoever asked for it will want to know."}
        )
    if stored.status == status and (not reason or stored.status_reason == reason):
        return None
    before = deeds.values_of(stored, FIELDS)
    if stored.status == status:
        records.change_record(record=feature, changes={"status_reason": reason}, actor=actor, at=at)
        StatusSpell.objects.filter(feature=feature, left_at__isnull=True).update(reason=reason)
        return deeds.Step(
            id=feature.pk,
            kind="feature",
            before={"status_reason": before["status_reason"]},
            after={"status_reason": reason},
        )
    entered = entered_at or at
    if entered > at:
        raise ValidationError({"status_at": "A status cannot be entered in the future."})
    if entered < stored.status_at:
        was = Status(stored.status).label.lower()
        day = f"{stored.status_at:%-d %B %Y}"
        raise ValidationError(
            {"status_at": f"It was {was} from {day}, so the next status cannot begin before."}
        )
    StatusSpell.objects.filter(feature=feature, left_at__isnull=True).update(left_at=entered)
    StatusSpell.objects.create(
        feature=feature, status=status, reason=reason, entered_at=entered, entered_by_id=actor.user_id
    )
    Feature.objects.filter(pk=feature.pk).update(status_at=entered)
    feature.status_at = entered
    records.change_record(
        record=feature,
        changes={"status": status.value, "status_reason": reason},
        actor=actor,
        at=at,
        verb=VERBS.get(status, "changed"),
    )
    return deeds.Step(id=feature.pk, kind="feature", before=before, after=deeds.values_of(feature, FIELDS))


@transaction.atomic
def change_status(
    *,
    feature: Feature,
    status: Status,
    actor: Actor,
    at: datetime,
    reason: str = "",
    entered_at: datetime | None = None,
    expected_version: int | None = None,
) -> Deed | None:
    """Let a feature enter a status, with the reason and, where it was earlier than now, the moment."""
    step = set_status(
        feature=feature,
        status=status,
        actor=actor,
        at=at,
        reason=reason,
        entered_at=entered_at,
        expected_version=expected_version,
    )
    if step is None:
        return None
    summary = f"{feature.key} is {Status(status).label.lower()}."
    return deeds.keep(workspace_id=feature.workspace_id, summary=summary, steps=[step], actor=actor, at=at)


@transaction.atomic
def ship_feature(
    *, feature: Feature, shipped_at: datetime, actor: Actor, at: datetime, expected_version: int | None = None
) -> Deed | None:
    """Say that a feature is out, since when."""
    return change_status(
        feature=feature,
        status=Status.SHIPPED,
        actor=actor,
        at=at,
        entered_at=shipped_at,
        expected_version=expected_version,
    )


@transaction.atomic
def drop_feature(
    *, feature: Feature, reason: str, actor: Actor, at: datetime, expected_version: int | None = None
) -> Deed | None:
    """Say that a feature will not be built, and why."""
    return change_status(
        feature=feature,
        status=Status.DROPPED,
        actor=actor,
        at=at,
        reason=reason,
        expected_version=expected_version,
    )


def restore_status(*, feature: Feature, step: deeds.Step, actor: Actor, at: datetime) -> None:
    """Give back the status before a step: the spell it opened goes, the one before it goes on."""
    before = step.before
    entered_at = datetime.fromisoformat(before["status_at"])
    StatusSpell.objects.filter(feature=feature, left_at__isnull=True).delete()
    spell = StatusSpell.objects.filter(feature=feature).order_by("-entered_at", "-pk").first()
    if spell is None:
        StatusSpell.objects.create(
            feature=feature, status=before["status"], reason=before["status_reason"], entered_at=entered_at
        )
    else:
        StatusSpell.objects.filter(pk=spell.pk).update(left_at=None)
    Feature.objects.filter(pk=feature.pk).update(status_at=entered_at)
    feature.status_at = entered_at
    records.change_record(
        record=feature,
        changes={"status": before["status"], "status_reason": before["status_reason"]},
        actor=actor,
        at=at,
    )
