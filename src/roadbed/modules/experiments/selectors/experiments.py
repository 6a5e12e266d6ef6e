"""Finding experiments, their readouts and their decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, Subquery

from roadbed.core.accounts import keys
from roadbed.core.records.models import Record, RecordQuerySet, Relation
from roadbed.modules.experiments.models import (
    Experiment,
    ExperimentDecision,
    ExperimentMetric,
    ExperimentState,
    MetricRole,
    Readout,
    ReportShare,
)

LIGHT = ("number", "verdict", "variant", "is_trusted", "units", "days_left", "at", "summary")
"""What lists need of a readout: not its document."""


def experiment_body(experiment: Experiment) -> str:
    """Return the words that search finds an experiment by: its hypothesis and what was learned."""
    decision = ExperimentDecision.objects.filter(experiment=experiment).first()
    return f"{experiment.hypothesis} {decision.learned if decision else ''}"


def describe_experiment(experiment: Experiment) -> Mapping[str, str]:
    """Return what pages of other modules show of an experiment."""
    return {"State": experiment.get_state_display()}


def access_experiment(*, workspace_id: int, key: str) -> Experiment:
    """Return an experiment with what its page shows, or raise `Experiment.DoesNotExist`, for strangers too."""
    rows: RecordQuerySet[Experiment] = Experiment.objects.in_workspace(workspace_id)
    rows = rows.select_related(
        "owner__user", "product", "split_flag", "environment", "holdout", "source", "decision", "workspace",
        "past_result",
    )  # fmt: skip
    return rows.by_key(key).get()


def metrics_of(experiment: Experiment) -> list[ExperimentMetric]:
    """Return the metrics of an experiment in their order, with the definitions that they are pinned to."""
    return list(experiment.metrics.select_related("metric", "pinned"))


def source_key_of(experiment: Experiment) -> str:
    """Return what the exposure source calls an experiment: its own name there, its flag's key, or its key."""
    if experiment.exposure_key:
        return experiment.exposure_key
    return experiment.split_flag.flag_key if experiment.split_flag is not None else experiment.key


def targets_of(experiment: Experiment, *, circles: Collection[int] = ()) -> list[Record]:
    """Return the needs and features that an experiment tests, as far as a reader of these circles may see them."""
    rows = Record.objects.in_workspace(experiment.workspace_id, circles=circles)
    rows = rows.filter(links_in__source_id=experiment.pk, links_in__relation=Relation.TESTS)
    return list(rows.order_by("links_in__id"))


def latest_readout(experiment: Experiment) -> Readout | None:
    """Return the newest readout that has an answer; where none has, the newest of all."""
    rows = Readout.objects.filter(experiment=experiment)
    return rows.filter(problem="").first() or rows.first()


def newest_attempt(experiment: Experiment) -> Readout | None:
    """Return the newest readout, answered or not."""
    return Readout.objects.filter(experiment=experiment).first()


def access_readout(*, experiment: Experiment, number: int) -> Readout:
    """Return one readout of an experiment, or raise `Readout.DoesNotExist`."""
    return Readout.objects.get(experiment=experiment, number=number)


def readouts_of(experiment: Experiment, *, most: int = 200) -> Sequence[Readout]:
    """Return the readouts of an experiment, the newest first, without their documents."""
    return list(Readout.objects.filter(experiment=experiment).defer("document", "inputs")[:most])


def filter_experiments(*, workspace_id: int, filters: Mapping[str, Any]) -> RecordQuerySet[Any]:
    """Return the experiments that pass the filters of the list, each with its verdict and its primary metric."""
    rows: RecordQuerySet[Any] = Experiment.objects.in_workspace(workspace_id)
    rows = rows.select_related("owner__user", "decision", "past_result")
    if text := filters.get("q"):
        rows = rows.filter(
            Q(title__icontains=text) | Q(hypothesis__icontains=text) | Q(decision__learned__icontains=text)
        )
    for name in ("state", "plan"):
        if chosen := filters.get(name):
            rows = rows.filter(**{f"{name}__in": chosen})
    if decided := filters.get("decided"):
        rows = rows.filter(decision__decided__in=decided)
    if (against := filters.get("against")) is not None:
        rows = rows.filter(decision__differs=against)
    if owner := filters.get("owner"):
        rows = rows.filter(owner_id=owner)
    if metric := filters.get("metric"):
        rows = rows.filter(Exists(ExperimentMetric.objects.filter(experiment=OuterRef("pk"), metric=metric)))
    archived = filters.get("archived")
    if archived is not None:
        rows = rows.filter(archived_at__isnull=not archived)
    latest = Readout.objects.filter(experiment=OuterRef("pk"), problem="").order_by("-number")
    primary = ExperimentMetric.objects.filter(role=MetricRole.PRIMARY).select_related("metric", "pinned")
    found: RecordQuerySet[Any] = rows.annotate(
        **{f"read_{name}": Subquery(latest.values(name)[:1]) for name in LIGHT}
    ).prefetch_related(Prefetch("metrics", queryset=primary, to_attr="primaries"))
    return found


def running(*, workspace_id: int | None = None) -> list[Experiment]:
    """Return the experiments that run, in one workspace or in all."""
    rows = Experiment.objects.filter(
        state=ExperimentState.RUNNING, deleted_at__isnull=True, workspace__closed_at__isnull=True
    )
    if workspace_id is not None:
        rows = rows.filter(workspace_id=workspace_id)
    return list(rows.order_by("pk"))


def beside(experiment: Experiment, *, as_of: datetime) -> list[Experiment]:
    """Return the experiments that read the same exposure source and ran while this one did."""
    if experiment.source_id is None or experiment.started_at is None:
        return []
    end = experiment.stopped_at or as_of
    rows: RecordQuerySet[Experiment] = Experiment.objects.in_workspace(experiment.workspace_id)
    if experiment.holdout_id is not None:
        return []  # it is dealt out above all others, so that they cannot meet
    rows = rows.exclude(pk=experiment.pk).filter(holdout__isnull=True)
    rows = rows.filter(source_id=experiment.source_id, started_at__lt=end)
    rows = rows.filter(Q(stopped_at__isnull=True) | Q(stopped_at__gt=experiment.started_at))
    return list(rows.select_related("split_flag").order_by("-started_at")[:4])


def report_shares_of(experiment: Experiment) -> list[ReportShare]:
    """Return the links to the report of an experiment."""
    return list(ReportShare.objects.filter(experiment=experiment).select_related("created_by"))


def access_report_share(*, experiment: Experiment, share_id: int) -> ReportShare:
    """Return a link to the report, or raise `ReportShare.DoesNotExist`."""
    return ReportShare.objects.select_related("experiment").get(experiment=experiment, pk=share_id)


def find_report_share(*, token: str, at: datetime) -> ReportShare | None:
    """Return the open link with a secret; None where there is none, or it was ended."""
    rows = ReportShare.objects.select_related("experiment__workspace", "experiment__decision")
    rows = rows.filter(experiment__deleted_at__isnull=True, experiment__workspace__closed_at__isnull=True)
    found = rows.filter(token_hash=keys.digest(token)).first()
    return found if found is not None and found.is_open(at) else None
