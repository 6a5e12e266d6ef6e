"""Mail on its way in: piped to us, or fetched from a mailbox."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from roadbed.core import net
from roadbed.modules.insights.models import Source
from roadbed.modules.insights.services import intake, mail_texts, polling
from roadbed.modules.insights.services.intake import Received
from roadbed.modules.insights.services.items import Item
from roadbed.modules.insights.services.polling import FetchError, Told

SECONDS = 20.0
MAILS_A_RUN = 500
MAIL_MOST = 25 * 1024 * 1024
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class NobodyError(LookupError):
    """No source has the address that a mail was sent to."""


def source_for(*, raw: bytes) -> Source:
    """Return the source that a mail was sent to.

    Raises
    ------
    NobodyError
        If none of its recipients is the address of a source that is on.
    """
    recipients = mail_texts.read(raw).recipients
    found: Source | None = (
        Source.objects.listening()
        .filter(kind=Source.Kind.MAIL, settings__address__in=list(recipients))
        .select_related("workspace", "product")
        .order_by("pk")
        .first()
    )
    if found is None:
        to = ", ".join(recipients[:5]) or "nobody"
        raise NobodyError(f"No source that is on has the address it was sent to ({to}).")
    return found


def receive_mail(*, source: Source, raw: bytes, at: datetime) -> Received:
    """Take in one mail: what its writer wrote, as one piece of feedback."""
    mail = mail_texts.read(raw)
    own = settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> ").lower()
    if mail.item.email and mail.item.email in {own, source.settings.get("address", "").lower()}:
        return intake.leave_out(source=source, item=mail.item, reason="It is our own mail.", at=at)
    if mail.is_automatic:
        return intake.leave_out(source=source, item=mail.item, reason="It is an automatic answer.", at=at)
    return intake.receive(source=source, item=mail.item, at=at)


def receive_mails(*, source: Source, raws: Iterable[bytes], at: datetime) -> list[Received]:
    """Take in mails, one transaction each."""
    return [receive_mail(source=source, raw=raw, at=at) for raw in raws]


def tls_context() -> ssl.SSLContext:
    """Return how the other side's certificate is checked."""
    return ssl.create_default_context()


class _Tls(imaplib.IMAP4_SSL):
    """TLS from the start, to an address that was judged."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        opened = net.connect(self.host, self.port, timeout=timeout or SECONDS)
        try:
            return tls_context().wrap_socket(opened, server_hostname=self.host)
        except (OSError, ssl.SSLError):
            opened.close()
            raise


class _StartTls(imaplib.IMAP4):
    """In the open until STARTTLS, to an address that was judged."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return net.connect(self.host, self.port, timeout=timeout or SECONDS)


def _open(source: Source) -> imaplib.IMAP4:
    facts = source.settings
    host, port = str(facts["host"]), int(facts["port"])
    starts_open = facts["security"] == "starttls"
    box = (_StartTls if starts_open else _Tls)(host, port, timeout=SECONDS)
    try:
        if starts_open:
            box.starttls(ssl_context=tls_context())
        box.login(str(facts["user"]), source.secrets.get("password", ""))
    except (imaplib.IMAP4.error, OSError):
        box.shutdown()
        raise
    return box


def fetch(*, source: Source, now: Callable[[], datetime], told: Told) -> int:
    """Read what came since the last look; return how many mails. A run that is killed goes on where it was.

    Raises
    ------
    FetchError
        If the mailbox cannot be reached, refuses us, or has no such folder.
    """
    if not source.secrets.get("password"):
        raise FetchError("The password is missing, or was sealed with another key. Type it in anew.")
    try:
        box = _open(source)
    except net.RefusedAddressError as error:
        raise FetchError(str(error)) from error
    except net.CallFailedError as error:
        raise FetchError(str(error)) from error
    except imaplib.IMAP4.error as error:
        raise FetchError(f"The mailbox refused us: {_said(error)}") from error
    except OSError as error:
        raise FetchError(f"The mailbox does not answer: {error}") from error
    try:
        return _read(box, source=source, now=now, told=told)
    except imaplib.IMAP4.error as error:
        raise FetchError(f"The mailbox refused: {_said(error)}") from error
    except OSError as error:
        raise FetchError(f"The connection broke: {error}") from error
    finally:
        try:
            box.logout()
        except (imaplib.IMAP4.error, OSError):
            box.shutdown()


def _said(error: Exception) -> str:
    given = error.args[0] if error.args else ""
    text = given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)
    return text[:200] or "it gave no reason"


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(box: imaplib.IMAP4, *, source: Source, now: Callable[[], datetime], told: Told) -> int:
    marks = source.settings["after"] == "seen"
    folder = str(source.settings["folder"] or "INBOX")
    answer, data = box.select(_quoted(folder), readonly=not marks)
    if answer != "OK":
        raise FetchError(f"There is no folder “{folder}”.")
    found = box.response("UIDVALIDITY")[1]
    validity = _number(found[0] if found else None)
    last = int(source.cursor.get("uid", 0)) if source.cursor.get("validity") == validity else 0
    _, data = box.uid("SEARCH", f"UID {last + 1}:*")
    listed = sorted(uid for uid in (_number(each) for each in _joined(data).split()) if uid > last)
    count = 0
    for uid in listed[:MAILS_A_RUN]:
        told(count, "Reading mail")
        _take(box, source=source, uid=uid, marks=marks, at=now())
        polling.keep_cursor(source=source, cursor={"validity": validity, "uid": uid})
        count += 1
    return count


def _joined(data: Iterable[Any]) -> bytes:
    return b" ".join(each for each in data if isinstance(each, bytes))


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _take(box: imaplib.IMAP4, *, source: Source, uid: int, marks: bool, at: datetime) -> None:
    _, data = box.uid("FETCH", str(uid), "(RFC822.SIZE)")
    size = SIZE.search(_joined(data))
    if size and int(size.group(1)) > MAIL_MOST:
        reason = f"The mail has {int(size.group(1)) // 1_000_000} MB; {MAIL_MOST // 1_000_000} are the most."
        intake.refuse(source=source, item=Item(text="", external_id=f"uid-{uid}"), reason=reason, at=at)
        return
    _, parts = box.uid("FETCH", str(uid), "(BODY.PEEK[])")
    raw = next((part[1] for part in parts if isinstance(part, tuple) and isinstance(part[1], bytes)), b"")
    if raw:  # gone since the list was made, otherwise
        receive_mail(source=source, raw=raw, at=at)
        if marks:
            box.uid("STORE", str(uid), "+FLAGS", "(\\Seen)")
