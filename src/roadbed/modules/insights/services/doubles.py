"""Find pieces that say the same, let people decide, or merge the surest by itself; and take it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from roadbed.core.accounts.actors import Actor
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity
from roadbed.core.vectors import selectors as vectors
from roadbed.core.vectors.embedders import ModelMissingError
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Double, Feedback, ReadingSettings
from roadbed.modules.insights.selectors import doubles as selectors
from roadbed.modules.insights.services import cleaning
from roadbed_engines.text import duplicates, redaction

FEW = 200
"""So many new pieces are compared one by one; more are compared with all at once."""
MOST = 30_000
PER_PIECE = 3
BY_ITSELF = Actor(user_id=None, name="Duplicates", via="job")
State = Double.State


@dataclass(frozen=True, slots=True)
class Found:
    """One pair that a run found, by the ids of its pieces."""

    older: int
    newer: int
    score: float
    why: str


def _settings(workspace_id: int) -> ReadingSettings:
    ReadingSettings.objects.get_or_create(
        workspace_id=workspace_id, defaults={"kinds": list(redaction.KINDS)}
    )
    return ReadingSettings.objects.select_for_update().get(workspace_id=workspace_id)


def _fresh(workspace_id: int, after: int) -> list[Feedback]:
    rows = Feedback.objects.in_workspace(workspace_id).filter(kind="feedback", pk__gt=after)
    return list(rows.only("pk", "text", "workspace_id").order_by("pk")[: MOST + 1])


def _one_by_one(pieces: Iterable[Feedback]) -> Iterator[Found]:
    for piece in pieces:
        near = selectors.similar_to(
            workspace_id=piece.workspace_id, text=piece.text, without=[piece.pk], most=PER_PIECE
        )
        for one in near:
            older, newer = sorted((piece.pk, one.piece.pk))
            same = one.piece.text.split() == piece.text.split()
            yield Found(
                older, newer, 1.0 if same else one.score, "word for word the same" if same else one.why
            )


def _all_at_once(workspace_id: int, after: int) -> Iterator[Found]:
    """Compare the newest pieces with each other in one go; what is older was compared before."""
    rows = Feedback.objects.in_workspace(workspace_id).filter(kind="feedback").order_by("-pk")
    pieces = list(rows.values_list("pk", "text")[:MOST])[::-1]
    ids = [pk for pk, _ in pieces]
    known = vectors.vectors_of(workspace_id=workspace_id, record_ids=ids)
    places = {pk: place for place, pk in enumerate(known.ids)}
    matrix = np.zeros((len(ids), known.matrix.shape[1] or 1), dtype=np.float32)
    for row, pk in enumerate(ids):
        if pk in places:
            matrix[row] = known.matrix[places[pk]]
    found = duplicates.find_duplicates(
        texts=[text for _, text in pieces],
        vectors=matrix,
        least=selectors.SUGGESTED_FROM,
        per_text=PER_PIECE,
    )
    for pair in found:
        if ids[pair.second] > after:
            yield Found(ids[pair.first], ids[pair.second], pair.score, pair.why)


def _are_read(workspace_id: int, pieces: list[Feedback]) -> bool:
    """Whether the pieces have their vectors, or never will."""
    try:
        vectors.embedder_of(workspace_id=workspace_id)
    except ModelMissingError:
        return True
    known = set(vectors.vectors_of(workspace_id=workspace_id, record_ids=[one.pk for one in pieces]).ids)
    return all(piece.pk in known for piece in pieces if piece.text.strip())


def find(*, workspace_id: int, at: datetime, patient: bool = True) -> int | None:
    """Compare what is new with everything, keep the likely pairs, and merge the surest where that is wanted.

    Parameters
    ----------
    patient : bool
        Whether to come back later (returning None) while texts still wait for their vectors.

    Returns
    -------
    int or None
        How many pairs were found.
    """
    with transaction.atomic():
        after = _settings(workspace_id).doubles_seen
    pieces = _fresh(workspace_id, after)
    if not pieces:
        return 0
    if patient and not _are_read(workspace_id, pieces):
        return None
    found = list(_one_by_one(pieces) if len(pieces) <= FEW else _all_at_once(workspace_id, after))
    with transaction.atomic():
        chosen = _settings(workspace_id)
        count = keep(workspace_id=workspace_id, found=found, at=at)
        chosen.doubles_seen = max(chosen.doubles_seen, pieces[-1].pk)
        chosen.save(update_fields=["doubles_seen"])
    if chosen.merges_doubles:
        merge_the_surest(workspace_id=workspace_id, at=at)
    return count


def keep(*, workspace_id: int, found: Iterable[Found], at: datetime) -> int:
    """Write pairs down. One that is known stays as somebody decided it: "not a duplicate" is remembered."""
    rows = {
        (one.older, one.newer): Double(
            workspace_id=workspace_id,
            older_id=one.older,
            newer_id=one.newer,
            score=round(one.score, 4),
            why=one.why[:200],
            found_at=at,
        )
        for one in found
        if one.older != one.newer
    }
    have = Double.objects.filter(workspace_id=workspace_id)
    before = have.count()
    Double.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=500)
    return have.count() - before


def merge_the_surest(*, workspace_id: int, at: datetime) -> int:
    """Merge the pairs that are as alike as the workspace asks for. Each stands in the history and can be undone."""
    chosen = cleaning.settings_of(workspace_id=workspace_id)
    if not chosen.merges_doubles:
        return 0
    pairs = selectors.to_decide(workspace_id=workspace_id).filter(score__gte=chosen.merge_from)
    count = 0
    for pk in list(pairs.values_list("pk", flat=True)[:2000]):
        with transaction.atomic():
            pair = selectors.to_decide(workspace_id=workspace_id).filter(pk=pk).first()
            # An earlier merge of this run may have taken one of the two away.
            if pair is not None:
                merge(double=pair, actor=BY_ITSELF, at=at)
                count += 1
    return count


def _held(double: Double) -> Double:
    held = Double.objects.select_for_update(of=("self",)).select_related("older", "newer", "merge")
    found = held.get(pk=double.pk)
    double.state = found.state
    return found


def _decide(pair: Double, state: str, actor: Actor, at: datetime) -> None:
    pair.state, pair.decided_at, pair.decided_by_id = state, at, actor.user_id
    pair.is_automatic = actor.via == "job"
    pair.save(update_fields=["state", "decided_at", "decided_by", "is_automatic", "merge"])


@transaction.atomic
def merge(*, double: Double, actor: Actor, at: datetime) -> Double:
    """Make one of two: the older stays, the newer becomes a further wording of it, with its person and its quotes.

    Raises
    ------
    ValidationError
        If the pair was decided meanwhile, or one of the two is gone.
    """
    pair = _held(double)
    if pair.state not in {State.OPEN, State.SKIPPED}:
        raise ValidationError("Somebody decided this pair already.")
    survivor, merged = Feedback.objects.get(pk=pair.older_id), Feedback.objects.get(pk=pair.newer_id)
    pair.merge = records.merge_records(survivor=survivor, merged=merged, actor=actor, at=at)
    _decide(pair, State.MERGED, actor, at)
    return pair


@transaction.atomic
def keep_apart(*, double: Double, actor: Actor, at: datetime) -> Double:
    """Say that two pieces are no duplicates; they are not brought together again.

    Raises
    ------
    ValidationError
        If they were merged meanwhile.
    """
    pair = _held(double)
    if pair.state == State.MERGED:
        raise ValidationError("These were merged meanwhile. Undo that first.")
    _decide(pair, State.DIFFERENT, actor, at)
    facts = {"other": pair.older.key, "score": pair.score}
    records.record_activity(record=pair.newer, actor=actor, verb="kept apart", at=at, changes=facts)
    return pair


@transaction.atomic
def skip(*, double: Double, actor: Actor, at: datetime) -> Double:
    """Leave a pair for another day: it goes out of the list."""
    pair = _held(double)
    if pair.state == State.OPEN:
        _decide(pair, State.SKIPPED, actor, at)
    return pair


@transaction.atomic
def reopen(*, double: Double, actor: Actor, at: datetime) -> Double:
    """Take a decision back; a merge is undone with it.

    Raises
    ------
    NotUndoableError
        If the merge cannot be undone any more.
    """
    pair = _held(double)
    if pair.state == State.MERGED and pair.merge is not None and pair.merge.undone_at is None:
        records.undo_merge(merge=pair.merge, actor=actor, at=at)
    elif pair.state == State.DIFFERENT:
        facts = {"other": pair.older.key, "score": pair.score}
        records.record_activity(
            record=pair.newer, actor=actor, verb="no longer kept apart", at=at, changes=facts
        )
    pair.state, pair.merge, pair.decided_at, pair.decided_by, pair.is_automatic = (
        State.OPEN,
        None,
        None,
        None,
        False,
    )
    pair.save(update_fields=["state", "merge", "decided_at", "decided_by", "is_automatic"])
    return pair


@transaction.atomic
def choose(
    *, workspace: Workspace, merges_doubles: bool, merge_from: float, actor: Actor, at: datetime
) -> ReadingSettings:
    """Say whether the surest pairs are merged without a person, and from which score on.

    Raises
    ------
    ValidationError
        If the score lies outside of 0.6 to 1.
    """
    held = _settings(workspace.pk)
    changes: dict[str, list[Any]] = {
        "merges_doubles": [held.merges_doubles, merges_doubles],
        "merge_from": [held.merge_from, merge_from],
    }
    differences = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not differences:
        return held
    held.merges_doubles, held.merge_from = merges_doubles, merge_from
    held.full_clean()
    held.save()
    records.record_activity(
        workspace_id=workspace.pk, actor=actor, verb="changed merging", at=at, changes=differences
    )
    if merges_doubles:
        ask_for_doubles(workspace_id=workspace.pk)
    return held


def ask_for_doubles(*, workspace_id: int) -> None:
    """Queue the search for doubles among what is new."""
    jobs.enqueue_on_commit("insights.find_doubles", workspace_id=workspace_id, key="doubles")


def follow(activity: Activity) -> None:
    """Look for doubles of what comes in, and note merges and unmerges that people do by hand."""
    if activity.verb == "imported":
        ask_for_doubles(workspace_id=activity.workspace_id)
        return
    if not activity.record_key.startswith("FB-"):
        return
    if activity.verb == "created":
        ask_for_doubles(workspace_id=activity.workspace_id)
    elif activity.verb == "unmerged":
        facts: dict[str, Any] = activity.changes
        Double.objects.filter(merge_id=facts["merge"], state=State.MERGED).update(
            state=State.OPEN, merge=None, decided_at=None, decided_by=None, is_automatic=False
        )


def forget(*, feedback: Feedback) -> None:
    """Let a piece whose words changed be compared anew; what people decided stays."""
    pairs = Double.objects.filter(Q(older=feedback) | Q(newer=feedback), state=State.OPEN)
    pairs.delete()
