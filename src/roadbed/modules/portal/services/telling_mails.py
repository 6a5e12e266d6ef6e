"""Sending what was approved: each letter is claimed, in a transaction of its own, before its mail goes out.

If the process dies between the claim and the mail, that one letter stays claimed and is shown as uncertain: somebody
may not have been told, but nobody is told twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from roadbed.modules.portal.models import Letter, Listing, Silence, Telling, Visitor
from roadbed.modules.portal.selectors import doors
from roadbed.modules.portal.selectors import tellings as reads
from roadbed.modules.portal.services import letters as addresses

SALT = "roadbed.portal.told"
PERMANENT = range(500, 600)


def off_token(letter: Letter) -> str:
    """Return the signed text that lets the holder of a mail hear no more, without signing in."""
    return signing.dumps(letter.pk, salt=SALT)


def letter_of_token(token: str) -> Letter | None:
    """Return the letter that a token was made for."""
    try:
        pk = int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Letter.objects.select_related("telling__workspace").filter(pk=pk).exclude(email="").first()


@transaction.atomic
def silence(*, letter: Letter, why: str, at: datetime) -> None:
    """Write to this address no more. A visitor of the portal keeps their page."""
    Silence.objects.get_or_create(
        workspace_id=letter.telling.workspace_id,
        email=letter.email.lower(),
        defaults={"why": why, "since": at},
    )
    if why == Silence.Why.ASKED:
        Visitor.objects.filter(workspace_id=letter.telling.workspace_id, email__iexact=letter.email).update(
            takes_mail=False
        )


@transaction.atomic
def hear_again(*, workspace_id: int, email: str) -> None:
    """Write to an address again: its holder said so, or somebody mended it."""
    Silence.objects.filter(workspace_id=workspace_id, email=email.lower()).delete()


def waiting_letters(*, telling_id: int) -> list[int]:
    """Return the letters that nobody claimed, in order."""
    rows = Letter.objects.filter(
        telling_id=telling_id,
        telling__state=Telling.State.APPROVED,
        channel=Letter.Channel.MAIL,
        claimed_at__isnull=True,
        failed_at__isnull=True,
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def send_letter(*, letter_id: int, now: Callable[[], datetime]) -> bool:
    """Send one letter, once; False where there is nothing to send any more.

    Raises
    ------
    OSError
        If the mail could surely not be handed over: the letter is free again, and may be tried later.
    """
    claimed = Letter.objects.filter(
        pk=letter_id,
        claimed_at__isnull=True,
        failed_at__isnull=True,
        channel=Letter.Channel.MAIL,
        telling__state=Telling.State.APPROVED,
    ).update(claimed_at=now())
    if not claimed:
        return False
    letter = Letter.objects.select_related("telling__record", "telling__workspace", "person").get(
        pk=letter_id
    )
    if trouble := _hindrance(letter):
        _fail(letter, trouble, at=now())
        return False
    try:
        _mail(letter).send()
    except SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        if not all(code in PERMANENT for code in codes):
            _release(letter)
            raise OSError("The mail server refused for now.") from error
        silence(letter=letter, why=Silence.Why.BOUNCED, at=now())
        _fail(letter, "The address takes no mail.", at=now())
        return False
    except SMTPResponseException as error:
        if error.smtp_code in PERMANENT:
            _fail(letter, f"The mail server refused it ({error.smtp_code}).", at=now())
            return False
        _release(letter)
        raise
    except ValueError:
        _fail(letter, "The words or the address cannot be put into a mail.", at=now())
        return False
    except OSError:
        # It is certain that nothing was handed over: let the next try have it.
        _release(letter)
        raise
    Letter.objects.filter(pk=letter.pk).update(told_at=now())
    return True


def _release(letter: Letter) -> None:
    Letter.objects.filter(pk=letter.pk).update(claimed_at=None)


def _fail(letter: Letter, trouble: str, *, at: datetime) -> None:
    Letter.objects.filter(pk=letter.pk).update(failed_at=at, trouble=trouble[:300])


def _hindrance(letter: Letter) -> str:
    """Return why somebody must not be told after all: what was true at the approval may not be now."""
    telling = letter.telling
    if letter.person.is_deleted or letter.person.is_private:
        return "This person is gone."
    if telling.record.is_deleted or telling.record.is_private:
        return "What it tells of is gone."
    if reads.silent_addresses(workspace_id=telling.workspace_id, emails=[letter.email]):
        return "They asked to hear no more, or take no mail."
    visitor = Visitor.objects.filter(workspace_id=telling.workspace_id, email__iexact=letter.email).first()
    return "They want no mail." if visitor is not None and not visitor.takes_mail else ""


def _page_of(letter: Letter) -> str:
    """Return where its reader finds it on a board that they may open; empty where there is none."""
    rows = (
        Listing.objects.published()
        .filter(record_id=letter.telling.record_id, board__circle__isnull=True)
        .select_related("board", "board__workspace")
        .order_by("pk")
    )
    for listing in rows:
        if doors.admits(board=listing.board, email=letter.email):
            return f"{addresses.address_of(listing.board)}entries/{listing.code}/"
    return ""


BECAUSE = {
    "quoted": "you told us about it",
    "asked": "you asked for it",
    "voted": "you voted for it",
    "followed": "you follow it",
}


def _mail(letter: Letter) -> EmailMultiAlternatives:
    telling = letter.telling
    words = reads.words_for(reads.words_of(telling=telling), locale=letter.locale)
    if words is None:
        raise ValueError("a telling without words")
    off_url = f"{settings.ROADBED_URL}/told/off/{off_token(letter)}/"
    context = {
        "words": words,
        "workspace": telling.workspace,
        "because": BECAUSE.get(letter.reason, "you asked for it"),
        "url": _page_of(letter),
        "off_url": off_url,
    }
    mail = EmailMultiAlternatives(
        subject=words.subject,
        body=render_to_string("portal/mail/telling.txt", context),
        to=[letter.email],
        headers={
            "List-Unsubscribe": f"<{off_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("portal/mail/telling.html", context), "text/html")
    return mail
