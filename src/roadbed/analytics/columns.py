"""The value columns of a unit table: which there are, and what the metrics make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import ibis
import ibis.expr.types as ir

from roadbed.analytics.asking import MetricSpec, Question, Winsorise
from roadbed_engines.stats.estimates import Quantity
from roadbed_engines.stats.readout import Kind, Metric

VARIANT, UNIT, CLUSTER = "variant", "unit", "cluster"


@dataclass(slots=True)
class Columns:
    """Value columns under construction, each made once.

    `made` are by (column, how the rows of a unit are put together); `steps` by the columns of a funnel so far; `cut` by
    (value column, winsorising).
    """

    is_grouped: bool
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    steps: dict[tuple[str, ...], str] = field(default_factory=dict)
    cut: dict[tuple[str, Winsorise], str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def value(self, column: str, how: str) -> str:
        """Return the value column of a column."""
        key = (column, how if self.is_grouped else "")
        if key not in self.made:
            self.made[key] = f"v{len(self.made)}"
            self.labels[self.made[key]] = column
        return self.made[key]

    def step(self, steps: tuple[str, ...]) -> str:
        """Return the column of a funnel's step, given the value columns up to it."""
        if len(steps) == 1:
            return steps[0]
        if steps not in self.steps:
            self.steps[steps] = f"f{len(self.steps)}"
            self.labels[self.steps[steps]] = self.labels[steps[-1]]
        return self.steps[steps]

    def clipped(self, column: str, winsorise: Winsorise | None) -> str:
        """Return the winsorised column of a value column."""
        if winsorise is None:
            return column
        if (column, winsorise) not in self.cut:
            self.cut[column, winsorise] = f"w{len(self.cut)}"
            self.labels[self.cut[column, winsorise]] = self.labels[column]
        return self.cut[column, winsorise]


def engine_metrics(question: Question, columns: Columns) -> tuple[Metric, ...]:
    """Return the metrics over value columns, making those as it goes."""
    return tuple(_metric(spec, columns) for spec in question.metrics)


def _metric(spec: MetricSpec, columns: Columns) -> Metric:
    if spec.kind is Kind.QUANTILE:
        own: tuple[str, ...] = ()
    elif spec.kind is Kind.FUNNEL:
        values = tuple(columns.value(name, "max") for name in spec.columns)
        own = tuple(columns.step(values[: at + 1]) for at in range(len(values)))
    else:
        how = "max" if spec.is_yes_no else "sum"
        own = tuple(
            columns.clipped(columns.value(name, how), None if spec.is_yes_no else spec.winsorise)
            for name in spec.columns
        )
    # Covariates explain a quantile by no closed form, and trials of a unit are no units.
    takes_covariates = spec.kind is not Kind.QUANTILE and not spec.is_count_of_trials
    return Metric(
        name=spec.name,
        kind=spec.kind,
        columns=own,
        covariates=tuple(
            Quantity(*(columns.value(name, "sum" if len(one) > 1 else "mean") for name in one))
            for one in spec.covariates
            if takes_covariates
        ),
        role=spec.role,
        wanted=spec.wanted,
        margin=spec.margin,
        matters=spec.matters,
        level=spec.level,
    )


def winsorised(
    table: ir.Table, question: Question, columns: Columns
) -> tuple[ir.Table, dict[str, tuple[float | None, float | None]]]:
    """Add the winsorised columns, and return where each was cut, by its label.

    The limits are the quantiles over all variants together: limits of each variant's own would hide a difference.
    """
    if not columns.cut:
        return table, {}
    asked: dict[str, ir.Value] = {}
    for at, (name, how) in enumerate(columns.cut):
        column = table[name].cast("float64")
        counted = column != 0 if how.ignore_zeros else column.notnull()
        if how.lower > 0:
            asked[f"low{at}"] = column.quantile(how.lower, where=counted)
        if how.upper < 1:
            asked[f"high{at}"] = column.quantile(how.upper, where=counted)
    found = table.aggregate(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    limits: dict[str, tuple[float | None, float | None]] = {}
    made = {}
    for at, ((name, how), short) in enumerate(columns.cut.items()):
        low, high = found.get(f"low{at}"), found.get(f"high{at}")
        column = table[name].cast("float64")
        kept = column
        if low is not None:
            kept = ibis.greatest(kept, ibis.literal(float(low)))
        if high is not None:
            kept = ibis.least(kept, ibis.literal(float(high)))
        if how.ignore_zeros:
            kept = ibis.ifelse(column == 0, column, kept)
        # `least` and `greatest` skip what is missing, and would make a limit of it.
        made[short] = ibis.ifelse(column.isnull(), ibis.null("float64"), kept)
        limits[columns.labels[name]] = (low, high)
    return table.mutate(**made), limits


def clustered(
    table: ir.Table, metrics: Sequence[Metric], kept: Sequence[str]
) -> tuple[ir.Table, tuple[Metric, ...]]:
    """Sum up units by the cluster that was randomised; every mean becomes a ratio of sums.

    Clusters vary, not the units in them: the delta method over clusters holds the likeness inside them.
    """
    made: dict[str, ir.Value] = {}
    found = []
    for at, metric in enumerate(metrics):
        if not metric.columns:
            found.append(metric)
            continue
        own = metric.quantity.columns
        held = table[own[0]].notnull()
        for name in own[1:]:
            held = held & table[name].notnull()
        names = [f"m{at}_{place}" for place in range(len(own))]
        made |= {
            short: table[name].cast("float64").sum(where=held).fill_null(0.0)
            for short, name in zip(names, own, strict=True)
        }
        if len(own) == 1:
            names.append(f"m{at}_n")
            made[names[1]] = held.sum().cast("float64")
        covariates = []
        for place, one in enumerate(metric.covariates):
            short = f"m{at}_x{place}"
            known = held & table[one.numerator].notnull()
            made[short] = table[one.numerator].cast("float64").sum(where=known).fill_null(0.0)
            below = table[one.denominator].sum(where=known) if one.denominator else known.sum()
            made[f"{short}_n"] = below.cast("float64").fill_null(0.0)
            covariates.append(Quantity(short, f"{short}_n"))
        found.append(replace(metric, kind=Kind.RATIO, columns=tuple(names), covariates=tuple(covariates)))
    grouped = table.group_by(CLUSTER).aggregate(
        **{VARIANT: table[VARIANT].min(), "seen_in": table[VARIANT].nunique()},
        **{name: table[name].min() for name in kept},
        **made,
    )
    return grouped, tuple(found)
