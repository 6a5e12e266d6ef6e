"""Experiments that ran elsewhere, from tables: so that a library begins with what is known already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from roadbed.core.tables.targets import Field, ImportTarget, Outcome, ParsedRow, Run
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.models import Decided, Desired

DECISIONS = {
    Decided.SHIP.value: ("shipped", "rolled out", "launched", "winner", "won", "yes"),
    Decided.ROLL_BACK.value: ("rolled back", "reverted", "loser", "lost"),
    Decided.KEEP.value: ("keep", "kept control", "not shipped", "stopped", "no"),
    Decided.NOTHING.value: ("nothing", "neutral", "flat", "unknown"),
}


def write(run: Run, rows: Sequence[ParsedRow]) -> Outcome:
    """Write a batch. One that is there with the same result stays; with another one it is rejected."""
    outcome = Outcome()
    workspace = Workspace.objects.get(pk=run.workspace_id)
    known: dict[str, Any] = run.memory.setdefault("past", {})
    if not known:
        known |= {
            one.experiment.title.casefold(): one
            for one in selectors.past_imports(workspace_id=run.workspace_id)
        }
    for index, row in enumerate(rows):
        try:
            fields = services.past_fields(row.values)
            there = known.get(fields.title.casefold())
            if there is not None:
                if there.metric == fields.metric and abs(there.lift - fields.lift) < 1e-9:
                    outcome.unchanged += 1
                else:
                    said = f"{there.experiment.key} has this title and another result."
                    outcome.rejects.append((index, said))
                continue
            if run.is_dry:
                outcome.created.setdefault("experiment", []).append(-row.number)
                continue
            made = services.bring_in_past(workspace=workspace, fields=fields, actor=run.actor, at=run.at)
        except ValidationError as error:
            outcome.rejects.append((index, " ".join(error.messages)[:300]))
            continue
        known[fields.title.casefold()] = made.past_result
        outcome.created.setdefault("experiment", []).append(made.pk)
    return outcome


PAST = ImportTarget(
    name="past-experiments",
    label="Past experiments",
    kind="experiment",
    write=write,
    order=95,
    help="What was tested before, winners and losers: what shipping adds is told from all of them.",
    fields=(
        Field("title", "Title", aliases=("name", "experiment"), required=True, max_length=300),
        Field("started_on", "Started", "date", aliases=("start", "start date", "from", "begin")),
        Field("ended_on", "Ended", "date", aliases=("end", "end date", "stopped", "to", "date"), required=True),
        Field("metric", "Primary metric", aliases=("metric", "goal", "kpi"), required=True, max_length=200),
        Field(
            "desired", "Desired", "choice",
            choices={Desired.UP.value: ("higher", "increase"), Desired.DOWN.value: ("lower", "decrease")},
        ),
        Field(
            "lift", "Lift", aliases=("effect", "relative lift", "uplift"), max_length=40,
            help="Over control: 3.2% or 0.032. Left out, it is the middle of the interval.",
        ),
        Field("low", "Low", aliases=("ci low", "lower", "ci lower"), max_length=40),
        Field("high", "High", aliases=("ci high", "upper", "ci upper"), max_length=40),
        Field("confidence", "Confidence", max_length=40, help="Of the interval; 95% where nothing is said."),
        Field(
            "error", "Standard error", aliases=("se", "std error", "standard error"), max_length=40,
            help="Of the lift; or give the interval.",
        ),
        Field("decided", "Decision", "choice", aliases=("decided", "outcome"), choices=DECISIONS),
        Field("variant", "Variant", max_length=128, help="Which was shipped, or was tried."),
        Field("hypothesis", "Hypothesis", "long_text", max_length=20_000),
        Field("why", "Why", "long_text", aliases=("reason",), max_length=20_000),
        Field(
            "learned", "Learned", "long_text",
            aliases=("learning", "learnings", "lesson", "lessons", "what we learned"), max_length=20_000,
        ),
    ),
    needs_one_of=("lift", "low"),
    identity=lambda row: str(row.values["title"]).casefold(),
)  # fmt: skip
