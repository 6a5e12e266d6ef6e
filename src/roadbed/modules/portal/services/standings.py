"""Let listings follow the plan, and say it in the workspace's words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import kinds
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Link, Relation
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.portal.models import Listing, Standing, StatusNote, Wording
from roadbed.modules.portal.selectors import standings
from roadbed.modules.portal.services import voices

AT_ONCE = 500
PLANS = frozenset({"feature", "need", "feedback"})
VOICED = frozenset({"voted", "took vote back", "merged", "unmerged", "removed vote"})
MOVED = frozenset({"deleted", "restored", "merged", "unmerged", "unlinked", "linked"})


@transaction.atomic
def enter(*, listing: Listing, standing: str, reason: str, at: datetime) -> None:
    """Let a listing stand somewhere from now on, and keep the step."""
    listing.standing, listing.standing_reason, listing.standing_at = standing, reason, at
    listing.save(update_fields=["standing", "standing_reason", "standing_at", "is_standing_fixed", "horizon"])
    StatusNote.objects.create(listing=listing, standing=standing, reason=reason, at=at)


@transaction.atomic
def refresh(*, workspace: Workspace, listings: Sequence[Listing], at: datetime) -> int:
    """Let these listings stand where the plan says; those that somebody set stay. Returns how many moved."""
    derived = standings.derive(workspace=workspace, listings=listings)
    moved = 0
    for listing in listings:
        found = derived[listing.pk]
        if found.horizon != listing.horizon:
            listing.horizon = found.horizon
            Listing.objects.filter(pk=listing.pk).update(horizon=found.horizon)
        if listing.is_standing_fixed or found.standing == listing.standing:
            continue
        # The plan's own reasons are internal. What is said in public is said by somebody, or not at all.
        enter(listing=listing, standing=found.standing, reason="", at=at)
        moved += 1
    return moved


@transaction.atomic
def set_standing(*, listing: Listing, standing: str, reason: str, actor: Actor, at: datetime) -> None:
    """Say where a listing stands, whatever the plan says, and why.

    Raises
    ------
    ValidationError
        If there is no such standing, or a refusal has no reason.
    """
    if standing not in Standing.values:
        raise ValidationError({"standing": "There is no such standing."})
    words = " ".join(reason.replace("\x00", "").split())
    if standing == Standing.DECLINED and not words:
        raise ValidationError({"reason": "Say why: whoever asked for it will want to know."})
    if len(words) > 500:
        raise ValidationError({"reason": "A reason has at most 500 characters."})
    if (listing.standing, listing.standing_reason, listing.is_standing_fixed) == (standing, words, True):
        return
    before = listing.standing
    listing.is_standing_fixed = True
    enter(listing=listing, standing=standing, reason=words, at=at)
    facts = {"standing": [before, standing], "reason": words, "board": listing.board.key}
    records.record_activity(
        record=listing.record,
        about=listing.board,
        actor=actor,
        verb="told where it stands",
        at=at,
        changes=facts,
    )


@transaction.atomic
def follow_the_plan(*, listing: Listing, actor: Actor, at: datetime) -> None:
    """Let a listing whose standing was set by hand follow the plan again."""
    if not listing.is_standing_fixed:
        return
    listing.is_standing_fixed = False
    listing.save(update_fields=["is_standing_fixed"])
    refresh(workspace=listing.board.workspace, listings=[listing], at=at)


@transaction.atomic
def set_wording(
    *, workspace: Workspace, standing: str, label: str, about: str, actor: Actor, at: datetime
) -> None:
    """Call a standing by the workspace's own words; an empty label returns to ours.

    Raises
    ------
    ValidationError
        If there is no such standing, or the words are too long.
    """
    if standing not in Standing.values:
        raise ValidationError({"standing": "There is no such standing."})
    row = Wording.objects.filter(workspace=workspace, standing=standing).first()
    before = [row.label, row.about] if row else ["", ""]
    words, reason = (" ".join(text.replace("\x00", "").split()) for text in (label, about))
    if before == [words, reason]:
        return
    if not words and not reason:
        Wording.objects.filter(workspace=workspace, standing=standing).delete()
    else:
        row = row or Wording(workspace=workspace, standing=standing)
        row.label, row.about = words or str(Standing(standing).label), reason
        row.full_clean()
        row.save()
    records.record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="worded a standing",
        at=at,
        changes={"standing": standing, "label": [before[0], words], "about": [before[1], reason]},
    )


def _recount_later(*, workspace_id: int, record_ids: Collection[int]) -> None:
    ids = sorted(set(record_ids))
    jobs.enqueue_on_commit(
        "portal.follow_plan",
        workspace_id=workspace_id,
        key="-".join(map(str, ids))[:80],
        record_ids=ids,
    )


def _is_of_interest(workspace_id: int) -> bool:
    return Listing.objects.filter(board__home_id=workspace_id).exists()


@cache
def _prefixes() -> frozenset[str]:
    return frozenset(prefix for kind in PLANS for prefix in kinds.get(kind).prefixes)


def follow(activity: Activity) -> None:
    """Hear of each deed: votes are counted at once, changes of the plan are followed in a job."""
    if activity.record_id is None or activity.record_key.partition("-")[0] not in _prefixes():
        return
    if activity.verb in VOICED:
        found = Listing.objects.filter(record_id=activity.record_id).select_related("board")
        voices.recount(listings=list(found), at=activity.at)
    tells = activity.verb in MOVED or bool({"status", "horizon"} & set(activity.changes))
    if tells and _is_of_interest(activity.workspace_id):
        _recount_later(workspace_id=activity.workspace_id, record_ids=[activity.record_id])


def follow_link(link: Link, actor: Actor, at: datetime) -> None:
    """Hear of each tie that is made or cut."""
    if link.relation == Relation.SUPPORTS:
        tells = Listing.objects.filter(record_id=link.source_id).exists()
    else:
        tells = link.relation in standings.BUILDS and _is_of_interest(link.workspace_id)
    if tells:
        _recount_later(workspace_id=link.workspace_id, record_ids=[link.source_id, link.target_id])


def refresh_touched(*, workspace_id: int, record_ids: Collection[int], at: datetime) -> int:
    """Let every listing follow whose standing may hang on these records."""
    workspace = Workspace.objects.get(pk=workspace_id)
    rows = standings.touched_by(record_ids=record_ids).filter(board__home_id=workspace_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    moved = 0
    for start in range(0, len(ids), AT_ONCE):
        part = Listing.objects.filter(pk__in=ids[start : start + AT_ONCE]).select_related("record", "board")
        moved += refresh(workspace=workspace, listings=list(part), at=at)
    return moved
