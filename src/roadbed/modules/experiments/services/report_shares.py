"""Letting people outside read the report of an experiment, and ending that."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.experiments.models import Experiment, ReportShare

MOST = 50
SHORTEST_PASSWORD = 8


@transaction.atomic
def share_report(
    *,
    experiment: Experiment,
    name: str,
    password: str = "",
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> tuple[ReportShare, str]:
    """Make a secret address for the report. The secret is returned once, and not kept.

    Raises
    ------
    ValidationError
        If it expired already, or the password is too short.
    """
    if ReportShare.objects.filter(experiment=experiment, revoked_at__isnull=True).count() >= MOST:
        raise ValidationError(f"A report has at most {MOST} links. End some that nobody needs.")
    if password and len(password) < SHORTEST_PASSWORD:
        raise ValidationError({"password": f"At least {SHORTEST_PASSWORD} characters."})
    if expires_at is not None and expires_at <= at:
        raise ValidationError({"expires": "This day is past."})
    secret = keys.make(length=40)
    share = ReportShare(
        experiment=experiment,
        name=" ".join(name.split()),
        token_hash=keys.digest(secret),
        password=make_password(password) if password else "",
        created_at=at,
        created_by_id=actor.user_id,
        expires_at=expires_at,
    )
    share.full_clean()
    share.save(force_insert=True)
    facts = {"name": share.name, "until": expires_at}
    records.record_activity(record=experiment, actor=actor, verb="shared the report", at=at, changes=facts)
    return share, secret


@transaction.atomic
def revoke_report_share(*, share: ReportShare, actor: Actor, at: datetime) -> None:
    """Let an address lead nowhere any more."""
    if not ReportShare.objects.filter(pk=share.pk, revoked_at__isnull=True).update(revoked_at=at):
        raise ValidationError("This link was ended already.")
    facts = {"name": share.name}
    records.record_activity(
        record=share.experiment, actor=actor, verb="ended a link to the report", at=at, changes=facts
    )
