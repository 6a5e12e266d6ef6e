"""Mail: one for each period and member, claimed before it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from roadbed.core.notify.models import ChannelMail, Digest, Frequency, Notice, Preference
from roadbed.core.notify.services import notices
from roadbed.core.workspaces.models import Member

SALT = "roadbed.notify.off"
LINES_MAX = 100
AT_ONCE_SLOT = timedelta(minutes=1)
TOO_OLD = timedelta(days=15)
"""Notices that nobody mailed for so long are no news any more."""


def unsubscribe_token(*, member: Member, topic: str = "") -> str:
    """Return the signed text that lets the holder of a mail stop it without signing in."""
    return signing.dumps([member.pk, topic], salt=SALT)


def read_token(token: str) -> tuple[int, str] | None:
    """Return the member's number and the topic, or None for a token that we did not make."""
    try:
        member_id, topic = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(member_id), str(topic)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def slot_of(*, preference: Preference, frequency: str, now: datetime) -> datetime:
    """Return the latest moment at which the member's mail of this kind was due, by their own clock."""
    if frequency == Frequency.AT_ONCE:
        seconds = AT_ONCE_SLOT.total_seconds()
        return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
    local = now.astimezone(_zone(preference.member.user.time_zone))
    slot = local.replace(hour=preference.hour, minute=0, second=0, microsecond=0)
    if frequency == Frequency.WEEKLY:
        slot -= timedelta(days=(slot.weekday() - preference.weekday) % 7)
    if slot > local:
        slot -= timedelta(days=7 if frequency == Frequency.WEEKLY else 1)
    return slot.astimezone(UTC)


def _waiting(*, member: Member, topics: Sequence[str], before: datetime, now: datetime) -> list[Notice]:
    found = notices.notices_of(member=member).filter(
        reason__in=topics,
        mailed_at__isnull=True,
        read_at__isnull=True,
        created_at__lte=before,
        created_at__gt=now - TOO_OLD,
    )
    return list(found.order_by("id")[:LINES_MAX])


def send_due(*, preference: Preference, frequency: str, now: datetime) -> bool:
    """Send the member's mail of the current period, if it is due and there is something to say.

    The claim is committed first. If the process dies between claim and mail, this period has no mail, and the next one
    tells of the same notices; what is certain is that no mail is sent twice.
    """
    topics = preference.topics(frequency)
    if not topics:
        return False
    member = preference.member
    slot = slot_of(preference=preference, frequency=frequency, now=now)
    before = now if frequency == Frequency.AT_ONCE else slot
    waiting = _waiting(member=member, topics=topics, before=before, now=now)
    if not waiting:
        return False
    try:
        with transaction.atomic():
            digest = Digest.objects.create(
                member=member, frequency=frequency, slot_at=slot, claimed_at=now, count=len(waiting)
            )
    except IntegrityError:
        return False
    try:
        _send_digest(member=member, frequency=frequency, waiting=waiting)
    except Exception:
        # It is certain that nothing was sent: let the next try have the period.
        digest.delete()
        raise
    with transaction.atomic():
        Digest.objects.filter(pk=digest.pk).update(sent_at=now)
        Notice.objects.filter(pk__in=[notice.pk for notice in waiting]).update(mailed_at=now)
    return True


def _send_digest(*, member: Member, frequency: str, waiting: Sequence[Notice]) -> None:
    base = settings.ROADBED_URL
    off_url = f"{base}/notify/off/{unsubscribe_token(member=member)}/"
    context = {
        "member": member,
        "workspace": member.workspace,
        "notices": waiting,
        "base": base,
        "off_url": off_url,
        "settings_url": f"{base}/w/{member.workspace.slug}/settings/notifications/",
        "period": {"daily": "in the last day", "weekly": "in the last week"}.get(frequency, "just now"),
    }
    if len(waiting) == 1:
        subject = waiting[0].text
    else:
        subject = f"{member.workspace.name}: {len(waiting)} things {context['period']}"
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split())[:180],
        body=render_to_string("notify/mail/digest.txt", context),
        to=[member.user.email],
        headers={"List-Unsubscribe": f"<{off_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
    mail.attach_alternative(render_to_string("notify/mail/digest.html", context), "text/html")
    mail.send()


def send_channel_mail(*, mail_id: int, now: datetime) -> bool:
    """Send a mail to a channel's address, once."""
    if not ChannelMail.objects.filter(pk=mail_id, claimed_at__isnull=True).update(claimed_at=now):
        return False
    mail = ChannelMail.objects.select_related("channel__department", "channel__workspace").get(pk=mail_id)
    context = {"channel": mail.channel, "lines": mail.lines[:LINES_MAX], "base": settings.ROADBED_URL}
    news = f"{len(mail.lines)} news" if len(mail.lines) > 1 else str(mail.lines[0]["text"])
    message = EmailMultiAlternatives(
        subject=" ".join(f"{mail.channel.name}: {news}".split())[:180],
        body=render_to_string("notify/mail/channel.txt", context),
        to=[mail.channel.email],
    )
    try:
        message.send()
    except Exception:
        ChannelMail.objects.filter(pk=mail_id).update(claimed_at=None)
        raise
    ChannelMail.objects.filter(pk=mail_id).update(sent_at=now)
    return True
