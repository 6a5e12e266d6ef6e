"""Features and releases from tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max

from roadbed.core.tables.record_writer import Draft, RecordWriter, update_rows
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.workspaces.models import Member, Team
from roadbed.modules.roadmap.imports import efforts, promised, waiting
from roadbed.modules.roadmap.imports.presets import PRESETS
from roadbed.modules.roadmap.models import (
    LEVEL_ORDER,
    Feature,
    Hardness,
    Horizon,
    Lane,
    Level,
    Release,
    Size,
    Status,
    StatusSpell,
    Work,
    trails,
)
from roadbed.modules.roadmap.services import order, tree

RELEASE_PLAIN = ("start_date", "ship_date", "form", "date_kind", "date_to", "notes")
PLAIN = (
    "description",
    "status_reason",
    "horizon",
    "status",
    "target_start",
    "target_end",
    "work",
    "size",
    "not_before",
    "due_date",
    "due_kind",
    "due_to",
    "actual_days",
    "public_title",
)


@dataclass(slots=True)
class Node:
    """What must be known of a feature to lay another one under it."""

    pk: int
    level: str
    above: tuple[int, ...] = ()


@dataclass(slots=True)
class Plan:
    """What an import has looked up so far, kept from batch to batch."""

    by_id: dict[str, Node] = field(default_factory=dict)
    by_title: dict[str, Node] = field(default_factory=dict)
    by_place: dict[tuple[int, str], Node] = field(default_factory=dict)
    releases: dict[str, int] = field(default_factory=dict)
    teams: dict[str, int] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> Plan:
        """Return the run's own, read from the workspace at first."""
        if "roadmap" in run.memory:
            kept: Plan = run.memory["roadmap"]
            return kept
        plan = cls()
        names = ("pk", "prefix", "number", "title", "external_id", "external_source", "level", "trail")
        for row in Feature.objects.in_workspace(run.workspace_id).order_by("pk").values_list(*names):
            pk, prefix, number, title, external_id, source, level, trail = row
            node = Node(pk=pk, level=level, above=tuple(trails.ids(trail)))
            plan.learn(node, title=title, external_id=external_id if source == run.source else "")
            plan.by_id.setdefault(f"{prefix}-{number}".casefold(), node)
        found = Release.objects.in_workspace(run.workspace_id).values_list("title", "pk")
        plan.releases = {title.casefold(): pk for title, pk in found}
        plan.teams = {
            name.casefold(): pk
            for name, pk in Team.objects.filter(workspace_id=run.workspace_id).values_list("name", "pk")
        }
        for member in Member.objects.select_related("user").filter(
            workspace_id=run.workspace_id, removed_at__isnull=True
        ):
            plan.members[member.user.email.casefold()] = member.pk
            plan.members.setdefault(member.name.casefold(), member.pk)
        run.memory["roadmap"] = plan
        return plan

    def learn(self, node: Node, *, title: str, external_id: str) -> None:
        """Let later rows find it by its id, its key or its title."""
        if external_id:
            self.by_id[external_id.casefold()] = node
        self.by_title.setdefault(title.casefold(), node)
        self.by_place.setdefault((node.above[-1] if node.above else 0, title.casefold()), node)

    def pk_of(self, name: str) -> int | None:
        """Return the id of the feature that a cell names by its id or key; never by a title."""
        found = self.by_id.get(name.casefold())
        return found.pk if found else None

    def find(self, name: str) -> Node | None:
        """Return what a cell means by a parent: an id, a key, else a title."""
        return self.by_id.get(name.casefold()) or self.by_title.get(name.casefold())


def identity(row: ParsedRow) -> str:
    """Return what makes two features the same: the title, under its parent."""
    values = row.values
    return f"{values.get('parent', '')}\n{values.get('title', '')}".casefold()


def _draft(run: Run, plan: Plan, index: int, row: ParsedRow) -> Draft | str:
    """Return the draft of a row, or why it cannot be kept."""
    said = row.values
    values: dict[str, Any] = {name: said[name] for name in PLAIN if name in said}
    if "actual_days" in values:
        values["actual_days"] = float(values["actual_days"])
        if values["actual_days"] <= 0:
            return "What was finished took more than nothing."
    if said.get("status") == Status.DROPPED and not said.get("status_reason"):
        values["status_reason"] = "Dropped before it was imported"
    lookups = (("team", plan.teams), ("owner", plan.members), ("release", plan.releases))
    for name, choices in lookups:
        if name in said:
            pk = choices.get(str(said[name]).casefold())
            if pk is None:
                return f"There is no {name} “{said[name]}” in this workspace. Add it first, or leave the cell empty."
            values[f"{name}_id"] = pk
    start, end = said.get("target_start"), said.get("target_end")
    if start and end and end < start:
        return f"The target window ends on {end:%-d %B %Y}, before it starts."
    entered = said.get("status_at") or run.at
    if entered > run.at:
        return "A status cannot be entered in the future."
    if "status_at" in said:
        values["status_at"] = entered
    above = plan.find(str(said["parent"])) if said.get("parent") else None
    place = (above.pk if above else 0, str(said["title"]).casefold())
    known = plan.by_id.get(row.key.casefold()) if row.key else plan.by_place.get(place)
    return Draft(
        index=index,
        title=said["title"],
        values=values,
        defaults={"status_at": entered, "level": said.get("level", Level.FEATURE), "lane": Lane.PRODUCT},
        tags=said.get("tags", ()),
        external_id=row.key,
        record_id=known.pk if known else None,
    )


def _place(plan: Plan, row: ParsedRow, draft: Draft) -> Node | str | None:
    """Return under what a row lies, or why it cannot lie there."""
    name = str(row.values.get("parent", ""))
    if not name:
        return None
    parent = plan.find(name)
    if parent is None:
        return (
            f"There is no feature “{name}” yet. Put parents before what lies under them, "
            "or import the rejected rows again."
        )
    own = plan.find(row.key) if row.key else None
    own_pk = draft.record_id or (own.pk if own else 0)
    if own_pk and (parent.pk == own_pk or own_pk in parent.above):
        return f"It cannot lie under “{name}”, which lies below it."
    level = str(row.values.get("level") or (own.level if own else _level_under(parent)))
    if LEVEL_ORDER[level] < LEVEL_ORDER[parent.level]:
        return f"The {level} is larger than the {parent.level} “{name}” and cannot lie under it."
    if len(parent.above) + 1 >= trails.MAX_DEPTH:
        return f"The tree is at most {trails.MAX_DEPTH} levels deep."
    return parent


def _level_under(parent: Node) -> str:
    return str(Level.FEATURE if parent.level == Level.AREA else Level.STORY)


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of features: found by id, else by title; a row may lie under any row before it."""
    outcome, plan, ids = Outcome(), Plan.of(run), dict[int, int]()
    pending = list(enumerate(rows))
    # Rows under rows of the same batch wait until those are written; each round lays one level.
    while pending:
        ready: dict[str, list[tuple[Draft, Node | None, ParsedRow]]] = {}
        later: list[tuple[int, ParsedRow]] = []
        here = {
            name
            for _, row in pending
            for name in (row.key.casefold(), str(row.values["title"]).casefold())
            if name
        }
        for index, row in pending:
            draft = _draft(run, plan, index, row)
            if isinstance(draft, str):
                outcome.rejects.append((index, draft))
                continue
            name = str(row.values.get("parent", "")).casefold()
            own = {row.key.casefold(), str(row.values["title"]).casefold()}
            if name and plan.find(name) is None and name in here and name not in own:
                later.append((index, row))
                continue
            parent = _place(plan, row, draft)
            if isinstance(parent, str):
                outcome.rejects.append((index, parent))
                continue
            if "level" in row.values:
                draft.values["level"] = row.values["level"]
            elif parent is not None:
                draft.defaults["level"] = _level_under(parent)
            lane = Lane(row.values.get("lane", Lane.PRODUCT))
            draft.defaults["lane"] = lane
            ready.setdefault(lane.prefix, []).append((draft, parent, row))
        for prefix, found in ready.items():
            ids |= _write_level(run, plan, prefix, found, outcome)
        if len(later) == len(pending):
            outcome.rejects.extend(
                (index, "Its parents lie under each other in a circle.") for index, _ in later
            )
            break
        pending = later
    efforts.estimate(run, rows, ids=ids, outcome=outcome)
    promised.note(run, rows, ids=ids, outcome=outcome)
    if "predecessors" in run.mapped:
        waiting.wait(run, rows, find=plan.pk_of, outcome=outcome)
    return outcome


def _write_level(
    run: Run, plan: Plan, prefix: str, found: Sequence[tuple[Draft, Node | None, ParsedRow]], outcome: Outcome
) -> Mapping[int, int]:
    """Write features of one level, and return which row of the batch is which."""
    written = RecordWriter(run, kind="feature", prefix=prefix).write([draft for draft, _, _ in found])
    outcome.rejects.extend(written.outcome.rejects)
    outcome.unchanged += written.outcome.unchanged
    outcome.add(written.outcome)
    placed: list[tuple[int, int | None, str]] = []
    for draft, parent, row in found:
        pk = written.ids.get(draft.index)
        if pk is None:
            continue
        above = (*parent.above, parent.pk) if parent else ()
        if draft.index in written.new:
            level = str(draft.values.get("level", draft.defaults["level"]))
            plan.learn(
                Node(pk=pk, level=level, above=above), title=draft.title, external_id=draft.external_id
            )
            if not run.is_dry:
                trail = "".join(trails.segment(one) for one in above)
                placed.append((pk, parent.pk if parent else None, trail))
        elif "parent" in row.values and not run.is_dry:
            _move(run, pk, parent)
    if placed:
        _lay(run, placed)
    return written.ids


def _lay(run: Run, placed: Sequence[tuple[int, int | None, str]]) -> None:
    """Give new features their place: under their parent, behind what is there; and in their column."""
    parents = {parent for _, parent, _ in placed}
    rows = Feature.objects.filter(workspace_id=run.workspace_id)
    under = rows.filter(parent_id__in=[pk for pk in parents if pk]).values_list("parent_id")
    ends = dict(under.annotate(end=Max("position")).order_by())
    if None in parents:
        ends[None] = rows.filter(parent__isnull=True).aggregate(end=Max("position"))["end"] or 0
    rank = rows.aggregate(end=Max("rank"))["end"] or 0
    laid = []
    for pk, parent, trail in placed:
        ends[parent] = (ends.get(parent) or 0) + order.GAP
        rank += order.GAP
        laid.append((pk, parent, trail, ends[parent], rank))
    update_rows(Feature, "record_id", ["parent_id", "trail", "position", "rank"], laid)


def _move(run: Run, pk: int, parent: Node | None) -> None:
    """Move a feature that is there already, with its branch, to where the file has it."""
    tree.lock_tree(workspace_id=run.workspace_id)
    feature = Feature.objects.get(pk=pk)
    target = Feature.objects.get(pk=parent.pk) if parent else None
    if feature.parent_id == (parent.pk if parent else None) or feature.is_deleted:
        return
    siblings = tree.siblings(
        workspace_id=run.workspace_id, parent_id=parent.pk if parent else None, product_id=feature.product_id
    )
    tree.put(
        feature=feature,
        parent=target,
        product_id=feature.product_id,
        position=order.last(rows=siblings, field="position"),
        actor=run.actor,
        at=run.at,
    )


def follow(
    workspace_id: int,
    created: Mapping[str, Sequence[int]],
    changed: Mapping[str, Sequence[int]],
    at: datetime,
) -> None:
    """Let the history of statuses follow: each feature has one open spell, in the status that it has."""
    ids = [*created.get("feature", ()), *changed.get("feature", ())]
    statuses = {pk: (status, since) for pk, status, since in
                Feature.objects.filter(pk__in=ids).values_list("pk", "status", "status_at")}  # fmt: skip
    open_spells = {
        spell.feature_id: spell
        for spell in StatusSpell.objects.filter(feature_id__in=ids, left_at__isnull=True)
    }
    new = []
    for pk, (status, since) in statuses.items():
        spell = open_spells.get(pk)
        if spell is not None and spell.status == status:
            continue
        entered = since
        if spell is not None:
            entered = max(since, spell.entered_at) if since != spell.entered_at else at
            StatusSpell.objects.filter(pk=spell.pk).update(left_at=entered)
            Feature.objects.filter(pk=pk).update(status_at=entered)
        new.append(StatusSpell(feature_id=pk, status=status, entered_at=entered))
    StatusSpell.objects.bulk_create(new)


def in_use(workspace_id: int, ids: Sequence[int]) -> Collection[int]:
    """Return the features under which something lies that stays."""
    under = Feature.objects.in_workspace(workspace_id).filter(parent_id__in=list(ids))
    return set(under.exclude(pk__in=list(ids)).values_list("parent_id", flat=True))


def write_releases(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of releases: found by id, else by name."""
    plan, rejects, drafts = Plan.of(run), [], []
    for index, row in enumerate(rows):
        said = row.values
        start, ships = said.get("start_date"), said.get("ship_date")
        if start and ships and ships < start:
            rejects.append((index, "The release ships before it starts."))
            continue
        values = {name: said[name] for name in RELEASE_PLAIN if name in said}
        if "shipped_at" in said:
            values |= {"shipped_at": said["shipped_at"], "state": Release.State.RELEASED}
        known = None if row.key else plan.releases.get(str(said["title"]).casefold())
        drafts.append(
            Draft(
                index, said["title"], values, tags=said.get("tags", ()), external_id=row.key, record_id=known
            )
        )
    written = RecordWriter(run, kind="release").write(drafts)
    for draft in drafts:
        if draft.index in written.ids:
            plan.releases.setdefault(draft.title.casefold(), written.ids[draft.index])
    written.outcome.rejects.extend(rejects)
    return written.outcome


def choices_of(choices: Sequence[tuple[str, str]], **words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the values of a choice, each with its label and the other words for it."""
    return {value: (label, *words.get(value, ())) for value, label in choices}


ID = Field("external_id", "Id", aliases=("external id", "key", "issue key", "uuid", "number"), is_key=True,
           max_length=200, help="Stays the same from export to export.")  # fmt: skip
TAGS = Field("tags", "Tags", "list", aliases=("tag", "labels", "label"))

FEATURES = ImportTarget(
    name="features",
    label="Features",
    kind="feature",
    fields=(
        ID,
        Field("title", "Feature", aliases=("title", "name", "summary", "subject"), required=True, max_length=300),
        Field("parent", "Lies under", aliases=("parent", "parent id", "epic", "epic link", "area", "component"),
              help="The id, key or title of the feature above; it stands before this one in the file."),
        Field("description", "Description", "long_text", aliases=("details", "body", "notes"), max_length=20_000),
        Field("lane", "Lane", "choice", choices=choices_of(Lane.choices, technical=("tech", "platform", "debt"))),
        Field("level", "Level", "choice", aliases=("type", "issue type"),
              choices=choices_of(Level.choices, area=("epic", "theme", "initiative", "component"),
                               feature=("new feature", "improvement"), story=("user story", "task", "sub-task"))),
        Field("status", "Status", "choice", aliases=("state", "stage"),
              choices=choices_of(Status.choices, idea=("new", "backlog", "open", "opened"),
                                 discovery=("research", "under review"),
                               planned=("to do", "todo", "ready", "selected for development"),
                               development=("in progress", "doing", "started", "development"),
                               beta=("testing", "in review"), shipped=("done", "released", "closed", "complete"),
                               dropped=("rejected", "won't do", "wont do", "cancelled", "declined"))),
        Field("status_reason", "Because", aliases=("reason", "resolution"), max_length=300),
        Field("status_at", "In this status since", "datetime", aliases=("status since", "resolved", "shipped at")),
        Field("horizon", "Horizon", "choice", aliases=("timeframe", "when"),
              choices=choices_of(Horizon.choices, none=("none", "unplanned"))),
        Field("release", "Release", aliases=("fix version", "version", "milestone"),
              help="The name of a release that is there."),
        Field("team", "Team", help="The name of a team that is there."),
        Field("owner", "Owner", aliases=("assignee", "lead"), help="The e-mail address or name of a member."),
        Field("predecessors", "Waits for", aliases=("predecessors", "depends on", "blocked by"), max_length=2000,
              help="Ids of rows, with type and lag as Project writes them: 4FS+2d; 7SS."),
        Field("target_start", "Target from", "date", aliases=("start date", "start")),
        Field("target_end", "Target until", "date", aliases=("end date", "end")),
        Field("work", "Kind of work", "choice", aliases=("kind", "work type"),
              choices=choices_of([one for one in Work.choices if one[0]], debt=("debt", "tech debt"),
                               platform=("platform", "infrastructure"), capability=("capability", "new"))),
        Field("size", "Size", "choice", aliases=("t-shirt size", "t shirt"),
              choices=choices_of([one for one in Size.choices if one[0]], s=("small",), m=("medium",), l=("large",))),
        Field("not_before", "Not before", "date", aliases=("earliest start",)),
        Field("due_date", "Due", "date", aliases=("due date", "deadline")),
        Field("due_kind", "How firm", "choice", choices=choices_of(Hardness.choices, hard=("fixed", "promised"))),
        Field("due_to", "Promised to", max_length=120),
        Field("actual_days", "Took", "number", aliases=("actual effort", "actual days", "spent"),
              help="Person-days that it took."),
        Field("public_title", "Public name", max_length=200),
        *efforts.FIELDS,
        TAGS,
    ),
    write=write,
    presets=PRESETS,
    help="One row for each node of the tree. Put areas before their features, and features before their stories.",
    order=60,
    identity=identity,
    in_use=in_use,
    follow=follow,
    give_back=efforts.give_back,
)  # fmt: skip

RELEASES = ImportTarget(
    name="releases",
    label="Releases",
    kind="release",
    fields=(
        ID,
        Field("title", "Release", aliases=("title", "name", "version"), required=True, max_length=300),
        Field("start_date", "Starts", "date", aliases=("start", "start date")),
        Field("ship_date", "Ships", "date", aliases=("due", "due date", "release date", "planned date")),
        Field("shipped_at", "Shipped", "datetime", aliases=("shipped at", "released", "released at")),
        Field("form", "What it is", "choice", choices=choices_of(Release.Form.choices)),
        Field("date_kind", "How firm", "choice", choices=choices_of(Hardness.choices, hard=("fixed", "promised"))),
        Field("date_to", "Promised to", max_length=120),
        Field("notes", "Notes", "long_text", aliases=("description", "changelog"), max_length=20_000),
        TAGS,
    ),
    write=write_releases,
    help="One row for each release. A row with a date on which it shipped is out.",
    order=50,
)  # fmt: skip
