"""What a look at all feedback works with: the pieces, what people decided about them, and where each belongs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Assignment, Feedback, Origin, Theme, ThemeChoice
from roadbed.modules.insights.models.readings import By, Reading
from roadbed.modules.insights.selectors import theme_vectors, theme_words
from roadbed_engines.text import embedding, keeping, neighbours, themes, tongues
from roadbed_engines.text.embedding import unit
from roadbed_engines.text.labels import ThemeName, name_themes

Ids = npt.NDArray[np.int64]
Matrix = npt.NDArray[np.float32]
Progress = Callable[[int, int, str], None]

FEWEST = 8
"""Fewer pieces than this have nothing in common that a person would not see alone."""
NEIGHBOURS = 10
NEAREST_KEPT = 3
WORDS_OF_A_TEXT = 400
BATCH = 2000
STEPS = 6


@dataclass(slots=True)
class World:
    """Everything that a run looks at, by the place of each piece."""

    ids: Ids
    vectors: Matrix
    model: str
    suggest: float
    texts: list[str]
    languages: list[str] | None
    """The language of each piece, empty where it is unknown; None for a model that reads many as one."""
    before: Ids
    held: npt.NDArray[np.bool_]
    said_at: list[dt.datetime]
    themes: dict[int, Theme]
    by_hand: Ids
    """The theme that a person put a piece into; -2 where no person did."""

    @property
    def fixed(self) -> set[int]:
        """Themes that groups do not take over: those a person made."""
        return {pk for pk, theme in self.themes.items() if theme.is_by_hand}


@dataclass(slots=True)
class Plan:
    """What a run is going to write."""

    theme: Ids
    rule: list[str]
    confidence: npt.NDArray[np.float32]
    near: list[list[int]]
    names: dict[int, ThemeName] = field(default_factory=dict)
    """By theme, or by -(2 + group) for a new one."""
    broad: Ids = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    broad_names: dict[int, ThemeName] = field(default_factory=dict)
    resolution: float = 0.0


def resolution_of(*, workspace_id: int) -> float | None:
    """Return how broad or fine a workspace wants its themes; None leaves it to the feedback."""
    return ThemeChoice.objects.filter(workspace_id=workspace_id).values_list("resolution", flat=True).first()


def _text(title: str, text: str) -> str:
    """Return what a theme is named from: the title, or the beginning of the text that the title is cut from."""
    start = title.rstrip("…. ")[:40].lower()
    return text[:WORDS_OF_A_TEXT] if text.lower().startswith(start) else title


def read(workspace: Workspace) -> World:
    """Read the open feedback that has a vector, and what is known of it."""
    known = theme_vectors.read(workspace_id=workspace.pk)
    rows = {
        pk: (title, text, at)
        for pk, title, text, at in Feedback.objects.in_workspace(workspace.pk)
        .filter(home_id=workspace.pk)
        .values_list("pk", "title", "text", "said_at")
        .iterator(chunk_size=BATCH)
    }
    here = np.array([pk in rows for pk in known.ids.tolist()], dtype=bool)
    ids, vectors = known.ids[here], known.vectors[here]
    place = {pk: index for index, pk in enumerate(ids.tolist())}
    owned = Theme.objects.filter(
        workspace_id=workspace.pk, kind="theme", retired_at__isnull=True, merged_into__isnull=True
    )
    themes_by_id = {theme.pk: theme for theme in owned}
    before = np.full(len(ids), keeping.NONE, dtype=np.int64)
    by_hand = np.full(len(ids), -2, dtype=np.int64)
    assigned = Assignment.objects.filter(home_id=workspace.pk).values_list(
        "feedback_id", "theme_id", "origin"
    )
    for pk, theme_id, origin in assigned.iterator(chunk_size=BATCH):
        index = place.get(pk)
        if index is None:
            continue
        stands = theme_id if theme_id in themes_by_id else keeping.NONE
        before[index] = stands
        if origin == Origin.PERSON and (theme_id is None or stands >= 0):
            by_hand[index] = stands
    pinned = [pk for pk, theme in themes_by_id.items() if theme.is_pinned]
    held = (by_hand > -2) | np.isin(before, pinned)
    return World(
        ids=ids,
        vectors=vectors,
        model=known.model,
        suggest=known.suggest,
        texts=[_text(*rows[pk][:2]) for pk in ids.tolist()],
        languages=_languages(workspace.pk, ids) if known.model not in embedding.MULTILINGUAL else None,
        before=before,
        held=held,
        said_at=[rows[pk][2] for pk in ids.tolist()],
        themes=themes_by_id,
        by_hand=by_hand,
    )


def _languages(workspace_id: int, ids: Ids) -> list[str]:
    """Return the language of each piece, where it was told surely or somebody said so."""
    rows = Reading.objects.filter(home_id=workspace_id).exclude(language="")
    sure = rows.filter(Q(language_confidence__gte=tongues.SURE) | Q(language_by=By.PERSON))
    known = dict(sure.values_list("feedback_id", "language").iterator(chunk_size=BATCH))
    return [known.get(pk, "").partition("-")[0] for pk in ids.tolist()]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a theme made by hand takes: its place and how sure."""

    theme: int
    confidence: float
    rule: str
    near: tuple[int, ...] = ()


def claims(
    *,
    texts: Sequence[str],
    vectors: Matrix,
    themes_by_id: Mapping[int, Theme],
    examples: Mapping[int, tuple[Ids, Matrix]],
    suggest: float,
    rivals: npt.NDArray[np.float32] | None = None,
) -> dict[int, Claim]:
    """Return which texts have a theme's words, or are like its examples; by place.

    A text is like the examples if one of them is near enough, and their middle is nearer to it than the middle of
    the theme it is in: else a theme that was split would lose everything to its smaller half.

    Parameters
    ----------
    examples : mapping of theme to (ids, vectors)
        What people put into themes that they made.
    rivals : float array, shape (n,), optional
        How near each text is to the middle of the theme that it is in now; -1 where it is in none.
    """
    found: dict[int, Claim] = {}
    worded = [(pk, theme) for pk, theme in sorted(themes_by_id.items()) if theme.words]
    if worded:
        for place, text in enumerate(texts):
            for pk, theme in worded:
                if theme_words.has_any(words=theme.words, text=text):
                    found[place] = Claim(theme=pk, confidence=0.9, rule=Assignment.Rule.WORDS)
                    break
    best = np.full(len(texts), -1.0, dtype=np.float32)
    for pk, (ids, own) in sorted(examples.items()):
        if not len(own):
            continue
        cosine = vectors @ own.T
        top = cosine.max(axis=1)
        like = (top >= suggest) & (top > best)
        if rivals is not None:
            like &= vectors @ unit(own.mean(axis=0)[None])[0] > rivals
        for place in np.flatnonzero(like).tolist():
            if place in found and found[place].rule == Assignment.Rule.WORDS:
                continue
            best[place] = top[place]
            order = np.argsort(-cosine[place], kind="stable")[:NEAREST_KEPT]
            found[place] = Claim(
                theme=pk,
                confidence=float(min(top[place], 1.0)),
                rule=Assignment.Rule.EXAMPLES,
                near=tuple(ids[order].tolist()),
            )
    return found


def _examples(world: World) -> dict[int, tuple[Ids, Matrix]]:
    return {
        pk: (world.ids[world.by_hand == pk], world.vectors[world.by_hand == pk])
        for pk in world.fixed
        if (world.by_hand == pk).any()
    }


def _rivals(world: World) -> npt.NDArray[np.float32]:
    """Return how near each piece is to the middle of the theme that it is in, -1 where it is in none."""
    near = np.full(len(world.ids), -1.0, dtype=np.float32)
    for pk in np.unique(world.before[world.before >= 0]).tolist():
        own = world.before == pk
        near[own] = world.vectors[own] @ unit(world.vectors[own].mean(axis=0)[None])[0]
    return near


def make_plan(world: World, *, resolution: float | None, tell: Progress) -> Plan:
    """Find groups, settle them among the themes that stand, and say why each piece is where it is."""
    size = len(world.ids)
    free = ~world.held
    taken = claims(
        texts=world.texts,
        vectors=world.vectors,
        themes_by_id=world.themes,
        examples=_examples(world),
        suggest=world.suggest,
        rivals=_rivals(world),
    )
    taken = {place: claim for place, claim in taken.items() if free[place]}
    claimed = np.zeros(size, dtype=bool)
    claimed[list(taken)] = True
    # What a person's own themes hold would only be found a second time.
    apart = np.isin(world.before, [*world.fixed, keeping.NONE]) & world.held
    inside = ~claimed & ~apart
    places = np.flatnonzero(inside)
    tell(1, STEPS, f"Comparing {len(places):,} pieces with each other")
    found = np.full(size, keeping.NONE, dtype=np.int64)
    broad = np.full(size, keeping.NONE, dtype=np.int64)
    used = resolution or 0.0
    if len(places) >= FEWEST:
        spoken = [world.languages[place] for place in places.tolist()] if world.languages else None
        grouped = themes.find_themes(
            vectors=world.vectors[places], resolution=resolution, languages=spoken, seed=0
        )
        used = grouped.resolution
        found[places], broad[places] = grouped.assignment, grouped.broad
    tell(2, STEPS, "Keeping what people decided")
    settled = keeping.settle(
        found=found,
        before=world.before,
        held=world.held,
        joined={pk for pk, theme in world.themes.items() if theme.is_joined},
        fixed=world.fixed,
    )
    theme = settled.theme
    for place, claim in taken.items():
        theme[place] = claim.theme
    tell(3, STEPS, "Saying how sure each is")
    rule, confidence, near = why(world, theme, taken)
    return Plan(theme=theme, rule=rule, confidence=confidence, near=near, broad=broad, resolution=used)


def why(
    world: World, theme: Ids, taken: Mapping[int, Claim]
) -> tuple[list[str], npt.NDArray[np.float32], list[list[int]]]:
    """Return for each piece what put it there, how sure that is, and the nearest pieces of the same theme.

    How sure: the share of its ten nearest neighbours that are in the same theme, each weighed by how near it is.
    """
    nearest = neighbours.nearest_others(vectors=world.vectors, k=NEIGHBOURS)
    index = nearest.index
    there = index >= 0
    weight = np.where(there, np.clip(nearest.similarity, 0.0, None), 0.0)
    same = there & (theme[np.maximum(index, 0)] == theme[:, None]) & (theme[:, None] != keeping.NONE)
    total = weight.sum(axis=1)
    confidence = np.divide(
        (weight * same).sum(axis=1), total, out=np.zeros(len(theme), dtype=np.float32), where=total > 0
    ).astype(np.float32)
    rule = [str(Assignment.Rule.GROUP)] * len(theme)
    near: list[list[int]] = []
    for place in range(len(theme)):
        own = index[place][same[place]][:NEAREST_KEPT]
        near.append(world.ids[own].tolist())
    for place, claim in taken.items():
        rule[place], confidence[place] = claim.rule, claim.confidence
        near[place] = list(claim.near) or near[place]
    for place in np.flatnonzero(world.by_hand > -2).tolist():
        rule[place], confidence[place] = str(Assignment.Rule.HAND), 1.0
    return rule, confidence, near


def names(*, world: World, groups: Ids, stop_words: frozenset[str]) -> dict[int, ThemeName]:
    """Return a name for each value of `groups` but -1."""
    values = [value for value in np.unique(groups).tolist() if value != keeping.NONE]
    if not values:
        return {}
    place = {value: index for index, value in enumerate(values)}
    plain = np.array([place.get(value, -1) for value in groups.tolist()], dtype=np.int64)
    named = name_themes(
        texts=world.texts,
        vectors=world.vectors,
        assignment=plain,
        stop_words=stop_words,
        languages=world.languages,
    )
    return dict(zip(values, named, strict=True))
