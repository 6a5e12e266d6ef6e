"""What notify does in the background."""

from __future__ import annotations

from datetime import timedelta

from roadbed.core.jobs import services as jobs
from roadbed.core.notify.models import Delivery, DeliveryState, Digest, Frequency, Notice, Preference
from roadbed.core.notify.services import mails, notices, spreading, webhooks
from roadbed.core.workspaces.models import Member

KEPT = timedelta(days=180)
KEPT_DELIVERIES = timedelta(days=30)


@jobs.task("notify.spread", label="Tell people what changed", priority=5)
def spread(context: jobs.Context, *, sequence: int) -> None:
    """Turn the history that nobody read yet into notices and deliveries."""
    if context.workspace_id is None:
        return
    done = 0
    while count := spreading.spread(workspace_id=context.workspace_id, first=sequence, at=context.now()):
        done += count
        context.progress(done, note="Telling")


@jobs.task("notify.deliver", label="Deliver a webhook", queue="default", timeout=timedelta(minutes=2))
def deliver(context: jobs.Context, *, delivery_id: int) -> None:
    """Try to deliver once; the pauses are those of Standard Webhooks."""
    pause = webhooks.deliver(delivery_id=delivery_id, at=context.now())
    if pause is not None:
        raise jobs.RetryLaterError("it was not taken", after=pause)


@jobs.task("notify.mail_at_once", label="Send mail at once")
def mail_at_once(context: jobs.Context) -> None:
    """Send what members want to hear at once."""
    _send(context, frequency=Frequency.AT_ONCE, workspace_id=context.workspace_id)


@jobs.task("notify.mail_digests", label="Send digests")
def mail_digests(context: jobs.Context) -> None:
    """Send the daily and weekly mails whose hour has come, and what could not be sent at once."""
    for frequency in (Frequency.AT_ONCE, Frequency.DAILY, Frequency.WEEKLY):
        _send(context, frequency=frequency, workspace_id=None)


def _send(context: jobs.Context, *, frequency: str, workspace_id: int | None) -> None:
    members = Member.objects.filter(
        removed_at__isnull=True,
        user__is_active=True,
        pk__in=Notice.objects.filter(mailed_at__isnull=True, read_at__isnull=True).values("member_id"),
    ).select_related("user", "workspace")
    if workspace_id is not None:
        members = members.filter(workspace_id=workspace_id)
    chosen = {one.member_id: one for one in Preference.objects.filter(member__in=members)}
    failed: Exception | None = None
    for member in members:
        preference = chosen.get(member.pk) or notices.preference_of(member=member)
        preference.member = member
        try:
            mails.send_due(preference=preference, frequency=frequency, now=context.now())
        except OSError as error:
            # One refused address must not keep the others' mail back; the job tries again as a whole.
            context.log(f"No mail to {member.user.email}: {error}")
            failed = error
        context.raise_if_cancelled()
    if failed is not None:
        raise failed


@jobs.task("notify.channel_mail", label="Send mail to a department")
def channel_mail(context: jobs.Context, *, mail_id: int) -> None:
    """Send one mail to a channel's address."""
    mails.send_channel_mail(mail_id=mail_id, now=context.now())


@jobs.task("notify.prune", label="Clear away old notices", priority=-10)
def prune(context: jobs.Context) -> None:
    """Delete notices that were read long ago, old digests' marks and old deliveries."""
    now = context.now()
    for rows in (
        Notice.objects.filter(read_at__lt=now - KEPT),
        Digest.objects.filter(slot_at__lt=now - KEPT),
        Delivery.objects.filter(created_at__lt=now - KEPT_DELIVERIES).exclude(state=DeliveryState.PENDING),
    ):
        while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:500]):
            rows.model._default_manager.filter(pk__in=ids).delete()
            context.raise_if_cancelled()


jobs.schedule("notify.mail_digests", every=timedelta(minutes=5))
jobs.schedule("notify.prune", every=timedelta(days=1), at="04:20")
