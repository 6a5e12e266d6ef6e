"""What people do with themes: make, name, pin, move pieces, split, merge; and take it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.evidence.models import EvidenceTally
from roadbed.core.jobs import services as jobs
from roadbed.core.records import services as records
from roadbed.core.records.models import Record, Relation
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Assignment, Feedback, Need, Origin, Strength, Theme, ThemeChoice
from roadbed.modules.insights.models.themes import BROADEST, FINEST
from roadbed.modules.insights.services import needs, quotes

MOST_AT_ONCE = 500
MOST_WORDS = 40
QUOTES_FOR_A_NEED = 12

Kept = tuple[int, int | None, str, str, float]
"""Where a piece was: its id, its theme, who put it there, by which rule, how sure."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did, as much as it takes to take it back."""

    count: int
    before: tuple[Kept, ...]
    theme: Theme | None = None


def clean_words(words: Collection[str]) -> list[str]:
    """Return words (or groups of words) once each, without the empty ones.

    Raises
    ------
    ValidationError
        If there are too many, or one is too long.
    """
    found: dict[str, str] = {}
    for word in words:
        plain = " ".join(str(word).replace("\x00", "").split())
        if plain:
            found.setdefault(plain.lower(), plain)
    if len(found) > MOST_WORDS or any(len(word) > 80 for word in found):
        raise ValidationError({"words": f"Up to {MOST_WORDS} words of up to 80 characters."})
    return list(found.values())


def recount(*, workspace_id: int) -> None:
    """Let the figures of themes and the weeks be counted again, once this transaction is through."""
    jobs.enqueue_on_commit("insights.count_weeks", workspace_id=workspace_id, key="weeks")


def look_again(*, workspace_id: int, actor: Actor | None = None) -> None:
    """Let all feedback be looked at again, once this transaction is through."""
    jobs.enqueue("insights.themes", workspace_id=workspace_id, key="themes", actor=actor)


def _check_parent(theme: Theme, parent: Theme | None) -> None:
    if parent is None:
        return
    if parent.workspace_id != theme.workspace_id or not parent.is_broad or parent.is_deleted:
        raise ValidationError({"parent": "Choose one of the broad themes."})
    if theme.is_broad:
        raise ValidationError({"parent": "A broad theme stands at the top."})


@transaction.atomic
def create_theme(
    *,
    workspace: Workspace,
    title: str,
    actor: Actor,
    at: dt.datetime,
    description: str = "",
    words: Collection[str] = (),
    parent: Theme | None = None,
    product: Product | None = None,
    examples: Sequence[Feedback] = (),
) -> Theme:
    """Make a theme by hand. Its examples are put into it; feedback like them, or with its words, follows.

    Raises
    ------
    ValidationError
        If a field refuses, or there are more examples than can be moved at once.
    """
    theme = Theme(
        workspace=workspace,
        product=product,
        title=" ".join(title.split()),
        description=description.strip(),
        words=clean_words(words),
        origin=Origin.PERSON,
        is_named=True,
        is_placed=parent is not None,
        parent=parent,
    )
    _check_parent(theme, parent)
    records.create_record(record=theme, actor=actor, at=at)
    EvidenceTally.objects.bulk_create(
        [EvidenceTally(record_id=theme.pk, counted_at=at)], ignore_conflicts=True
    )
    if examples:
        move_pieces(pieces=examples, theme=theme, actor=actor, at=at)
    if theme.words or examples:
        look_again(workspace_id=workspace.pk, actor=actor)
    return theme


@transaction.atomic
def change_theme(
    *,
    theme: Theme,
    changes: Mapping[str, Any],
    actor: Actor,
    at: dt.datetime,
    expected_version: int | None = None,
) -> Theme:
    """Name a theme, describe it, give it words, or put it under another. What a person chose, no run changes.

    Raises
    ------
    ValidationError
        If a field refuses.
    StaleRecordError
        If somebody changed it meanwhile.
    """
    wanted = dict(changes)
    if "title" in wanted:
        wanted["title"] = " ".join(str(wanted["title"]).split())
        if wanted["title"] != theme.title:
            wanted["is_named"] = True
    if "words" in wanted:
        wanted["words"] = clean_words(wanted["words"])
    if "parent" in wanted:
        _check_parent(theme, wanted["parent"])
        if wanted["parent"] != theme.parent:
            wanted["is_placed"] = True
    words_before = list(theme.words)
    changed = records.change_record(
        record=theme, changes=wanted, actor=actor, at=at, expected_version=expected_version
    )
    if "words" in wanted and wanted["words"] != words_before:
        look_again(workspace_id=theme.workspace_id, actor=actor)
    return changed


@transaction.atomic
def pin(*, theme: Theme, actor: Actor, at: dt.datetime) -> Theme:
    """Let a theme's feedback stay where it is, whatever later runs find."""
    return records.change_record(record=theme, changes={"is_pinned": True}, actor=actor, at=at, verb="pinned")


@transaction.atomic
def unpin(*, theme: Theme, actor: Actor, at: dt.datetime) -> Theme:
    """Let later runs move a theme's feedback again, but for what people put there."""
    return records.change_record(
        record=theme, changes={"is_pinned": False}, actor=actor, at=at, verb="unpinned"
    )


def _check_target(theme: Theme | None, workspace_id: int) -> None:
    if theme is None:
        return
    if theme.workspace_id != workspace_id or theme.is_deleted:
        raise ValidationError({"theme": "There is no such theme here."})
    if theme.is_broad:
        raise ValidationError({"theme": "A broad theme holds themes. Choose one of those in it."})


@transaction.atomic
def move_pieces(*, pieces: Sequence[Feedback], theme: Theme | None, actor: Actor, at: dt.datetime) -> Moved:
    """Put pieces into a theme, or (None) out of all themes. No later run moves them again.

    Raises
    ------
    ValidationError
        If there are too many at once, or the theme is elsewhere, broad or gone.
    """
    if not pieces:
        return Moved(count=0, before=(), theme=theme)
    if len(pieces) > MOST_AT_ONCE:
        raise ValidationError(f"Up to {MOST_AT_ONCE} at once. Narrow the list, or do it in parts.")
    workspace_id = pieces[0].workspace_id
    _check_target(theme, workspace_id)
    if any(piece.workspace_id != workspace_id for piece in pieces):
        raise ValidationError("These pieces belong to two workspaces.")
    ids = [piece.pk for piece in pieces]
    known = {
        row.feedback_id: row for row in Assignment.objects.select_for_update().filter(feedback_id__in=ids)
    }
    wanted = theme.pk if theme else None
    moving = [
        piece
        for piece in pieces
        if piece.pk not in known
        or (known[piece.pk].theme_id, known[piece.pk].origin) != (wanted, Origin.PERSON)
    ]
    before = tuple(_kept(piece.pk, known.get(piece.pk)) for piece in moving)
    Assignment.objects.bulk_create(
        (
            Assignment(
                feedback_id=piece.pk,
                home_id=workspace_id,
                theme=theme,
                origin=Origin.PERSON,
                rule=Assignment.Rule.HAND,
                confidence=1.0 if theme else 0.0,
                said_at=piece.said_at,
                assigned_at=at,
            )
            for piece in moving
        ),
        update_conflicts=True,
        unique_fields=["feedback"],
        update_fields=["theme", "origin", "rule", "confidence", "near", "said_at", "assigned_at"],
    )
    if moving:
        facts = {"pieces": [piece.key for piece in moving][:50], "count": len(moving)}
        if theme is not None:
            records.record_activity(
                record=theme, actor=actor, verb="moved feedback here", at=at, changes=facts
            )
        for theme_id in sorted({kept[1] for kept in before if kept[1] and kept[1] != wanted}):
            source = Theme.objects.get(pk=theme_id)
            taken = sum(1 for kept in before if kept[1] == theme_id)
            records.record_activity(
                record=source, actor=actor, verb="moved feedback away", at=at, changes={"count": taken}
            )
        recount(workspace_id=workspace_id)
    return Moved(count=len(moving), before=before, theme=theme)


def _kept(pk: int, row: Assignment | None) -> Kept:
    if row is None:
        return (pk, None, "", "", 0.0)
    return (pk, row.theme_id, row.origin, row.rule, row.confidence)


@transaction.atomic
def move_back(*, workspace: Workspace, before: Sequence[Sequence[Any]], actor: Actor, at: dt.datetime) -> int:
    """Take a move back: each piece returns to where it was, and to who had put it there.

    Raises
    ------
    NotUndoableError
        If a theme that they came from is gone.
    """
    ids = [int(kept[0]) for kept in before]
    pieces = Feedback.objects.in_workspace(workspace.pk).in_bulk(ids)
    wanted = {int(kept[1]) for kept in before if kept[1] is not None}
    live = set(Theme.objects.in_workspace(workspace.pk).filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - live:
        raise records.NotUndoableError("A theme that they came from is gone. Bring it back first.")
    unseen = [int(pk) for pk, _, origin, _, _ in before if not origin]
    Assignment.objects.filter(home=workspace, feedback_id__in=unseen).delete()
    rows = [
        Assignment(
            feedback_id=pk,
            home=workspace,
            theme_id=theme_id,
            origin=origin,
            rule=rule,
            confidence=sure,
            said_at=pieces[pk].said_at,
            assigned_at=at,
        )
        for pk, theme_id, origin, rule, sure in before
        if origin and pk in pieces
    ]
    Assignment.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["feedback"],
        update_fields=["theme", "origin", "rule", "confidence", "said_at", "assigned_at"],
    )
    facts = {"count": len(ids), "pieces": [piece.key for piece in pieces.values()][:50]}
    records.record_activity(
        workspace_id=workspace.pk, actor=actor, verb="took back a move between themes", at=at, changes=facts
    )
    recount(workspace_id=workspace.pk)
    return len(ids)


@transaction.atomic
def split(
    *, theme: Theme, pieces: Sequence[Feedback], title: str, actor: Actor, at: dt.datetime
) -> tuple[Theme, Moved]:
    """Make a theme of its own out of some of a theme's pieces. They stay there through later runs.

    Raises
    ------
    ValidationError
        If none of the pieces is in the theme.
    """
    ids = [piece.pk for piece in pieces]
    inside = set(
        Assignment.objects.filter(theme=theme, feedback_id__in=ids).values_list("feedback_id", flat=True)
    )
    own = [piece for piece in pieces if piece.pk in inside]
    if not own:
        raise ValidationError("Pick some of the theme's feedback to split off.")
    made = create_theme(
        workspace=theme.workspace, title=title, product=theme.product, parent=theme.parent, actor=actor, at=at
    )
    moved = move_pieces(pieces=own, theme=made, actor=actor, at=at)
    facts = {"into": made.key, "title": made.title, "count": moved.count}
    records.record_activity(record=theme, actor=actor, verb="split", at=at, changes=facts)
    look_again(workspace_id=theme.workspace_id, actor=actor)
    return made, moved


@transaction.atomic
def make_need(*, theme: Theme, title: str, actor: Actor, at: dt.datetime) -> Need:
    """Write a need from a theme: in a person's words, backed by the pieces nearest the middle of the theme."""
    words = " ".join(title.split()) or theme.title
    need = needs.create_need(
        workspace=theme.workspace,
        title=words,
        product=theme.product,
        description=theme.description,
        actor=actor,
        at=at,
    )
    ids = list(theme.nearest)[:QUOTES_FOR_A_NEED]
    rows = Feedback.objects.in_workspace(theme.workspace_id).in_bulk(ids)
    pieces = [rows[pk] for pk in ids if pk in rows]
    if len(pieces) < QUOTES_FOR_A_NEED:
        more = Feedback.objects.in_workspace(theme.workspace_id).filter(assignment__theme=theme)
        more = more.exclude(pk__in=[piece.pk for piece in pieces]).order_by("-assignment__confidence", "pk")
        pieces += list(more[: QUOTES_FOR_A_NEED - len(pieces)])
    for piece in pieces:
        quotes.quote_words(
            feedback=piece,
            target=need,
            start=0,
            end=len(piece.text),
            strength=Strength.USEFUL,
            note=f"From the theme {theme.key}",
            actor=actor,
            at=at,
        )
    records.create_link(source=theme, target=need, relation=Relation.SUPPORTS, actor=actor, at=at)
    return need


@transaction.atomic
def choose_resolution(
    *, workspace: Workspace, resolution: float | None, actor: Actor, at: dt.datetime
) -> ThemeChoice:
    """Say how broad or fine themes shall be, and look at all feedback again.

    Raises
    ------
    ValidationError
        If it is out of reach.
    """
    if resolution is not None and not isfinite(resolution):
        raise ValidationError({"resolution": f"Choose a number from {BROADEST:g} to {FINEST:g}."})
    choice, _ = ThemeChoice.objects.select_for_update().get_or_create(workspace=workspace)
    before, choice.resolution = choice.resolution, resolution
    choice.full_clean()
    choice.save()
    if before != resolution:
        facts = {"resolution": [before, resolution]}
        records.record_activity(
            workspace_id=workspace.pk, actor=actor, verb="chose how fine themes are", at=at, changes=facts
        )
        look_again(workspace_id=workspace.pk, actor=actor)
    return choice


def move_theme(merged: Record, survivor: Record) -> Any:
    """What hangs on a merged theme moves to the survivor, which is held together from then on. Used by merges."""
    if merged.kind != "theme":
        return None
    moved = list(Assignment.objects.filter(theme_id=merged.pk).values_list("feedback_id", flat=True))
    children = list(Theme.objects.filter(parent_id=merged.pk).values_list("pk", flat=True))
    own = Theme.objects.get(pk=survivor.pk)
    other = Theme.objects.get(pk=merged.pk)
    kept = {"words": own.words, "is_joined": own.is_joined}
    Assignment.objects.filter(theme_id=merged.pk).update(theme_id=survivor.pk)
    Theme.objects.filter(parent_id=merged.pk).update(parent_id=survivor.pk)
    Theme.objects.filter(pk=survivor.pk).update(
        words=clean_words([*own.words, *other.words][:MOST_WORDS]), is_joined=True
    )
    recount(workspace_id=survivor.workspace_id)
    return {"pieces": moved, "children": children, "kept": kept}


def move_theme_back(merged: Record, survivor: Record, trail: Any) -> None:
    """Take the moves of a merge back: every piece that nobody moved on since returns."""
    if not trail:
        return
    pieces = trail["pieces"]
    for start in range(0, len(pieces), 500):
        part = pieces[start : start + 500]
        Assignment.objects.filter(feedback_id__in=part, theme_id=survivor.pk).update(theme_id=merged.pk)
    Theme.objects.filter(pk__in=trail["children"], parent_id=survivor.pk).update(parent_id=merged.pk)
    Theme.objects.filter(pk=survivor.pk).update(**trail["kept"])
    recount(workspace_id=survivor.workspace_id)
