"""Quantile metrics: the data's quantiles where they lie, and the engine's closed form for their error."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from roadbed.analytics.columns import CLUSTER, UNIT, VARIANT
from roadbed.analytics.units import UnitTable
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats import quantiles
from roadbed_engines.stats.estimates import Estimate
from roadbed_engines.stats.moments import Moments


def samples(
    units: UnitTable, variants: Sequence[str]
) -> tuple[dict[str, dict[str, Estimate]], dict[str, str]]:
    """Estimate every quantile metric in every variant; what cannot be told is in the second mapping, with the reason.

    Where units bring several values, or belong to clusters, the error is that of units, or of clusters.
    """
    found: dict[str, dict[str, Estimate]] = {}
    refused: dict[str, str] = {}
    owner = next((name for name in (CLUSTER, UNIT) if name in units.rows.columns), "")
    if owner == UNIT and not units.counts.repeated:
        owner = ""
    for metric, column in units.quantiles:
        rows = units.rows.mutate(**{column: units.rows[column].cast("float64")})
        rows = rows.filter(rows[column].notnull(), ~rows[column].isnan())
        try:
            found[metric.name] = {
                name: _estimate(rows.filter(rows[VARIANT] == name), column, metric.level, owner)
                for name in variants
            }
        except NotEnoughDataError as error:
            refused[metric.name] = str(error)
    return found, refused


def _estimate(rows: ir.Table, column: str, level: float, owner: str) -> Estimate:
    values = int(rows.count().to_pyarrow().as_py())
    quantiles.levels(level=level, values=values)
    middle = float(rows[column].quantile(level).to_pyarrow().as_py())
    count, inflation = values, 1.0
    if owner:
        clusters = _clusters(rows, column, middle, owner)
        count = clusters.count
        inflation = quantiles.inflation_of(clusters=clusters, below="below", values="values", level=level)
    at = quantiles.levels(level=level, values=values, inflation=inflation)
    outer = rows.aggregate(low=rows[column].quantile(at.low), high=rows[column].quantile(at.high))
    ends = outer.to_pyarrow().to_pylist()[0]
    return quantiles.quantile(
        low=float(ends["low"]),
        value=middle,
        high=float(ends["high"]),
        units=count,
        confidence=at.confidence,
    )


def _clusters(rows: ir.Table, column: str, middle: float, owner: str) -> Moments:
    each = rows.group_by(owner).aggregate(
        below=(rows[column] <= ibis.literal(middle, type="float64")).sum().cast("float64"),
        values=rows.count().cast("float64"),
    )
    asked = {"units": each.count()}
    asked |= {f"s_{name}": each[name].sum() for name in ("below", "values")}
    pairs = (("below", "below"), ("below", "values"), ("values", "values"))
    asked |= {f"p_{one}_{two}": (each[one] * each[two]).sum() for one, two in pairs}
    row = each.aggregate(**asked).to_pyarrow().to_pylist()[0]
    return Moments.of_sums(
        names=("below", "values"),
        count=int(row["units"]),
        pivots=[0.0, 0.0],  # counts are whole, so their sums are exact about nought
        sums=[row["s_below"], row["s_values"]],
        products=[
            [row["p_below_below"], row["p_below_values"]],
            [row["p_below_values"], row["p_values_values"]],
        ],
    )
