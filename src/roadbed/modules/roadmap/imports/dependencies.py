"""Dependencies from tables and to tables, and what others have promised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from roadbed.core.records.models import Record
from roadbed.core.records.services import record_activity
from roadbed.core.tables.record_writer import Draft, RecordWriter
from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.targets import Change, Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.tables.writing import Cells, Column
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.imports.tree import ID, TAGS, Plan, choices_of
from roadbed.modules.roadmap.models import Dependency, External, Feature, Tie, graphs
from roadbed.modules.roadmap.models.dependencies import MOST_LAG
from roadbed.modules.roadmap.services import tree
from roadbed.modules.roadmap.services.dependencies import circle_words

CHUNK = 1000
HEADERS = ("Feature", "Feature title", "Waits for", "Waits for title", "How", "Lag", "Because")


def _graph(run: Run) -> graphs.Graph:
    """Return what waits for what, read once a run and kept up to date by it."""
    if "roadmap:graph" not in run.memory:
        run.memory["roadmap:graph"] = selectors.graph_of(workspace_id=run.workspace_id)
    graph: graphs.Graph = run.memory["roadmap:graph"]
    return graph


def _known(run: Run) -> dict[tuple[int, int | None, int | None, str], int]:
    if "roadmap:waits" not in run.memory:
        rows = Dependency.objects.filter(workspace_id=run.workspace_id)
        run.memory["roadmap:waits"] = {
            (feature, on, external, tie): pk
            for pk, feature, on, external, tie in rows.values_list(
                "pk", "feature_id", "on_id", "external_id", "tie"
            )
        }
    known: dict[tuple[int, int | None, int | None, str], int] = run.memory["roadmap:waits"]
    return known


def _externals(run: Run) -> dict[str, int]:
    if "roadmap:externals" not in run.memory:
        found: dict[str, int] = {}
        names = ("pk", "number", "title", "external_id", "external_source")
        for pk, number, title, own, source in External.objects.in_workspace(run.workspace_id).values_list(
            *names
        ):
            found[f"x-{number}"] = pk
            found.setdefault(title.casefold(), pk)
            if own and source == run.source:
                found[own.casefold()] = pk
        run.memory["roadmap:externals"] = found
    kept: dict[str, int] = run.memory["roadmap:externals"]
    return kept


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of dependencies. One that would close a circle is rejected, and the circle named."""
    if not run.is_dry:
        tree.lock_tree(workspace_id=run.workspace_id)
    outcome, plan, graph, known = Outcome(), Plan.of(run), _graph(run), _known(run)
    made: list[Dependency] = []
    touched: dict[int, list[str]] = {}
    for index, row in enumerate(rows):
        said = row.values
        node = plan.find(str(said["feature"]))
        if node is None:
            outcome.rejects.append((index, f"There is no feature “{str(said['feature'])[:60]}” here."))
            continue
        name = str(said["on"])
        on = plan.find(name)
        external = _externals(run).get(name.casefold()) if on is None else None
        if on is None and external is None:
            outcome.rejects.append((index, f"There is no feature or promise “{name[:60]}” here."))
            continue
        tie, lag = str(said.get("tie", Tie.FINISH_START)), round(said.get("lag", 0))
        if abs(lag) > MOST_LAG:
            outcome.rejects.append((index, f"A lag is at most {MOST_LAG} working days."))
            continue
        identity = (node.pk, on.pk if on else None, external, tie)
        if identity in known:
            outcome.unchanged += 1
            continue
        if on is not None:
            wait = graphs.Wait(feature=node.pk, on=on.pk, tie=tie)
            circle = [node.pk] if node.pk == on.pk else graph.circle_with(wait)
            if circle:
                keys = selectors.keys_in_order(circle)
                outcome.rejects.append((index, f"This would close a circle: {circle_words(keys)}."))
                continue
            graph.add(wait)
        known[identity] = 0
        touched.setdefault(node.pk, []).append(name[:60])
        made.append(
            Dependency(
                workspace_id=run.workspace_id,
                feature_id=node.pk,
                on_id=on.pk if on else None,
                external_id=external,
                tie=tie,
                lag=lag,
                note=str(said.get("note", ""))[:300],
                created_at=run.at,
                created_by_id=run.actor.user_id,
            )
        )
    if not run.is_dry:
        Dependency.objects.bulk_create(made)
        _tell(run, touched)
    ids: dict[int, list[int]] = {}
    for one in made:
        ids.setdefault(one.feature_id, []).append(one.pk)
    outcome.changed["feature"] = [Change(pk, {"waits": ids[pk]}) for pk in touched]
    return outcome


def give_back(record_id: int, before: Mapping[str, Any]) -> None:
    """Take back what an import let a feature wait for."""
    Dependency.objects.filter(feature_id=record_id, pk__in=before.get("waits", [])).delete()


def _tell(run: Run, touched: dict[int, list[str]]) -> None:
    """Say in the workspace's history what now waits for what; one line a batch."""
    if touched:
        keys = selectors.keys_in_order(sorted(touched)[:50])
        record_activity(
            workspace_id=run.workspace_id,
            actor=run.actor,
            verb="imported dependencies",
            at=run.at,
            changes={"features": keys, "count": sum(len(names) for names in touched.values())},
        )


def write_externals(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of promises: found by id, else by title."""
    plan, known, rejects, drafts = Plan.of(run), _externals(run), [], []
    for index, row in enumerate(rows):
        said = row.values
        if said["latest"] < said["earliest"]:
            rejects.append((index, "The promise ends before it begins."))
            continue
        names = ("promised_by", "contact", "earliest", "latest", "description")
        values: dict[str, Any] = {name: said[name] for name in names if name in said}
        if "owner" in said:
            owner = plan.members.get(str(said["owner"]).casefold())
            if owner is None:
                rejects.append((index, f"There is no owner “{said['owner']}” in this workspace."))
                continue
            values["owner_id"] = owner
        if "delivered_date" in said:
            values |= {"delivered_date": said["delivered_date"], "state": External.State.DELIVERED}
        record_id = None if row.key else known.get(str(said["title"]).casefold())
        drafts.append(
            Draft(index, said["title"], values, tags=said.get("tags", ()), external_id=row.key,
                  record_id=record_id)
        )  # fmt: skip
    written = RecordWriter(run, kind="external").write(drafts)
    for draft in drafts:
        if draft.index in written.ids:
            known.setdefault(draft.title.casefold(), written.ids[draft.index])
    written.outcome.rejects.extend(rejects)
    return written.outcome


DEPENDENCIES = ImportTarget(
    name="dependencies",
    label="Dependencies",
    kind="feature",
    fields=(
        Field("feature", "Feature", aliases=("successor", "blocked", "key", "issue key", "task"), required=True,
              max_length=300, help="The key, id or title of what waits."),
        Field("on", "Waits for", aliases=("predecessor", "blocked by", "depends on", "blocker"), required=True,
              max_length=300, help="The key, id or title of a feature, or of what others have promised."),
        Field("tie", "How", "choice", aliases=("type", "tie", "relation"),
              choices=choices_of(Tie.choices, fs=("fs", "finish-start", "blocks"), ss=("ss", "start-start"),
                               ff=("ff", "finish-finish"))),
        Field("lag", "Lag", "number", aliases=("delay", "lag days"), help="Working days."),
        Field("note", "Because", aliases=("note", "reason"), max_length=300),
    ),
    write=write,
    help="One row for each thing that waits. Rows that would close a circle are rejected, and say which.",
    order=70,
    give_back=give_back,
)  # fmt: skip
EXTERNALS = ImportTarget(
    name="externals",
    label="Promises from outside",
    kind="external",
    fields=(
        ID,
        Field("title", "Promise", aliases=("title", "name", "what"), required=True, max_length=300),
        Field("promised_by", "Promised by", aliases=("vendor", "supplier", "who"), required=True, max_length=120),
        Field("earliest", "Promised from", "date", aliases=("earliest", "from"), required=True),
        Field("latest", "Promised until", "date", aliases=("latest", "until", "due"), required=True),
        Field("contact", "Contact", max_length=200),
        Field("owner", "Owner", help="The e-mail address or name of a member."),
        Field("delivered_date", "Delivered on", "date", aliases=("delivered",)),
        Field("description", "Notes", "long_text", aliases=("description",), max_length=20_000),
        TAGS,
    ),
    write=write_externals,
    help="One row for each thing that somebody outside owes.",
    order=65,
)  # fmt: skip


def _columns(asked: Asked) -> Sequence[Column]:
    return [Column(header, 40 if "title" in header or header == "Because" else 16) for header in HEADERS]


def _rows(asked: Asked, wanted: Sequence[Column]) -> Iterator[Cells]:
    found = selectors.filter_dependencies(workspace_id=asked.workspace_id, filters={})
    if asked.product_id is not None:
        found = found.filter(feature__product_id=asked.product_id)
    stream = found.order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(stream, CHUNK)):
        for one in chunk:
            on: Record | None = one.on if one.on is not None else one.external
            feature: Feature = one.feature
            yield [
                feature.key,
                feature.title,
                on.key if on else "",
                on.title if on else "",
                Tie(one.tie).label,
                one.lag,
                one.note,
            ]


DEPENDENCY_SOURCE = ExportSource(name="dependencies", label="Dependencies", columns=_columns, rows=_rows)
