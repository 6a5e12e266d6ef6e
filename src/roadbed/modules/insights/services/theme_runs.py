"""Looking at all feedback at once: finding themes, keeping what people decided, writing only what changed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Record
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.insights.models import Assignment, Origin, Theme, ThemeChoice, ThemeRun
from roadbed.modules.insights.selectors import theme_words
from roadbed.modules.insights.services import theme_plans
from roadbed.modules.insights.services.theme_plans import BATCH, STEPS, Plan, Progress, World
from roadbed_engines.text import keeping, layout
from roadbed_engines.text.labels import ThemeName

TERMS_KEPT = 8


class ThemesChangedError(Exception):
    """Another run finished meanwhile; what was found no longer fits what is there."""


def _title(name: ThemeName, world: World) -> str:
    label = " ".join(name.label.split())[:300]
    if label:
        return f"{label[0].upper()}{label[1:]}"
    return world.texts[name.quotes[0]][:120] if len(name.quotes) else "Unnamed theme"


def find(
    *,
    workspace: Workspace,
    actor: Actor,
    at: dt.datetime,
    tell: Progress | None = None,
    resolution: float | None = None,
) -> ThemeRun:
    """Find the themes of a workspace anew, and keep what people decided.

    Only open feedback is read. Killed half-way, it can simply be run again: it finds the same and writes what is
    missing. What a person put somewhere, a pinned theme's feedback, a chosen name, a merge and a split all stay.

    Raises
    ------
    ThemesChangedError
        If another run finished while this one was looking.
    """
    tell = tell or (lambda done, total, note: None)
    wanted = resolution if resolution is not None else theme_plans.resolution_of(workspace_id=workspace.pk)
    tell(0, STEPS, "Reading")
    run = ThemeRun.objects.create(workspace=workspace, started_at=at, resolution=wanted or 0.0)
    world = theme_plans.read(workspace)
    stop = theme_words.stop_words(workspace=workspace)
    plan = theme_plans.make_plan(world, resolution=wanted, tell=tell)
    tell(4, STEPS, "Naming")
    plan.names = theme_plans.names(world=world, groups=plan.theme, stop_words=stop)
    plan.broad_names = theme_plans.names(world=world, groups=plan.broad, stop_words=stop)
    tell(5, STEPS, "Writing")
    writer = _Writer(workspace=workspace, run=run, world=world, plan=plan, actor=actor, at=at)
    writer.write_themes()
    writer.write_assignments(tell)
    writer.finish()
    return run


class _Writer:
    """Brings a plan into the tables: first the themes, then the pieces batch by batch, then the run's figures."""

    def __init__(
        self, *, workspace: Workspace, run: ThemeRun, world: World, plan: Plan, actor: Actor, at: dt.datetime
    ) -> None:
        self._workspace, self._run, self._world, self._plan = workspace, run, world, plan
        self._actor, self._at = actor, at
        self._ids: dict[int, int] = {}

    @transaction.atomic
    def write_themes(self) -> None:
        """Make new themes, give names to those that are still what they were called, and retire what is empty."""
        ThemeChoice.objects.bulk_create([ThemeChoice(workspace=self._workspace)], ignore_conflicts=True)
        ThemeChoice.objects.select_for_update().get(workspace=self._workspace)
        newer = ThemeRun.objects.filter(
            workspace=self._workspace, finished_at__isnull=False, pk__gt=self._run.pk
        )
        if newer.exists():
            raise ThemesChangedError("Another look at all feedback finished meanwhile.")
        for value, name in sorted(self._plan.names.items(), reverse=True):
            if value >= 0:
                self._rename(self._world.themes[value], name)
                self._ids[value] = value
            else:
                made = records.create_record(record=self._new(name), actor=self._actor, at=self._at)
                self._world.themes[made.pk] = made
                self._ids[value] = made.pk
                self._run.added += 1
        theme = self._plan.theme
        for value, pk in self._ids.items():
            if value < 0:
                theme[theme == value] = pk
        self._write_broad()
        self._retire()
        self._place()

    def _new(self, name: ThemeName, *, is_broad: bool = False) -> Theme:
        return Theme(
            workspace=self._workspace,
            title=_title(name, self._world),
            terms=list(name.terms)[:TERMS_KEPT],
            nearest=self._world.ids[np.asarray(name.quotes, dtype=np.int64)].tolist(),
            is_broad=is_broad,
        )

    def _rename(self, theme: Theme, name: ThemeName) -> None:
        """Follow what a theme is about now; its name changes only where none of its words is true any more."""
        terms = list(name.terms)[:TERMS_KEPT]
        theme.terms = terms
        theme.nearest = self._world.ids[np.asarray(name.quotes, dtype=np.int64)].tolist()
        theme.save(update_fields=["terms", "nearest"])
        now = {word for term in terms for word in term.lower().split()}
        then = set(theme_words.words_of(theme.title))
        if theme.is_named or theme.is_by_hand or theme.is_deleted or then & now or not terms:
            return
        records.change_record(
            record=theme, changes={"title": _title(name, self._world)}, actor=self._actor, at=self._at
        )

    def _write_broad(self) -> None:
        """Put fine themes under broad ones, each where most of its pieces lie."""
        theme, broad = self._plan.theme, self._plan.broad
        lies_in: dict[int, int] = {}
        for pk in np.unique(theme[theme >= 0]).tolist():
            inside = broad[(theme == pk) & (broad >= 0)]
            if len(inside) and pk not in self._world.fixed:
                lies_in[pk] = Counter(inside.tolist()).most_common(1)[0][0]
        children = Counter(lies_in.values())
        fine_before = {pk: one.parent_id for pk, one in self._world.themes.items() if one.parent_id}
        was_above = np.array([fine_before.get(pk, -1) for pk in self._world.before.tolist()], dtype=np.int64)
        is_live = np.array([children.get(value, 0) > 1 for value in broad.tolist()], dtype=bool)
        now = np.where(is_live, broad, keeping.NONE)
        matched = keeping.settle(found=now, before=was_above, held=np.zeros(len(now), dtype=bool))
        ids: dict[int, int] = {}
        for value in sorted(value for value, count in children.items() if count > 1):
            pk = int(matched.theme[now == value][0])
            name = self._plan.broad_names[value]
            if pk >= 0 and pk in self._world.themes:
                self._rename(self._world.themes[pk], name)
                ids[value] = pk
            else:
                made = records.create_record(
                    record=self._new(name, is_broad=True), actor=self._actor, at=self._at
                )
                self._world.themes[made.pk] = made
                ids[value] = made.pk
        changed = []
        for pk, own in self._world.themes.items():
            if own.is_broad or own.is_placed:
                continue
            parent_id = ids.get(lies_in.get(pk, -1)) if pk in lies_in else None
            if pk in self._world.fixed:
                continue
            if own.parent_id != parent_id:
                own.parent_id = parent_id
                changed.append(own)
        Theme.objects.bulk_update(changed, ["parent"], batch_size=200)

    def _retire(self) -> None:
        """Take away machine-made themes of which nothing is left and that no person touched."""
        used = set(np.unique(self._plan.theme).tolist())
        above = {theme.parent_id for pk, theme in self._world.themes.items() if pk in used or theme.is_kept}
        empty = [
            theme
            for pk, theme in self._world.themes.items()
            if pk not in used and pk not in above and not theme.is_kept and not theme.is_deleted
        ]
        touched = _touched([theme.pk for theme in empty])
        for theme in empty:
            if theme.pk in touched or theme.archived_at is not None:
                continue
            Theme.objects.filter(pk=theme.pk).update(retired_at=self._at)
            records.delete_record(record=theme, actor=self._actor, at=self._at)
            self._run.retired += 1

    def _place(self) -> None:
        """Lay the fine themes out as a map."""
        theme = self._plan.theme
        live = [pk for pk in np.unique(theme[theme >= 0]).tolist() if not self._world.themes[pk].is_deleted]
        if not live:
            return
        middles = np.stack([self._world.vectors[theme == pk].mean(axis=0) for pk in live])
        sizes = [float((theme == pk).sum()) for pk in live]
        parents = {pk: index for index, pk in enumerate({self._world.themes[pk].parent_id for pk in live})}
        groups = [
            parents[self._world.themes[pk].parent_id] if self._world.themes[pk].parent_id else -1
            for pk in live
        ]
        placed = layout.lay_out(vectors=middles, sizes=sizes, groups=groups)
        for pk, (x, y) in zip(live, placed.centre.tolist(), strict=True):
            self._world.themes[pk].x, self._world.themes[pk].y = x, y
        Theme.objects.bulk_update([self._world.themes[pk] for pk in live], ["x", "y"], batch_size=200)

    def write_assignments(self, tell: Progress) -> None:
        """Write the pieces that changed, batch by batch; what a person moved meanwhile stays theirs."""
        world, plan = self._world, self._plan
        for start in range(0, len(world.ids), BATCH):
            self._write_batch(range(start, min(start + BATCH, len(world.ids))))
            tell(5, STEPS, f"Writing {min(start + BATCH, len(world.ids)):,} of {len(world.ids):,}")
        self._run.held = int(world.held.sum())
        self._run.pieces = len(world.ids)
        self._run.unassigned = int((plan.theme == keeping.NONE).sum())
        self._run.themes = len({pk for pk in np.unique(plan.theme).tolist() if pk >= 0})

    @transaction.atomic
    def _write_batch(self, places: Sequence[int]) -> None:
        world, plan = self._world, self._plan
        ids = [int(world.ids[place]) for place in places]
        rows = Assignment.objects.filter(feedback_id__in=ids).select_for_update()
        known = {row.feedback_id: row for row in rows}
        alive = set(Record.objects.filter(pk__in=ids, deleted_at__isnull=True).values_list("pk", flat=True))
        wanted = []
        for place in places:
            pk = int(world.ids[place])
            row = known.get(pk)
            if pk not in alive or (row is not None and row.origin == Origin.PERSON):
                continue
            value = int(plan.theme[place])
            theme_id = value if value >= 0 else None
            sure = round(float(plan.confidence[place]), 3) if theme_id is not None else 0.0
            near = plan.near[place] if theme_id is not None else []
            rule = plan.rule[place]
            if row is not None and row.theme_id != theme_id:
                self._run.moved += 1
            if row is not None and (row.theme_id, row.confidence, row.near, row.rule, row.said_at) == (
                theme_id, sure, near, rule, world.said_at[place],
            ):  # fmt: skip
                continue
            wanted.append(
                Assignment(
                    feedback_id=pk,
                    home=self._workspace,
                    theme_id=theme_id,
                    origin=Origin.MACHINE,
                    rule=rule,
                    confidence=sure,
                    near=near,
                    said_at=world.said_at[place],
                    assigned_at=self._at,
                )
            )
        Assignment.objects.bulk_create(
            wanted,
            update_conflicts=True,
            unique_fields=["feedback"],
            update_fields=["theme", "origin", "rule", "confidence", "near", "said_at", "assigned_at"],
            batch_size=500,
        )

    @transaction.atomic
    def finish(self) -> None:
        """Say in the run and in the history what came of it."""
        self._run.model, self._run.resolution = self._world.model, self._plan.resolution
        self._run.finished_at = self._at
        self._run.save()
        facts: dict[str, Any] = {
            name: getattr(self._run, name)
            for name in ("pieces", "themes", "added", "retired", "moved", "held", "unassigned")
        }
        records.record_activity(
            workspace_id=self._workspace.pk,
            actor=self._actor,
            verb="found themes",
            at=self._at,
            changes=facts,
        )


def _touched(ids: Sequence[int]) -> set[int]:
    """Return the themes that people commented on, linked or tagged: they are somebody's."""
    rows = Record.objects.filter(pk__in=list(ids))
    commented = rows.filter(comments__deleted_at__isnull=True, comments__isnull=False).values_list(
        "pk", flat=True
    )
    linked_out = rows.filter(links_out__isnull=False).values_list("pk", flat=True)
    linked_in = rows.filter(links_in__isnull=False).values_list("pk", flat=True)
    tagged = rows.filter(record_tags__isnull=False).values_list("pk", flat=True)
    return {*commented, *linked_out, *linked_in, *tagged}
