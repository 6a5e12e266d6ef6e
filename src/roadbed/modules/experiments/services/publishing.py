"""Letting a change live; switching at once; going back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.modules.experiments.models import (
    Environment,
    Flag,
    FlagDraft,
    FlagReview,
    FlagRevision,
    FlagState,
)
from roadbed.modules.experiments.selectors import flag_definition
from roadbed.modules.experiments.services import drafts, environments
from roadbed.modules.experiments.services.errors import DraftConflictError, NotApprovedError
from roadbed_engines.flags import serving


def summary_of(*, flag: Flag, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> str:
    """Return what a change does, in a sentence."""
    old = flag_definition(flag.flag_key, before) if before is not None else None
    found = serving.differences(old, flag_definition(flag.flag_key, after))
    if not found:
        return "no difference"
    shown = "; ".join(found[:3])
    return (shown + (f"; and {len(found) - 3} more" if len(found) > 3 else ""))[:300]


@transaction.atomic
def publish_draft(
    *, draft: FlagDraft, version: int | None = None, actor: Actor, at: datetime
) -> FlagRevision:
    """Let a draft live.

    Raises
    ------
    DraftConflictError
        If something else was published since the draft was begun, or the draft has changed since it was read.
    NotApprovedError
        If the environment asks for more approvals, or a reviewer asks for changes.
    FlagRefusedError
        If it would no longer work with the other flags.
    """
    draft = FlagDraft.objects.select_for_update().select_related("flag", "environment").get(pk=draft.pk)
    drafts.refuse_stale(draft=draft, version=version)
    flag, environment = draft.flag, draft.environment
    state = FlagState.objects.select_for_update().get(flag=flag, environment=environment)
    if state.revision != draft.based_on:
        raise DraftConflictError(
            f"Revision {state.revision} was published since this draft was begun from {draft.based_on}. "
            "Open it, look at what is live, and save it again."
        )
    approved = _approvals(draft)
    definition = drafts.checked(flag=flag, environment=environment, definition=draft.definition)
    note = draft.note
    draft.delete()
    return put_live(
        flag=flag,
        environment=environment,
        definition=definition,
        note=note,
        approved_by=approved,
        actor=actor,
        at=at,
    )


def _approvals(draft: FlagDraft) -> list[str]:
    reviews = list(draft.reviews.select_related("member__user"))
    against = [each.member.name for each in reviews if each.verdict == FlagReview.Verdict.REFUSE]
    if against:
        raise NotApprovedError(
            f"{', '.join(against)} asked for changes. Save the draft again once it is mended."
        )
    approved = [
        each.member.name
        for each in reviews
        if each.verdict == FlagReview.Verdict.APPROVE
        and each.member.removed_at is None
        and each.member.user_id != draft.author_id
    ]
    missing = draft.environment.approvals - len(approved)
    if missing > 0:
        others = "one more person" if missing == 1 else f"{missing} more people"
        raise NotApprovedError(f"{draft.environment.name} asks for approval: {others} must look at it first.")
    return approved


def put_live(
    *,
    flag: Flag,
    environment: Environment,
    definition: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    verb: str = "published",
    note: str = "",
    approved_by: Sequence[str] = (),
) -> FlagRevision:
    """Write a new revision, and let the servers know. Runs in the transaction of the deed."""
    state = FlagState.objects.select_for_update().get(flag=flag, environment=environment)
    read = flag_definition(flag.flag_key, definition)
    gives = serving.everybody_gets(read)
    summary = summary_of(flag=flag, before=state.definition, after=definition)
    revision = FlagRevision.objects.create(
        flag=flag,
        environment=environment,
        number=state.revision + 1,
        definition=dict(definition),
        summary=f"{note}: {summary}"[:300] if note else summary,
        verb=verb,
        at=at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
        approved_by=list(approved_by),
    )
    if (gives or "") != state.gives or read.is_on != state.is_on or gives is None:
        state.steady_since = at
    state.definition = dict(definition)
    state.revision = revision.number
    state.published_at = at
    state.is_on = read.is_on
    state.gives = gives or ""
    state.save()
    environments.touch(environment, at=at)
    records.touch_record(record=flag, actor=actor, at=at)
    records.record_activity(
        record=flag,
        actor=actor,
        verb=verb,
        at=at,
        changes={"environment": environment.key, "revision": revision.number, "what": revision.summary},
    )
    return revision


@transaction.atomic
def switch(
    *, flag: Flag, environment: Environment, on: bool, actor: Actor, at: datetime
) -> FlagRevision | None:
    """Switch a flag off at once, which asks nobody; switch it on where nobody need approve. None where it is so.

    Raises
    ------
    NotApprovedError
        If it is to be switched on where others must approve: that takes a draft.
    """
    state = FlagState.objects.select_for_update().get(flag=flag, environment=environment)
    if state.is_on == on:
        return None
    if on and environment.approvals:
        raise NotApprovedError(
            f"{environment.name} asks for approval. Draft the change, and ask for a review."
        )
    definition = {name: value for name, value in state.definition.items() if name != "on"}
    if not on:
        definition["on"] = False
    verb = "switched on" if on else "switched off"
    return put_live(flag=flag, environment=environment, definition=definition, actor=actor, at=at, verb=verb)


@transaction.atomic
def revert_to(
    *, flag: Flag, environment: Environment, number: int, actor: Actor, at: datetime
) -> FlagRevision | FlagDraft:
    """Go back to an earlier revision: at once, or as a draft where others must approve.

    Raises
    ------
    FlagRevision.DoesNotExist
        If there was no such revision.
    FlagRefusedError
        If it no longer works with the other flags.
    """
    wanted = FlagRevision.objects.get(flag=flag, environment=environment, number=number)
    note = f"back to revision {number}"
    if environment.approvals:
        return drafts.save_draft(
            flag=flag, environment=environment, definition=wanted.definition, note=note, actor=actor, at=at
        )
    definition = drafts.checked(flag=flag, environment=environment, definition=wanted.definition)
    return put_live(
        flag=flag,
        environment=environment,
        definition=definition,
        actor=actor,
        at=at,
        verb="reverted",
        note=note,
    )
