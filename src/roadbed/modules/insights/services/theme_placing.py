"""Putting new feedback into the theme that its nearest neighbours are in, at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from django.db import transaction

from roadbed.core.jobs import services as jobs
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Assignment, Feedback, Origin, Theme, ThemeRun
from roadbed.modules.insights.selectors import theme_vectors
from roadbed.modules.insights.services import theme_plans
from roadbed.modules.insights.services.theme_plans import Claim, Ids, Matrix, Progress
from roadbed_engines.text import themes

BATCH = 2000
GROWN = 0.1
"""So much more feedback than at the last look calls for another look at all of it."""
FIRST_LOOK = 30


def place_new(*, workspace: Workspace, at: dt.datetime, tell: Progress | None = None) -> int:
    """Place what no run has seen yet, and return how many pieces that was; what is unsure stays unassigned.

    Running it twice, or killing it between batches, does no harm: it takes up what has no place yet.
    """
    tell = tell or (lambda done, total, note: None)
    known = theme_vectors.read(workspace_id=workspace.pk)
    live = Theme.objects.filter(
        workspace_id=workspace.pk, kind="theme", retired_at__isnull=True, is_broad=False
    )
    themes_by_id = {theme.pk: theme for theme in live}
    rows = Assignment.objects.filter(home_id=workspace.pk).values_list("feedback_id", "theme_id", "origin")
    where = {pk: (theme_id, origin) for pk, theme_id, origin in rows.iterator(chunk_size=BATCH)}
    seen = np.array([pk in where for pk in known.ids.tolist()], dtype=bool)
    theme = np.array(
        [where[pk][0] if pk in where and where[pk][0] in themes_by_id else -1 for pk in known.ids.tolist()],
        dtype=np.int64,
    )
    assigned = theme >= 0
    fresh = np.flatnonzero(~seen)
    by_hand = np.array(
        [pk in where and where[pk][1] == Origin.PERSON for pk in known.ids.tolist()], dtype=bool
    )
    examples = {
        pk: (known.ids[by_hand & (theme == pk)], known.vectors[by_hand & (theme == pk)])
        for pk, own in themes_by_id.items()
        if own.is_by_hand
    }
    done = 0
    for start in range(0, len(fresh), BATCH):
        part = fresh[start : start + BATCH]
        tell(done, len(fresh), "Placing")
        done += _place(
            workspace=workspace,
            ids=known.ids[part],
            vectors=known.vectors[part],
            themes_by_id=themes_by_id,
            examples=examples,
            known=(known.ids[assigned], known.vectors[assigned], theme[assigned]),
            least=known.suggest,
            at=at,
        )
    tell(done, len(fresh), "Placing")
    return done


def _place(
    *,
    workspace: Workspace,
    ids: Ids,
    vectors: Matrix,
    themes_by_id: dict[int, Theme],
    examples: dict[int, tuple[Ids, Matrix]],
    known: tuple[Ids, Matrix, Ids],
    least: float,
    at: dt.datetime,
) -> int:
    open_ = Feedback.objects.in_workspace(workspace.pk).filter(pk__in=ids.tolist())
    pieces = {piece.pk: piece for piece in open_.only("pk", "title", "text", "said_at", "home_id")}
    here = np.array([pk in pieces for pk in ids.tolist()], dtype=bool)
    ids, vectors = ids[here], vectors[here]
    if not len(ids):
        return 0
    texts = [f"{pieces[pk].title}\n{pieces[pk].text}" for pk in ids.tolist()]
    claimed = theme_plans.claims(
        texts=texts, vectors=vectors, themes_by_id=themes_by_id, examples=examples, suggest=least
    )
    voted = _vote(vectors=vectors, known=known)
    rows = [
        _row(workspace=workspace, piece=pieces[pk], claim=claimed.get(place) or voted[place], at=at)
        for place, pk in enumerate(ids.tolist())
    ]
    with transaction.atomic():
        # Somebody may have put one into a theme meanwhile: theirs stands.
        Assignment.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def _vote(*, vectors: Matrix, known: tuple[Ids, Matrix, Ids]) -> Sequence[Claim | None]:
    ids, own, theme = known
    if not len(ids):
        return [None] * len(vectors)
    values, numbered = np.unique(theme, return_inverse=True)
    found = themes.place(vectors=vectors, known=own, assignment=numbered.astype(np.int32))
    return [
        Claim(
            theme=int(values[number]),
            confidence=float(sure),
            rule=str(Assignment.Rule.NEIGHBOURS),
            near=(int(ids[nearest]),) if nearest >= 0 else (),
        )
        if number >= 0
        else None
        for number, sure, nearest in zip(
            found.theme.tolist(), found.confidence.tolist(), found.nearest.tolist(), strict=True
        )
    ]


def _row(*, workspace: Workspace, piece: Feedback, claim: Claim | None, at: dt.datetime) -> Assignment:
    return Assignment(
        feedback_id=piece.pk,
        home=workspace,
        theme_id=claim.theme if claim else None,
        origin=Origin.MACHINE,
        rule=claim.rule if claim else Assignment.Rule.NEIGHBOURS,
        confidence=round(min(claim.confidence, 1.0), 3) if claim else 0.0,
        near=list(claim.near) if claim else [],
        said_at=piece.said_at,
        assigned_at=at,
    )


def wants_a_look(*, workspace_id: int) -> bool:
    """Whether so much has come in since the last look at all feedback that it is time for another."""
    last = (
        ThemeRun.objects.filter(workspace_id=workspace_id, finished_at__isnull=False).order_by("-pk").first()
    )
    known = Assignment.objects.filter(home_id=workspace_id).count()
    if last is None:
        return known >= FIRST_LOOK
    return known - last.pieces >= max(FIRST_LOOK, GROWN * last.pieces)


def look_where_grown(*, workspace_id: int) -> bool:
    """Queue a look at all feedback where it has grown by a tenth; say whether it was queued."""
    if not wants_a_look(workspace_id=workspace_id):
        return False
    jobs.enqueue("insights.themes", workspace_id=workspace_id, key="themes")
    return True
