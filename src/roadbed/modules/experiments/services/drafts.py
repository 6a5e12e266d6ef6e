"""Changing a flag without anybody noticing, until it is published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments.models import Environment, Flag, FlagDraft, FlagReview, FlagState
from roadbed.modules.experiments.selectors import document_of, flag_definition, problems_of
from roadbed.modules.experiments.services.errors import DraftConflictError, FlagRefusedError
from roadbed_engines.flags import writing
from roadbed_engines.flags.definitions import DefinitionError, Problem

LARGEST = 400_000
"""How many characters a definition has at most, as JSON."""


def refuse_stale(*, draft: FlagDraft, version: int | None) -> None:
    """Refuse a deed on a draft that has changed since it was read."""
    if version is not None and version != draft.version:
        raise DraftConflictError("The draft was changed meanwhile. Look at it again.")


def checked(*, flag: Flag, environment: Environment, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition in its shortest form, or refuse it with every problem that it has.

    Raises
    ------
    FlagRefusedError
        If it cannot be read, is of another type than the flag, or would not work with the other flags.
    """
    if definition.get("type", flag.type) != flag.type:
        raise FlagRefusedError([Problem("type", f"stays {flag.type}: code asks for it")])
    try:
        found = flag_definition(flag.flag_key, {**definition, "type": flag.type})
    except DefinitionError as error:
        place = f"flags.{flag.flag_key}"
        raise FlagRefusedError(
            [Problem(each.place.removeprefix(place).strip("."), each.message) for each in error.problems]
        ) from error
    short = writing.flag_as_json(found)
    if len(repr(short)) > LARGEST:
        raise FlagRefusedError([Problem("", "is too large. Put long lists into a segment.")])
    whole = document_of(environment, replacing={flag.flag_key: short})
    if problems := problems_of(whole, flag_key=flag.flag_key):
        raise FlagRefusedError(problems)
    return short


@transaction.atomic
def save_draft(
    *,
    flag: Flag,
    environment: Environment,
    definition: Mapping[str, Any],
    note: str = "",
    version: int | None = None,
    actor: Actor,
    at: datetime,
) -> FlagDraft:
    """Keep a change of a flag in an environment. Approvals of an earlier form of it are void.

    Raises
    ------
    FlagRefusedError
        If the definition would not work.
    DraftConflictError
        If `version` is given and is no longer the draft's.
    """
    short = checked(flag=flag, environment=environment, definition=definition)
    state = FlagState.objects.select_for_update().get(flag=flag, environment=environment)
    draft = FlagDraft.objects.select_for_update().filter(flag=flag, environment=environment).first()
    if draft is None:
        draft = FlagDraft(flag=flag, environment=environment, based_on=state.revision, version=0)
    else:
        refuse_stale(draft=draft, version=version)
        FlagReview.objects.filter(draft=draft).delete()
    draft.definition = short
    draft.note = note.strip()[:300]
    draft.version += 1
    draft.author_id = actor.user_id
    draft.author_name = actor.name[:120]
    draft.changed_at = at
    draft.asked_at = None
    draft.save()
    facts = {"environment": environment.key, "note": draft.note}
    record_activity(record=flag, actor=actor, verb="drafted", at=at, changes=facts)
    return draft


@transaction.atomic
def discard_draft(*, draft: FlagDraft, actor: Actor, at: datetime) -> None:
    """Let go of a draft; what is live stays."""
    facts = {"environment": draft.environment.key}
    record_activity(record=draft.flag, actor=actor, verb="discarded draft", at=at, changes=facts)
    draft.delete()


@transaction.atomic
def request_review(*, draft: FlagDraft, actor: Actor, at: datetime) -> FlagDraft:
    """Ask the others to look at a draft."""
    draft.asked_at = at
    draft.save(update_fields=["asked_at"])
    facts = {"environment": draft.environment.key}
    record_activity(record=draft.flag, actor=actor, verb="asked for review", at=at, changes=facts)
    return draft


@transaction.atomic
def review_draft(
    *,
    draft: FlagDraft,
    member: Member,
    verdict: FlagReview.Verdict,
    note: str = "",
    version: int | None = None,
    actor: Actor,
    at: datetime,
) -> FlagReview:
    """Approve a draft, or ask for changes. Whoever wrote it cannot approve it.

    Raises
    ------
    DraftConflictError
        If the draft has changed since it was read, or the reviewer wrote it.
    """
    draft = FlagDraft.objects.select_for_update().select_related("flag", "environment").get(pk=draft.pk)
    refuse_stale(draft=draft, version=version)
    if draft.author_id is not None and draft.author_id == member.user_id:
        raise DraftConflictError("You wrote this draft. Somebody else must look at it.")
    review, _ = FlagReview.objects.update_or_create(
        draft=draft, member=member, defaults={"verdict": verdict, "note": note.strip()[:1000], "at": at}
    )
    facts = {"environment": draft.environment.key, "verdict": str(verdict), "note": review.note}
    record_activity(record=draft.flag, actor=actor, verb="reviewed", at=at, changes=facts)
    return review
