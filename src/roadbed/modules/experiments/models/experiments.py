"""An experiment: what is believed, how it is to be found out, and how far it has come."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from roadbed.core.records.models import Record, RecordManager
from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments.models.environments import Environment
from roadbed.modules.experiments.models.flags import Flag
from roadbed.modules.experiments.models.groups import Holdout
from roadbed.modules.experiments.models.metrics import Metric, MetricVersion
from roadbed.modules.experiments.models.sources import ExposureSource


class ExperimentState(models.TextChoices):
    """How far it has come. What is being measured changes only in a draft."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    STOPPED = "stopped", "Stopped"
    DECIDED = "decided", "Decided"


class Randomised(models.TextChoices):
    """What is dealt out to the variants."""

    UNIT = "unit", "Each unit"
    CLUSTER = "cluster", "Whole accounts"
    PERIODS = "periods", "Whole periods, switched back and forth"


class LookPlan(models.TextChoices):
    """When the result may be looked at."""

    SEQUENTIAL = "sequential", "Any time (always-valid)"
    FIXED = "fixed", "Once, at a planned size"
    BAYESIAN = "bayesian", "Any time, as a belief (Bayesian)"


class PriorKind(models.TextChoices):
    """What is believed of an effect beforehand."""

    FLAT = "flat", "Nothing: the data speak alone"
    WRITTEN = "written", "What we write down"
    LEARNED = "learned", "What past experiments teach"


class CorrectionRule(models.TextChoices):
    """How p-values hold for many metrics and variants together."""

    PREFERENTIAL = "preferential", "The primary keeps its power"
    HOLM = "holm", "Holm"
    HOCHBERG = "benjamini-hochberg", "Benjamini-Hochberg"
    NONE = "none", "None"


class MetricRole(models.TextChoices):
    """What a metric is there for."""

    PRIMARY = "primary", "Primary"
    SECONDARY = "secondary", "Secondary"
    GUARDRAIL = "guardrail", "Guardrail"


class Experiment(Record):
    """A test of a hypothesis on real units."""

    record = models.OneToOneField(
        Record, parent_link=True, primary_key=True, on_delete=models.CASCADE, related_name="experiment"
    )
    state = models.CharField(
        max_length=7, choices=ExperimentState, default=ExperimentState.DRAFT, editable=False
    )
    hypothesis = models.TextField(
        blank=True, default="", max_length=20_000, help_text="What changes for whom, by how much, and why."
    )
    owner = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    split_flag = models.ForeignKey(Flag, null=True, blank=True, on_delete=models.RESTRICT, related_name="+")
    environment = models.ForeignKey(
        Environment, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    holdout = models.ForeignKey(
        Holdout,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="The holdout that this measures: everything that was shipped, against nothing of it.",
    )
    source = models.ForeignKey(
        ExposureSource,
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="+",
        help_text="Where it is written who saw which variant.",
    )
    exposure_key = models.CharField(
        "its name in the source",
        max_length=128,
        blank=True,
        default="",
        help_text="What the source's column of experiments holds; empty: the key of the flag, or of the experiment.",
    )
    randomised = models.CharField(max_length=7, choices=Randomised, default=Randomised.UNIT)
    cluster = models.CharField(
        max_length=120, blank=True, default="", help_text="The column that names the account, or the place."
    )
    period_hours = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(24 * 28)], help_text="How long a period is; 0 where none is."
    )
    washout_minutes = models.PositiveIntegerField(
        default=0, help_text="What is left out of each period's beginning, while the one before still works."
    )
    strata = models.CharField(
        max_length=120,
        blank=True,
        default="",
        help_text="A column, fixed before exposure, to post-stratify by.",
    )
    dimensions = models.JSONField(default=list, blank=True)
    control = models.CharField(max_length=128, blank=True, default="")
    shares = models.JSONField(
        default=dict, blank=True, help_text="The weight of each variant, control among them."
    )
    plan = models.CharField(max_length=10, choices=LookPlan, default=LookPlan.SEQUENTIAL)
    alpha = models.FloatField(default=0.05, validators=[MinValueValidator(1e-6), MaxValueValidator(0.5)])
    power = models.FloatField(default=0.8, validators=[MinValueValidator(0.5), MaxValueValidator(0.999)])
    minimum_effect = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.0), MaxValueValidator(10.0)],
        help_text="The smallest lift of the primary metric that matters, as a share of control.",
    )
    planned_units = models.PositiveBigIntegerField(default=0, validators=[MaxValueValidator(10**12)])
    minimum_days = models.PositiveSmallIntegerField(default=7, validators=[MaxValueValidator(365)])
    correction = models.CharField(max_length=18, choices=CorrectionRule, default=CorrectionRule.PREFERENTIAL)
    prior = models.CharField(max_length=7, choices=PriorKind, default=PriorKind.FLAT)
    prior_mean = models.FloatField(default=0.0, validators=[MinValueValidator(-10), MaxValueValidator(10)])
    prior_deviation = models.FloatField(
        default=0.05, validators=[MinValueValidator(1e-6), MaxValueValidator(10)]
    )
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    stopped_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[RecordManager[Any]] = RecordManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="experiment_state_known", condition=Q(state__in=ExperimentState.values)
            ),
            models.CheckConstraint(name="experiment_plan_known", condition=Q(plan__in=LookPlan.values)),
            models.CheckConstraint(
                name="experiment_stops_after_start",
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gt=F("started_at")),
                violation_error_message="An experiment cannot stop before it starts.",
            ),
            models.CheckConstraint(
                name="experiment_runs_once_started",
                condition=Q(state="draft", started_at__isnull=True)
                | (~Q(state="draft") & Q(started_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["state", "started_at"], name="experiment_by_state")]

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.state == ExperimentState.DRAFT

    @property
    def is_running(self) -> bool:
        """Whether units are being dealt out."""
        return self.state == ExperimentState.RUNNING

    @property
    def treatments(self) -> list[str]:
        """The variants beside control, in their order."""
        return [name for name in self.shares if name != self.control]

    @property
    def variants(self) -> list[str]:
        """All variants, control first."""
        return [*([self.control] if self.control in self.shares else []), *self.treatments]

    def clean(self) -> None:
        """Refuse what is from elsewhere, and shares that are none."""
        super().clean()
        for name in ("owner", "product", "split_flag", "environment", "holdout", "source"):
            related = getattr(self, name)
            if related is not None and related.workspace_id != self.workspace_id:
                raise ValidationError({name: "There is no such choice in this workspace."})
        _check_shares(self.shares)
        if not isinstance(self.dimensions, list) or not all(isinstance(one, str) for one in self.dimensions):
            raise ValidationError({"dimensions": "A list of columns."})
        if self.randomised == Randomised.CLUSTER and not self.cluster:
            raise ValidationError({"cluster": "Which column names the account?"})
        if self.randomised == Randomised.PERIODS:
            _check_periods(self)


def _check_periods(experiment: Experiment) -> None:
    if not experiment.period_hours:
        raise ValidationError({"period_hours": "How many hours is a period?"})
    if experiment.washout_minutes >= 60 * experiment.period_hours:
        raise ValidationError({"washout_minutes": "That leaves nothing of a period."})
    if experiment.strata:
        raise ValidationError(
            {"strata": "A switchback holds place and time of day fixed already; it takes no strata."}
        )


def _check_shares(shares: object) -> None:
    if not isinstance(shares, dict) or len(shares) > 30:
        raise ValidationError({"shares": "At most thirty variants, each with a weight."})
    for name, share in shares.items():
        if not isinstance(name, str) or not name.strip() or len(name) > 128:
            raise ValidationError({"shares": "Every variant has a name of at most 128 characters."})
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1e9:
            raise ValidationError({"shares": f"The weight of {name} is a number above 0."})


class ExperimentMetric(models.Model):
    """A metric of an experiment. Its definition is pinned, by version, when the experiment starts."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="metrics")
    metric = models.ForeignKey(Metric, on_delete=models.RESTRICT, related_name="uses")
    pinned = models.ForeignKey(
        MetricVersion, null=True, blank=True, on_delete=models.RESTRICT, related_name="+"
    )
    role = models.CharField(max_length=9, choices=MetricRole, default=MetricRole.SECONDARY)
    margin = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(10.0)],
        help_text="The harm that would still be borne, as a share of control.",
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint("experiment", "metric", name="experiment_metric_once"),
            models.UniqueConstraint(
                "experiment", name="experiment_primary_once", condition=Q(role="primary")
            ),
            models.CheckConstraint(
                name="experiment_metric_role_known", condition=Q(role__in=MetricRole.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric_id} in {self.experiment_id}"
