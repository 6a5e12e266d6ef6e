"""One pass over the units: sums by variant and dimension, of all metrics at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np

from roadbed.analytics.columns import VARIANT
from roadbed.analytics.units import UnitTable
from roadbed_engines.stats.moments import Moments, merge
from roadbed_engines.stats.readout import Metric

MOST_VALUES = 100
"""Values of a dimension that are told apart; where there are more, the smallest are put together."""
OTHERS, MISSING = "(others)", "(missing)"
FAR = 10.0
EXACT = "duckdb"
"""It refuses a whole number that overflows, and returns sums of whole numbers as such; others may do neither."""

Key = tuple[str, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """By (variant, value of a dimension, …): how many units, and the moments of each metric."""

    units: dict[Key, int]
    moments: dict[str, dict[Key, Moments]]


def sums(units: UnitTable, *, by: Sequence[str] = ()) -> Sums:
    """Sum up all metrics by variant and the given dimension columns.

    One pass takes the sums about nought and counts values beside. Nought is a good pivot for a column whose mean lies
    within ten standard deviations of it, as nearly every metric's does. Where the sums themselves show that one lies
    farther off, so that digits were lost, they are taken again about the means: no variance is ever told from sums of
    squares that drown it. Where some value is missing, or is no number, another pass counts each metric over the units
    that have it, with a missing covariate at its mean.
    """
    metrics = [one for one in units.metrics if one.columns]
    names = list(dict.fromkeys(name for one in metrics for name in one.needed))
    pivots = dict.fromkeys(names, 0.0)
    rows = _first_pass(units.table, metrics, names, pivots, by)
    counted: dict[Key, int] = {}
    for row in rows:
        counted[_key(row, by)] = counted.get(_key(row, by), 0) + int(row["units"])
    if not names:
        return Sums(counted, {})
    whole = all(row[f"n_{name}"] == row["units"] for row in rows for name in names)
    if whole and all(_is_finite(row) for row in rows):
        nearer = _means(units.table, rows, names, farther_than=FAR)
        if any(nearer.values()):
            pivots, rows = nearer, _first_pass(units.table, metrics, names, nearer, by)
        return Sums(counted, {one.name: _by_key(rows, one, pivots, by) for one in metrics})
    pivots = _means(units.table, rows, names, farther_than=0.0)
    rows = _careful_pass(units.table, metrics, pivots, by)
    moments = {one.name: _by_key(rows, one, pivots, by, f"m{at}_") for at, one in enumerate(metrics)}
    return Sums(counted, moments)


def _by_key(
    rows: Sequence[Row], metric: Metric, pivots: Mapping[str, float], by: Sequence[str], prefix: str = ""
) -> dict[Key, Moments]:
    parts: dict[Key, list[Moments]] = {}
    for row in rows:
        if row[f"{prefix}units"]:
            parts.setdefault(_key(row, by), []).append(_moments(row, metric, pivots, prefix))
    return {key: merge(some) for key, some in parts.items()}


def _means(
    table: ir.Table, rows: Sequence[Row], names: Sequence[str], *, farther_than: float
) -> dict[str, float]:
    """Return pivots at the means of the columns whose mean lies so many standard deviations from nought, else nought.

    A pivot of whole numbers is whole, so that their sums stay exact.
    """
    found = dict.fromkeys(names, 0.0)
    for name in names:
        count = sum(int(row[f"n_{name}"]) for row in rows)
        total, squares = (
            sum(float(row[key]) for row in rows if row[key] is not None)
            for key in (f"s_{name}", f"p_{name}_{name}")
        )
        if not count or not (math.isfinite(total) and math.isfinite(squares)):
            continue
        mean = total / count
        if squares - count * mean**2 < squares / (1.0 + farther_than**2):
            found[name] = float(round(mean)) if table[name].type().is_integer() else mean
    return found


def _pairs(metrics: Iterable[Metric]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for one in metrics:
        for first, second in combinations_with_replacement(sorted(one.needed), 2):
            found[first, second] = None
    return list(found)


def _first_pass(
    table: ir.Table,
    metrics: Sequence[Metric],
    names: Sequence[str],
    pivots: Mapping[str, float],
    by: Sequence[str],
) -> list[Row]:
    """Make the pass in whole numbers where the columns are whole, and in floating ones where those overflow."""
    if table.get_backend().name != EXACT or not any(table[name].type().is_integer() for name in names):
        return _one_pass(table, metrics, names, pivots, by, is_exact=False)
    try:
        return _one_pass(table, metrics, names, pivots, by, is_exact=True)
    except duckdb.OutOfRangeException:
        return _one_pass(table, metrics, names, pivots, by, is_exact=False)


def _one_pass(
    table: ir.Table,
    metrics: Sequence[Metric],
    names: Sequence[str],
    pivots: Mapping[str, float],
    by: Sequence[str],
    *,
    is_exact: bool,
) -> list[Row]:
    centred = {name: _about(table[name], pivots[name], is_exact=is_exact) for name in names}
    asked: dict[str, ir.Value] = {"units": table.count()}
    asked |= {f"n_{name}": centred[name].count() for name in names}
    asked |= {f"s_{name}": centred[name].sum() for name in names}
    asked |= {f"p_{one}_{two}": (centred[one] * centred[two]).sum() for one, two in _pairs(metrics)}
    return list(table.group_by([VARIANT, *by]).aggregate(**asked).to_pyarrow().to_pylist())


def _about(column: ir.Value, pivot: float, *, is_exact: bool) -> ir.Value:
    """Return the column less its pivot, whole where it is whole."""
    if is_exact and column.type().is_integer() and pivot.is_integer():
        return column - ibis.literal(int(pivot), type=column.type()) if pivot else column
    column = column.cast("float64")
    return column - ibis.literal(pivot, type="float64") if pivot else column


def _careful_pass(
    table: ir.Table, metrics: Sequence[Metric], pivots: Mapping[str, float], by: Sequence[str]
) -> list[Row]:
    columns: dict[str, ir.Value] = {}
    for at, one in enumerate(metrics):
        known = {name: _known(table[name]) for name in one.needed}
        held = known[one.columns[0]].notnull()
        for name in one.columns[1:]:
            held = held & known[name].notnull()
        for name in one.needed:
            apart = known[name] - ibis.literal(pivots[name], type="float64")
            if name not in one.columns:
                apart = apart.fill_null(0.0)
            columns[f"m{at}_{name}"] = ibis.ifelse(held, apart, ibis.null("float64"))
    centred = table.select(VARIANT, *by, **columns)
    asked: dict[str, ir.Value] = {"units": centred.count()}
    for at, one in enumerate(metrics):
        prefix = f"m{at}_"
        asked[f"{prefix}units"] = centred[prefix + one.columns[0]].count()
        asked |= {f"{prefix}s_{name}": centred[prefix + name].sum() for name in one.needed}
        asked |= {
            f"{prefix}p_{first}_{second}": (centred[prefix + first] * centred[prefix + second]).sum()
            for first, second in _pairs([one])
        }
    return list(centred.group_by([VARIANT, *by]).aggregate(**asked).to_pyarrow().to_pylist())


def _known(column: ir.Value) -> ir.Value:
    """Return the column with what is no number as missing."""
    if not column.type().is_floating():
        return column.cast("float64")
    return ibis.ifelse(column.isnan(), ibis.null("float64"), column)


def _key(row: Row, by: Sequence[str]) -> Key:
    return (row[VARIANT], *(MISSING if row[name] is None else row[name] for name in by))


def _is_finite(row: Row) -> bool:
    return all(math.isfinite(value) for name, value in row.items() if name[:2] in {"s_", "p_"})


def _moments(row: Row, metric: Metric, pivots: Mapping[str, float], prefix: str = "") -> Moments:
    names = metric.needed
    products = np.empty((len(names), len(names)))
    for at, first in enumerate(names):
        for place, second in enumerate(names):
            one, two = sorted((first, second))
            products[at, place] = float(row[f"{prefix}p_{one}_{two}"])
    with np.errstate(
        invalid="ignore"
    ):  # an infinite value makes no number of its sums, which the engine refuses
        return Moments.of_sums(
            names=names,
            count=int(row[f"{prefix}units"]),
            pivots=[pivots[name] for name in names],
            sums=[float(row[f"{prefix}s_{name}"]) for name in names],
            products=products,
        )


def together(found: Sums) -> Sums:
    """Add up over everything but the variant."""
    units: dict[Key, int] = {}
    for key, count in found.units.items():
        units[key[:1]] = units.get(key[:1], 0) + count
    moments: dict[str, dict[Key, Moments]] = {}
    for metric, by_key in found.moments.items():
        parts: dict[Key, list[Moments]] = {}
        for key, one in by_key.items():
            parts.setdefault(key[:1], []).append(one)
        moments[metric] = {key: merge(some) for key, some in parts.items()}
    return Sums(units, moments)


def largest(found: Sums) -> Sums:
    """Keep the largest values of the dimension, and put the others together."""
    sizes: dict[str, int] = {}
    for (_, value), count in found.units.items():
        sizes[value] = sizes.get(value, 0) + count
    if len(sizes) <= MOST_VALUES:
        return found
    kept = set(sorted(sizes, key=lambda value: (-sizes[value], value))[: MOST_VALUES - 1])

    def named(key: Key) -> Key:
        return (key[0], key[1] if key[1] in kept else OTHERS)

    units: dict[Key, int] = {}
    for key, count in found.units.items():
        units[named(key)] = units.get(named(key), 0) + count
    moments: dict[str, dict[Key, Moments]] = {}
    for metric, by_key in found.moments.items():
        parts: dict[Key, list[Moments]] = {}
        for key, one in by_key.items():
            parts.setdefault(named(key), []).append(one)
        moments[metric] = {key: merge(some) for key, some in parts.items()}
    return Sums(units, moments)
