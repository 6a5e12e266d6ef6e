"""Mail to visitors: plain words, one link, and a way to hear no more."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.template.loader import render_to_string

from roadbed.modules.portal.models import Board, EntryLink, Follow, Listing, State, Visitor
from roadbed.modules.portal.selectors import doors
from roadbed.modules.portal.services import visitors

SALT = "roadbed.portal.off"


def off_token(visitor: Visitor) -> str:
    """Return the signed text that lets the holder of a mail hear no more, without signing in."""
    return signing.dumps(visitor.pk, salt=SALT)


def visitor_of_token(token: str) -> int | None:
    """Return the number of the visitor that a token was made for."""
    try:
        return int(signing.loads(token, salt=SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def address_of(board: Board, *, host: str = "") -> str:
    """Return where a board is: on its own domain, or below the installation's address."""
    if board.domain:
        scheme = "https" if settings.ROADBED_URL.startswith("https") else "http"
        return f"{scheme}://{board.domain}/"
    return f"{host or settings.ROADBED_URL}/p/{board.workspace.slug}/{board.slug}/"


def _send(*, to: str, subject: str, template: str, context: dict[str, Any], off_url: str = "") -> None:
    headers = (
        {"List-Unsubscribe": f"<{off_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        if off_url
        else {}
    )
    body = render_to_string(template, {**context, "off_url": off_url})
    EmailMessage(subject=" ".join(subject.split())[:160], body=body, to=[to], headers=headers).send()


def send_link(*, link_id: int) -> bool:
    """Send the mail with the link; False where the link is gone or used."""
    link = (
        EntryLink.objects.select_related("board", "board__workspace")
        .filter(pk=link_id, used_at__isnull=True)
        .first()
    )
    if link is None:
        return False
    secret = visitors.give_secret(link=link)
    base = address_of(link.board, host=link.host)
    context = {"board": link.board, "link": link, "url": f"{base}sign-in/{secret}/", "deed": link.deed}
    subject = {
        "submit": f"Confirm your idea for {link.board.title}",
        "vote": f"Confirm your vote on {link.board.title}",
        "say": f"Confirm your comment on {link.board.title}",
    }.get(str(link.deed.get("do", "")), f"Your link into {link.board.title}")
    _send(to=link.email, subject=subject, template="portal/mail/link.txt", context=context)
    return True


def _visitor_of(person_id: int | None, workspace_id: int) -> Visitor | None:
    if person_id is None:
        return None
    return Visitor.objects.filter(person_id=person_id, workspace_id=workspace_id, takes_mail=True).first()


def send_verdict(*, listing_id: int) -> bool:
    """Tell who wrote a listing that it was published, or why not."""
    listing = Listing.objects.select_related("board", "board__workspace").filter(pk=listing_id).first()
    if listing is None or listing.state == State.WAITING:
        return False
    visitor = _visitor_of(listing.author_id, listing.board.workspace_id)
    if visitor is None:
        return False
    base = address_of(listing.board)
    subject = "Your idea is on the board" if listing.is_published else "About your idea"
    _send(
        to=visitor.email,
        subject=f"{subject}: {listing.title}",
        template="portal/mail/verdict.txt",
        context={"listing": listing, "board": listing.board, "url": f"{base}entries/{listing.code}/"},
        off_url=f"{base}off/{off_token(visitor)}/",
    )
    return True


def followers_of_answer(*, listing_id: int) -> list[int]:
    """Return who shall hear of the answer to a listing: who follows it, wants mail and may open the board."""
    listing = _answered(listing_id)
    if listing is None:
        return []
    followers = Follow.objects.filter(listing=listing).values("person_id")
    rows = Visitor.objects.filter(
        person_id__in=followers,
        person__deleted_at__isnull=True,
        workspace_id=listing.board.workspace_id,
        takes_mail=True,
    )
    return [row.pk for row in rows.order_by("pk") if doors.admits(board=listing.board, email=row.email)]


def _answered(listing_id: int) -> Listing | None:
    published: QuerySet[Listing] = Listing.objects.published()
    return (
        published.exclude(answer="").select_related("board", "board__workspace").filter(pk=listing_id).first()
    )


def send_answer(*, listing_id: int, visitor_id: int) -> bool:
    """Tell one follower of a listing what its makers said."""
    listing = _answered(listing_id)
    visitor = Visitor.objects.filter(pk=visitor_id, takes_mail=True).first()
    if listing is None or visitor is None:
        return False
    base = address_of(listing.board)
    _send(
        to=visitor.email,
        subject=f"{listing.board.title}: an answer to “{listing.title}”",
        template="portal/mail/answer.txt",
        context={"listing": listing, "board": listing.board, "url": f"{base}entries/{listing.code}/"},
        off_url=f"{base}off/{off_token(visitor)}/",
    )
    return True
