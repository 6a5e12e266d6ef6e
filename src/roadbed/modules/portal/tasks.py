"""What the portal does in the background."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.core.records.models import Record
from roadbed.modules.portal.models import EntryLink
from roadbed.modules.portal.services import letters, standings, telling_mails, tellings

KEPT = timedelta(days=7)


@jobs.task("portal.send_link", label="Send a link to a visitor", priority=5)
def send_link(context: jobs.Context, *, link_id: int) -> None:
    """Send one mail with a link. The secret is made here, so that no waiting job holds it."""
    letters.send_link(link_id=link_id)


@jobs.task("portal.tell_verdict", label="Tell a visitor what became of their idea")
def tell_verdict(context: jobs.Context, *, listing_id: int) -> None:
    """Send one mail to who wrote a listing."""
    letters.send_verdict(listing_id=listing_id)


@jobs.task("portal.tell_answer", label="Tell followers of an answer")
def tell_answer(context: jobs.Context, *, listing_id: int) -> dict[str, object]:
    """Queue one mail to each follower of a listing, so that a mail that fails is tried again alone."""
    found = letters.followers_of_answer(listing_id=listing_id)
    with transaction.atomic():
        for visitor_id in found:
            jobs.enqueue_on_commit(
                "portal.tell_follower",
                workspace_id=context.workspace_id,
                key=f"answer-{listing_id}-{visitor_id}",
                listing_id=listing_id,
                visitor_id=visitor_id,
            )
    return {"text": f"Told {len(found)} followers."}


@jobs.task("portal.tell_follower", label="Tell a follower of an answer")
def tell_follower(context: jobs.Context, *, listing_id: int, visitor_id: int) -> None:
    """Send one mail to one follower."""
    letters.send_answer(listing_id=listing_id, visitor_id=visitor_id)


@jobs.task("portal.follow_plan", label="Let the boards follow the plan")
def follow_plan(context: jobs.Context, *, record_ids: list[int]) -> dict[str, object] | None:
    """Let listings stand where the plan says, after these records changed."""
    if context.workspace_id is None:
        return None
    moved = standings.refresh_touched(
        workspace_id=context.workspace_id, record_ids=record_ids, at=context.now()
    )
    return {"text": f"{moved} listings moved."}


@jobs.task("portal.clear", label="Clear away links that nobody used", priority=-10)
def clear(context: jobs.Context) -> None:
    """Delete links, and what they carried, a week after their end."""
    EntryLink.objects.filter(expires_at__lt=context.now() - KEPT).delete()


@jobs.task("portal.prepare_telling", label="See who would want to hear of a change")
def prepare_telling(
    context: jobs.Context, *, record_id: int, sequence: int, change: str, reason: str
) -> dict[str, object] | None:
    """Draft a telling, once for each change; running it again finds the draft."""
    record = Record.objects.filter(pk=record_id, workspace_id=context.workspace_id).first()
    if record is None:
        return None
    telling = tellings.prepare(
        record=record, change=change, sequence=sequence, reason=reason, at=context.now()
    )
    if telling is None:
        return {"text": f"Nobody waits to hear of {record.key}."}
    url = f"/w/{telling.workspace.slug}/portal/tellings/{telling.pk}/"
    return {"text": f"Drafted what to tell about {record.key}.", "url": url}


@jobs.task("portal.send_telling", label="Tell people what they asked for", timeout=timedelta(hours=2))
def send_telling(context: jobs.Context, *, telling_id: int) -> dict[str, object]:
    """Send the letters of an approved telling, each once; killed half-way, it goes on with the next."""
    ids = telling_mails.waiting_letters(telling_id=telling_id)
    told, failed = 0, None
    for done, letter_id in enumerate(ids):
        context.progress(done, len(ids), "Telling")
        try:
            told += telling_mails.send_letter(letter_id=letter_id, now=context.now)
        except OSError as error:
            # One mail that cannot be handed over must not keep the others back; the job tries again as a whole.
            context.log(f"Not handed over yet: {error}")
            failed = error
    if failed is not None:
        raise failed
    return {"text": f"Told {told} of {len(ids)} people by mail."}


jobs.schedule("portal.clear", every=timedelta(days=1), at="04:40")
