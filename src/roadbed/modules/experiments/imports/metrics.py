"""Metrics from tables and to tables: with their definitions as JSON, so that a workspace can hand them to another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from roadbed.core.tables.sources import Asked, ExportSource
from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.tables.writing import Cells, Column
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Desired, Metric, MetricKind, MetricVersion

HEADERS = ("Key", "Title", "Kind", "Definition", "Desired", "Margin", "Matters", "Guardrail", "Description")
CHUNK = 500


def _known(run: Run) -> dict[str, tuple[Metric, MetricVersion]]:
    if "metrics" not in run.memory:
        rows = list(Metric.objects.in_workspace(run.workspace_id))
        versions = selectors.current_versions(rows)
        run.memory["metrics"] = {each.title.casefold(): (each, versions[each.pk]) for each in rows}
    found: dict[str, tuple[Metric, MetricVersion]] = run.memory["metrics"]
    return found


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch of metrics. One whose title is taken stays as it is: other words are rejected, not taken over."""
    outcome, known = Outcome(), _known(run)
    workspace = Workspace.objects.get(pk=run.workspace_id)
    services.ensure_sources(workspace=workspace, at=run.at)
    for index, row in enumerate(rows):
        said = row.values
        try:
            definition = json.loads(said["definition"])
            fields = services.MetricFields(
                title=said["title"],
                kind=said["kind"],
                definition=definition,
                desired=said.get("desired", Desired.UP),
                margin=float(said.get("margin", 0.0)),
                matters=float(said.get("matters", 0.0)),
                is_guardrail=bool(said.get("is_guardrail", False)),
                description=said.get("description", ""),
            )
            if (there := known.get(fields.title.casefold())) is not None:
                if there[1].definition == definition and there[1].kind == fields.kind:
                    outcome.unchanged += 1
                else:
                    outcome.rejects.append((index, f"{there[0].key} has this title and another definition."))
                continue
            services.check_metric(workspace_id=run.workspace_id, fields=fields)
            if run.is_dry:
                outcome.created.setdefault("metric", []).append(-row.number)
                continue
            metric = services.create_metric(workspace=workspace, fields=fields, actor=run.actor, at=run.at)
        except (ValueError, ValidationError) as error:
            outcome.rejects.append((index, _words(error)))
            continue
        known[metric.title.casefold()] = (metric, selectors.current_version(metric))
        outcome.created.setdefault("metric", []).append(metric.pk)
    return outcome


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return " ".join(error.messages)[:300]
    return f"The definition is no JSON: {str(error)[:200]}"


METRICS = ImportTarget(
    name="metrics",
    label="Metrics",
    kind="metric",
    write=write,
    order=90,
    fields=(
        Field("title", "Title", aliases=("metric", "name"), required=True, max_length=300),
        Field("kind", "Kind", "choice", required=True, choices=dict.fromkeys(MetricKind.values, ())),
        Field(
            "definition",
            "Definition",
            "long_text",
            required=True,
            max_length=20_000,
            help="As JSON; see the API.",
        ),
        Field("desired", "Desired", "choice", choices={"up": ("higher",), "down": ("lower",)}),
        Field("margin", "Margin", "number", help="As a share of control: 0.02 for 2%."),
        Field("matters", "Matters", "number", help="As a share of control."),
        Field("is_guardrail", "Guardrail", "boolean"),
        Field("description", "Description", "long_text", max_length=20_000),
    ),
    identity=lambda row: str(row.values["title"]).casefold(),
)


def columns(asked: Asked) -> Sequence[Column]:
    """Return the columns of the export."""
    return [Column(header, width=40 if header in {"Title", "Definition"} else 14) for header in HEADERS]


def rows(asked: Asked, columns: Sequence[Column]) -> Iterator[Cells]:
    """Yield the metrics, a batch at a time."""
    found = asked.narrow(Metric.objects.in_workspace(asked.workspace_id))
    batch: list[Metric] = []
    for metric in found.iterator(chunk_size=CHUNK):
        batch.append(metric)
        if len(batch) >= CHUNK:
            yield from _cells(batch)
            batch = []
    yield from _cells(batch)


def _cells(batch: Sequence[Metric]) -> Iterator[Cells]:
    versions = selectors.current_versions(batch)
    for metric in batch:
        version = versions[metric.pk]
        line: list[Any] = [
            metric.key, metric.title, version.kind, json.dumps(version.definition, sort_keys=True, ensure_ascii=False),
            version.desired, version.margin, version.matters, metric.is_guardrail, metric.description,
        ]  # fmt: skip
        yield line


EXPORT = ExportSource(name="metrics", label="Metrics", columns=columns, rows=rows)
