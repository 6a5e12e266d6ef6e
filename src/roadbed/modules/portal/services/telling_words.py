"""The first words of a telling, for somebody to make their own."""

from __future__ import annotations

from collections.abc import Mapping

from roadbed.modules.portal.models import Change

SUBJECTS: Mapping[str, str] = {
    Change.PLANNED: "We plan to do it: {title}",
    Change.STARTED: "We have started: {title}",
    Change.BETA: "Ready to be tried out: {title}",
    Change.SHIPPED: "It is here: {title}",
    Change.DECLINED: "About {title}",
    Change.NEWS: "News about {title}",
}
BODIES: Mapping[str, str] = {
    Change.PLANNED: "You told us that you need this. It is in our plan now: {title}.\n\nWe write again when it is "
    "done.",
    Change.STARTED: "You told us that you need this. We have started to build it: {title}.\n\nWe write again when it "
    "is done.",
    Change.BETA: "You told us that you need this. It can be tried out now: {title}.\n\nAnswer this mail if you would "
    "like to be among the first.",
    Change.SHIPPED: "You told us that you need this, and now it is there: {title}.\n\nThank you for telling us. Answer "
    "this mail if something is still missing.",
    Change.DECLINED: "You told us that you need this: {title}. We have decided not to do it.\n\n{reason}",
    Change.NEWS: "You told us that you need this: {title}.\n\n",
}
NO_REASON = "Tell us what you do instead; it may change our minds."


def subject_for(*, change: str, title: str) -> str:
    """Return the subject to begin with.

    >>> subject_for(change="shipped", title="Reroute during a run")
    'It is here: Reroute during a run'
    """
    return SUBJECTS[change].format(title=title)[:160]


def body_for(*, change: str, title: str) -> str:
    """Return the words to begin with. The plan's own reasons are internal and are never put in."""
    return BODIES[change].format(title=title, reason=NO_REASON)
