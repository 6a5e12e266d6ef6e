"""What the API of experiments takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from roadbed.modules.experiments.models import (
    CorrectionRule,
    Decided,
    Desired,
    Experiment,
    ExperimentDecision,
    ExperimentState,
    LookPlan,
    MetricRole,
    PriorKind,
    Randomised,
    Readout,
)

KEY = r"^[A-Za-z]{1,6}-[0-9]{1,9}$"


class ExperimentMetricIn(Schema):
    """A metric, what it is there for, and the harm that would still be borne."""

    metric: str = Field(pattern=KEY, description="The metric's key, such as M-3.")
    role: MetricRole = MetricRole.SECONDARY
    margin: float = Field(0.0, ge=0, le=10, description="As a share of control: 0.02 for 2%.")


class ExperimentMetricOut(Schema):
    """A metric of an experiment; once it has started, with the version of its definition."""

    metric: str
    title: str
    role: MetricRole
    margin: float
    version: int | None


class ExperimentSettings(Schema):
    """What may be written of an experiment. All but title and owner is fixed once it starts."""

    title: str | None = Field(None, min_length=1, max_length=300)
    hypothesis: str | None = Field(None, max_length=20_000)
    owner: str | None = Field(None, max_length=254, description="The address of a member.")
    tests: list[str] | None = Field(None, max_length=20, description="Keys of needs and features.")
    flag: str | None = Field(None, max_length=128, description="The key that code asks for; empty for none.")
    environment: str | None = Field(None, max_length=40)
    holdout: str | None = Field(None, max_length=80)
    source: str | None = Field(None, max_length=40, description="The key of an exposure source.")
    exposure_key: str | None = Field(None, max_length=128)
    randomised: Randomised | None = None
    cluster: str | None = Field(
        None, max_length=120, description="The column of the account, or of the place."
    )
    period_hours: int | None = Field(None, ge=0, le=672, description="With `periods`: how long each is.")
    washout_minutes: int | None = Field(None, ge=0, le=40_320)
    strata: str | None = Field(None, max_length=120, description="A column to post-stratify by.")
    dimensions: list[str] | None = Field(None, max_length=10)
    control: str | None = Field(None, max_length=128)
    shares: dict[str, float] | None = Field(
        None, description="The weight of each variant, control among them."
    )
    plan: LookPlan | None = None
    alpha: float | None = Field(None, ge=1e-6, le=0.5)
    power: float | None = Field(None, ge=0.5, le=0.999)
    minimum_effect: float | None = Field(None, ge=0, le=10)
    planned_units: int | None = Field(None, ge=0, le=10**12)
    minimum_days: int | None = Field(None, ge=0, le=365)
    correction: CorrectionRule | None = None
    prior: PriorKind | None = None
    prior_mean: float | None = Field(None, ge=-10, le=10)
    prior_deviation: float | None = Field(None, ge=1e-6, le=10)
    metrics: list[ExperimentMetricIn] | None = Field(None, max_length=40)


class ExperimentIn(ExperimentSettings):
    """A new experiment."""

    title: str = Field(min_length=1, max_length=300)


class ExperimentDecisionOut(Schema):
    """What was decided, with what was recommended beside it."""

    decided: Decided
    variant: str
    why: str
    learned: str
    recommended: str
    recommended_variant: str
    reasons: list[str]
    differs: bool
    at: datetime
    by: str

    @staticmethod
    def resolve_by(decision: ExperimentDecision) -> str:
        """Who decided."""
        return decision.by_name


class ExperimentDecisionIn(Schema):
    """A decision."""

    decided: Decided
    variant: str = Field("", max_length=128)
    why: str = Field("", max_length=20_000)
    learned: str = Field("", max_length=20_000)


class PastResultOut(Schema):
    """What an experiment showed that ran elsewhere; its 95% interval."""

    metric: str
    desired: Desired
    lift: float
    error: float
    low: float
    high: float


class ReadoutShortOut(Schema):
    """A readout without its figures."""

    number: int
    at: datetime
    as_of: datetime
    verdict: str
    variant: str
    trusted: bool
    units: int
    days_left: int | None
    problem: str
    digest: str

    @staticmethod
    def resolve_trusted(readout: Readout) -> bool:
        """Whether the split is sound."""
        return readout.is_trusted


class ReadoutOut(ReadoutShortOut):
    """A readout with everything that it rests on and says."""

    inputs: dict[str, Any]
    document: dict[str, Any] = Field(description="As `roadbed experiment analyse --json` prints it.")


class ExperimentShortOut(Schema):
    """An experiment in a list."""

    key: str
    title: str
    state: ExperimentState
    plan: LookPlan
    started_at: datetime | None
    stopped_at: datetime | None
    verdict: str | None = None
    variant: str | None = None
    trusted: bool | None = None
    days_left: int | None = None
    decided: str | None = None
    imported: bool = False

    @staticmethod
    def resolve_imported(experiment: Any) -> bool:
        """Whether it ran elsewhere and was brought in."""
        return getattr(experiment, "past_result", None) is not None

    @staticmethod
    def resolve_verdict(experiment: Any) -> str | None:
        """What the newest readout recommends."""
        return experiment.read_verdict or None

    @staticmethod
    def resolve_variant(experiment: Any) -> str | None:
        """Of which variant."""
        return experiment.read_variant or None

    @staticmethod
    def resolve_trusted(experiment: Any) -> bool | None:
        """Whether the split is sound."""
        found: bool | None = experiment.read_is_trusted
        return found

    @staticmethod
    def resolve_days_left(experiment: Any) -> int | None:
        """How long it still takes."""
        found: int | None = experiment.read_days_left
        return found

    @staticmethod
    def resolve_decided(experiment: Any) -> str | None:
        """What was decided."""
        decision = getattr(experiment, "decision", None)
        return str(decision) if decision else None


class ExperimentOut(Schema):
    """An experiment."""

    key: str
    title: str
    state: ExperimentState
    hypothesis: str
    owner: str | None
    tests: list[str]
    flag: str | None
    environment: str | None
    holdout: str | None
    source: str | None
    exposure_key: str
    randomised: Randomised
    cluster: str
    period_hours: int
    washout_minutes: int
    strata: str
    dimensions: list[str]
    control: str
    shares: dict[str, float]
    plan: LookPlan
    alpha: float
    power: float
    minimum_effect: float
    planned_units: int
    minimum_days: int
    correction: CorrectionRule
    prior: PriorKind
    prior_mean: float
    prior_deviation: float
    metrics: list[ExperimentMetricOut]
    started_at: datetime | None
    stopped_at: datetime | None
    readout: ReadoutShortOut | None
    decision: ExperimentDecisionOut | None
    past_result: PastResultOut | None
    version: int
    archived: bool


class ObstacleOut(Schema):
    """What is missing or would go wrong, where; only what stops it keeps it from being started."""

    place: str
    sentence: str
    stops: bool


class PowerStepOut(Schema):
    """What a duration would find."""

    weeks: int
    units: int
    lift: float


class ExperimentReadinessOut(Schema):
    """Whether it can be answered, how many units that takes, and how long."""

    ready: bool
    obstacles: list[ObstacleOut]
    units: int | None
    days: int | None
    why: str
    steps: list[PowerStepOut]


class ExperimentWhyIn(Schema):
    """Why."""

    why: str = Field("", max_length=1000)


class ReportShareOut(Schema):
    """A link to a report."""

    id: int
    name: str
    has_password: bool
    created_at: datetime
    expires_at: datetime | None
    open: bool


class ReportShareMadeOut(ReportShareOut):
    """A new link, with its address, which is shown once."""

    address: str


class ReportShareIn(Schema):
    """A new link to a report."""

    name: str = Field(min_length=1, max_length=120)
    password: str = Field("", max_length=200)
    expires_at: datetime | None = None


class ReportQuery(Schema):
    """As what."""

    form: Literal["markdown", "pdf", "json"] = "markdown"


def out(
    experiment: Experiment, *, tests: list[str], metrics: list[Any], readout: Readout | None
) -> dict[str, Any]:
    """Return an experiment as the API says it."""
    names = [name for name in ExperimentOut.model_fields if hasattr(experiment, name)]
    found = {name: getattr(experiment, name) for name in names if name not in {"metrics", "readout"}}
    flag, environment, holdout, source = (
        experiment.split_flag, experiment.environment, experiment.holdout, experiment.source,
    )  # fmt: skip
    return {
        **found,
        "owner": experiment.owner.user.email if experiment.owner else None,
        "tests": tests,
        "flag": flag.flag_key if flag else None,
        "environment": environment.key if environment else None,
        "holdout": holdout.key if holdout else None,
        "source": source.key if source else None,
        "metrics": [
            {
                "metric": row.metric.key,
                "title": row.metric.title,
                "role": row.role,
                "margin": row.margin,
                "version": row.pinned.number if row.pinned else None,
            }
            for row in metrics
        ],
        "readout": readout,
        "decision": getattr(experiment, "decision", None),
        "past_result": getattr(experiment, "past_result", None),
        "archived": experiment.archived_at is not None,
    }
