"""What is asked of a table: who is a unit, which variant it was in, and which metrics count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from roadbed_engines.stats.effects import Direction
from roadbed_engines.stats.readout import Kind, Role


class BadQuestionError(ValueError):
    """The table cannot answer this; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class Winsorise:
    """Quantile levels beyond which values are set to the quantile, pooled over all variants.

    With `ignore_zeros` the quantiles are those of the values that are not nought: where most units spend nothing, the
    99th percentile of all of them may be nought itself.
    """

    lower: float = 0.0
    upper: float = 1.0
    ignore_zeros: bool = False

    def __post_init__(self) -> None:
        """Refuse levels out of order."""
        if not 0 <= self.lower < self.upper <= 1:
            raise BadQuestionError("winsorising takes two levels in order, from 0 to 1, such as 0.01,0.99")


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric over columns of a table.

    `columns` are one column; two for a ratio (numerator, denominator) or for a proportion of counted trials
    (successes, trials); several for a funnel (its steps, in order). `covariates` are columns of the time before
    exposure, or pairs of them for a ratio.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...]
    covariates: tuple[tuple[str, ...], ...] = ()
    role: Role = Role.SECONDARY
    wanted: Direction = Direction.UP
    margin: float = 0.0
    matters: float = 0.0
    level: float = 0.0
    winsorise: Winsorise | None = None

    def __post_init__(self) -> None:
        """Refuse what the kind cannot take."""
        allowed = {
            Kind.RATIO: (2, 2),
            Kind.FUNNEL: (1, 20),
            Kind.PROPORTION: (1, 2),
        }.get(self.kind, (1, 1))
        if not allowed[0] <= len(self.columns) <= allowed[1]:
            wanted = {Kind.RATIO: "two columns, A/B", Kind.FUNNEL: "its steps, A/B/C"}.get(
                self.kind, "one column"
            )
            raise BadQuestionError(f"{self.name}: a {self.kind.value} takes {wanted}")
        if self.kind is Kind.QUANTILE and not 0 < self.level < 1:
            raise BadQuestionError(f"{self.name}: a quantile takes a level between 0 and 1, such as 0.9")

    @property
    def is_count_of_trials(self) -> bool:
        """Whether rows hold counted trials."""
        return self.kind is Kind.PROPORTION and len(self.columns) == 2

    @property
    def is_yes_no(self) -> bool:
        """Whether each unit holds a yes or a no."""
        return self.kind in {Kind.RETENTION, Kind.FUNNEL} or (
            self.kind is Kind.PROPORTION and len(self.columns) == 1
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Without `unit` every row is a unit. `cluster` is what was randomised where that is more than a unit: an account, a
    shop. `shares` are the planned weights of the variants.
    """

    variant: str
    control: str
    metrics: tuple[MetricSpec, ...]
    unit: str = ""
    cluster: str = ""
    dimensions: tuple[str, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, once."""
        found = [self.variant, self.unit, self.cluster, *self.dimensions]
        for metric in self.metrics:
            found += [*metric.columns, *(name for one in metric.covariates for name in one)]
        return tuple(dict.fromkeys(name for name in found if name))
