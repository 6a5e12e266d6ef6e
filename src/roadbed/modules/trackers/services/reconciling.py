"""One issue and one feature: what is to be done, and doing the half of it that is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from roadbed.core.accounts.actors import Actor
from roadbed.core.records.models import Activity
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.roadmap.facade import FeatureState
from roadbed.modules.trackers.models import Binding, Conflict, Connection
from roadbed.modules.trackers.services.connectors.base import Issue
from roadbed.modules.trackers.services.runs import Deed, Log
from roadbed.modules.trackers.services.translating import Said, Translator
from roadbed_engines.merging import AGREED, Base, Decision, Move, Rule, reconcile

HERE = {"start": "target_start", "due": "target_end", "labels": "tags"}
"""Fields that the history calls by another name."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be done about one pair."""

    decisions: Mapping[str, Decision]
    held: Mapping[str, str]

    def of(self, *moves: Move) -> dict[str, Decision]:
        """Return the fields of these moves."""
        return {name: each for name, each in self.decisions.items() if each.move in moves}

    @property
    def gives(self) -> bool:
        """Whether something is to go out."""
        return any(each.move in {Move.GIVE, Move.MERGE} for each in self.decisions.values())


def actor_of(connection: Connection) -> Actor:
    """Return who writes what comes in."""
    return Actor(user_id=None, name=f"{connection.name} ({connection.get_kind_display()})"[:120], via="job")


def look(*, rules: Mapping[str, Rule], binding: Binding, ours: Said, theirs: Said) -> Look:
    """Compare a pair."""
    found = reconcile(rules=rules, base=binding.bases, ours=ours.values, theirs=theirs.values)
    held = {
        name: reason
        for name, reason in {**ours.held, **theirs.held}.items()
        if rules[name].direction.value != "off"
    }
    return Look(decisions=found, held=held)


def remember(binding: Binding, issue: Issue, said: Said) -> None:
    """Keep what an issue says, for its page and for the next look. Nothing is saved yet."""
    binding.external_id, binding.key, binding.url = issue.id[:80], issue.key[:80], issue.url[:500]
    binding.theirs_at = issue.updated_at
    binding.theirs = {
        "values": {
            name: list(value) if isinstance(value, tuple) else value for name, value in said.values.items()
        },
        "words": {
            "status": issue.status,
            "owner": issue.owner,
            "kind": issue.kind,
            "points": issue.points,
            "parent": issue.parent,
        },
        "locked": dict(issue.locked),
    }


def remembered(binding: Binding) -> Said:
    """Return what an issue said at the last look."""
    values = binding.theirs.get("values", {})
    return Said({name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def settle_ours(
    *,
    connection: Connection,
    binding: Binding,
    state: FeatureState,
    issue: Issue,
    said: Said,
    found: Look,
    translator: Translator,
    bound: Mapping[int, str],
    log: Log,
    at: datetime,
) -> FeatureState:
    """Carry out what comes in, write down conflicts, move the base on; within the caller's transaction.

    What is to go out is left: the base of those fields stays, so that the push finds them.
    """
    bases, refused = binding.bases, dict(found.held)
    before = translator.ours(state, bound=bound).values
    takes = {name: each.ours for name, each in found.of(Move.TAKE, Move.MERGE).items()}
    if takes:
        refusals = roadmap.take_over(
            workspace=connection.workspace,
            record_id=state.record_id,
            values=takes,
            actor=actor_of(connection),
            at=at,
            reason=f"{issue.key} is “{issue.status}” at {connection.name}.",
        )
        for name, value in takes.items():
            if name in refusals:
                refused[name] = refusals[name]
                log.note(Deed.REFUSED, issue=issue, binding=binding, name=name, before=before[name], after=value,
                         note=refusals[name])  # fmt: skip
            else:
                merged = found.decisions[name].move is Move.MERGE
                log.note(Deed.MERGED if merged else Deed.TAKEN, issue=issue, binding=binding, name=name,
                         before=before[name], after=value)  # fmt: skip
        fresh = roadmap.states(workspace_id=connection.workspace_id, record_ids=[state.record_id])
        state = fresh.get(state.record_id, state)
    now_ours = translator.ours(state, bound=bound).values
    for name, each in found.decisions.items():
        if name in refused or each.move not in AGREED or each.move is Move.GIVE:
            continue
        if each.move is Move.MERGE:
            was = bases[name].ours if name in bases else ()
            bases[name] = Base(half_merged(was=was, had=before[name], now=now_ours[name]), said.values[name])
        else:
            bases[name] = Base(now_ours.get(name, each.ours), said.values[name])
    binding.keep(bases)
    binding.held = refused
    binding.seen_version = state.version
    binding.needs_push = found.gives
    binding.synced_at = at
    remember(binding, issue, said)
    binding.save()
    _keep_conflicts(connection=connection, binding=binding, issue=issue, found=found, log=log, at=at)
    return state


def half_merged(*, was: Any, had: Any, now: Any) -> tuple[Any, ...]:
    """Return the base of one side of a set that got the other's changes, while its own are still to be carried over.

    Parameters
    ----------
    was, had, now : collections
        The base, what this side held before, and what it holds since.
    """
    return tuple(sorted((set(now) - (set(had) - set(was))) | (set(was) - set(had)), key=str.casefold))


def _keep_conflicts(
    *, connection: Connection, binding: Binding, issue: Issue, found: Look, log: Log, at: datetime
) -> None:
    clashes = found.of(Move.CONFLICT)
    known = {each.field: each for each in Conflict.objects.filter(binding=binding, settled_at__isnull=True)}
    for name, conflict in known.items():
        if name not in clashes:
            conflict.settled_at, conflict.choice = at, "itself"
            conflict.save(update_fields=["settled_at", "choice"])
    for name, each in clashes.items():
        conflict = known.get(name) or Conflict(binding=binding, field=name, found_at=at)
        is_new = conflict.pk is None
        ours, theirs = _json(each.ours), _json(each.theirs)
        if not is_new and (conflict.ours, conflict.theirs) == (ours, theirs):
            continue
        conflict.ours, conflict.theirs, conflict.theirs_at = ours, theirs, issue.updated_at
        conflict.ours_by, conflict.ours_at = who_changed_ours(record_id=binding.record_id, name=name)
        if not is_new:
            conflict.theirs_by = ""
        conflict.save()
        if is_new:
            log.note(
                Deed.CONFLICT, issue=issue, binding=binding, name=name, before=each.ours, after=each.theirs
            )


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def who_changed_ours(*, record_id: int | None, name: str) -> tuple[str, datetime | None]:
    """Return who changed a field of a feature last, and when, as the history has it."""
    key = HERE.get(name, name)
    row = (
        Activity.objects.filter(record_id=record_id or 0, changes__has_key=key)
        .order_by("-sequence")
        .values_list("actor_name", "at")
        .first()
    )
    return (row[0], row[1]) if row else ("", None)
