"""Three ways in that stand open, with what came through them of late. None of them calls anybody."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from roadbed.core.accounts.actors import Actor
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Person
from roadbed.modules.insights.services import intake, mailboxes
from roadbed.modules.insights.services import sources as services
from roadbed.modules.insights.services.items import Item

SAID = (
    "The map should open where I left it, not on the whole country.",
    "Please let me print the run sheet on one page.",
    "When the signal drops in the tunnel the app forgets the last stop.",
    "It took four minutes to find a free van this morning.",
    "Could the customer see how far away the driver is?",
    "The new start page is much calmer. Thank you.",
)
MAILS = (
    ("Two drivers on one run", "We often send two drivers on one run. Today only one of them can sign."),
    ("Delivery photos", "The photos of the delivery are too dark to show to a customer."),
    (
        "Re: Delivery photos",
        "They are better since Monday.\n\nOn Mon, support wrote:\n> Did the update help?",
    ),
    ("Night shift", "Our night shift needs the dark map by default."),
)
TICKETS = (
    "The export of last month has no column for the depot.",
    "Can we set the working hours of a driver by day?",
    "An address in a new street cannot be found.",
    "The driver's phone number is shown to every customer. It should not be.",
    "Why does a run that is late by a minute turn red?",
)


def load(
    *,
    workspace: Workspace,
    product: Product | None,
    people: Sequence[Person],
    actor: Actor,
    seed: int,
    at: datetime,
) -> None:
    """Open a form, a mail address and a webhook, and let a few pieces come through each."""
    rng = random.Random(f"sources {seed}")  # noqa: S311 - a story, not a secret
    opened = at - timedelta(days=40)
    form = services.create_source(
        workspace=workspace,
        kind="form",
        name="Form in the driver app",
        product=product,
        settings={"heading": "Tell Dispatch what you need", "rating": "stars", "colour": "#1b6e53"},
        actor=actor,
        at=opened,
    )
    for number, text in enumerate(SAID):
        said = at - timedelta(days=24 - 4 * number, minutes=rng.randint(1, 500))
        stars = rng.randint(2, 5)
        item = Item(
            text=text,
            external_id=f"form-{number}",
            said_at=said,
            rating=Decimal(2 * stars),
            attributes={"stars": stars},
        )
        intake.receive(source=form, item=item, at=said)
    trap = Item(text="Cheap watches, best price!", external_id="form-trap")
    intake.leave_out(
        source=form, item=trap, reason="The trap for machines was filled in.", at=at - timedelta(days=2)
    )
    post = services.create_source(
        workspace=workspace,
        kind="mail",
        name="Mail to voice@",
        product=product,
        settings={"address": f"voice@{workspace.slug}.example"},
        actor=actor,
        at=opened,
    )
    for number, (subject, body) in enumerate(MAILS):
        writer = people[(7 * number + seed) % len(people)]
        said = at - timedelta(days=17 - 5 * number, hours=rng.randint(1, 9))
        raw = (
            f"From: {writer.title} <{writer.email}>\nTo: voice@{workspace.slug}.example\nSubject: {subject}\n"
            f"Date: {said:%a, %d %b %Y %H:%M:%S} +0000\nMessage-ID: <demo-{number}@{workspace.slug}.example>\n"
            + (
                f"In-Reply-To: <demo-{number - 1}@{workspace.slug}.example>\n"
                if subject.startswith("Re:")
                else ""
            )
            + f"Content-Type: text/plain; charset=utf-8\n\n{body}\n"
        )
        mailboxes.receive_mail(source=post, raw=raw.encode(), at=said + timedelta(minutes=rng.randint(1, 9)))
    desk = services.create_source(
        workspace=workspace,
        kind="hook",
        name="Help desk",
        product=product,
        settings={"text": "comment.body", "id": "ticket.id"},
        actor=actor,
        at=opened,
    )
    for number, text in enumerate(TICKETS):
        writer = people[(11 * number + seed) % len(people)]
        said = at - timedelta(days=13 - 3 * number, minutes=rng.randint(1, 900))
        item = Item(
            text=text, external_id=f"{8100 + number}", said_at=said, person=writer.title, email=writer.email
        )
        intake.receive(source=desk, item=item, at=said + timedelta(seconds=rng.randint(1, 40)))
    unread = Item(text="The lift is broken.", external_id="8105", email="night desk")
    intake.receive(source=desk, item=unread, at=at - timedelta(hours=5))
