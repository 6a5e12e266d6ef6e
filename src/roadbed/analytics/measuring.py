"""One pass over the units: sums about pivots, by variant and dimension, of all metrics at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from roadbed.analytics.columns import VARIANT
from roadbed.analytics.units import UnitTable
from roadbed_engines.stats.moments import Moments, merge
from roadbed_engines.stats.readout import Metric

SAMPLE = 10_000
MOST_VALUES = 100
"""Values of a dimension that are told apart; where there are more, the smallest are put together."""
OTHERS = "(others)"

Key = tuple[str, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """By (variant, value of a dimension, …): how many units, and the moments of each metric."""

    units: dict[Key, int]
    moments: dict[str, dict[Key, Moments]]


def pivots_of(table: ir.Table, names: Sequence[str]) -> dict[str, float]:
    """Return a number near the mean of each column, from the first rows; whole where the values are whole.

    Sums about whole pivots of whole numbers stay exact, so that counts come out as counts.
    """
    if not names:
        return {}
    some = table.select(*names).limit(SAMPLE).to_pyarrow()
    found = {}
    for name in names:
        seen = some[name].to_numpy().astype(np.float64)
        seen = seen[np.isfinite(seen)]
        middle = float(seen.mean()) if len(seen) else 0.0
        found[name] = float(round(middle)) if (seen == np.floor(seen)).all() else middle
    return found


def sums(units: UnitTable, *, by: Sequence[str] = ()) -> Sums:
    """Sum up all metrics by variant and the given dimension columns.

    Everything is taken in one pass that counts whole rows beside. Only where some value is missing, or is no number, is
    a second pass made that counts each metric over the units that have it, with a missing covariate at its pivot.
    """
    metrics = [one for one in units.metrics if one.columns]
    names = list(dict.fromkeys(name for one in metrics for name in one.needed))
    pivots = pivots_of(units.table, names)
    rows = _one_pass(units.table, metrics, names, pivots, by)
    counted = {_key(row, by): int(row["units"]) for row in rows}
    if not names:
        return Sums(counted, {})
    whole = all(row["whole"] == row["units"] for row in rows)
    if whole and all(_is_finite(row) for row in rows):
        return Sums(
            counted,
            {one.name: {_key(row, by): _moments(row, one, pivots) for row in rows} for one in metrics},
        )
    rows = _careful_pass(units.table, metrics, pivots, by)
    moments: dict[str, dict[Key, Moments]] = {}
    for at, one in enumerate(metrics):
        prefix = f"m{at}_"
        moments[one.name] = {
            _key(row, by): _moments(row, one, pivots, prefix) for row in rows if row[f"{prefix}units"]
        }
    return Sums(counted, moments)


def _pairs(metrics: Iterable[Metric]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for one in metrics:
        for first, second in combinations_with_replacement(sorted(one.needed), 2):
            found[first, second] = None
    return list(found)


def _one_pass(
    table: ir.Table,
    metrics: Sequence[Metric],
    names: Sequence[str],
    pivots: Mapping[str, float],
    by: Sequence[str],
) -> list[Row]:
    centred = table.select(
        VARIANT, *by, **{name: table[name] - ibis.literal(pivots[name], type="float64") for name in names}
    )
    asked: dict[str, ir.Value] = {"units": centred.count()}
    if names:
        # A sum of the columns is missing where any of them is: one count instead of one for each.
        asked["whole"] = sum((centred[name] for name in names[1:]), centred[names[0]]).count()
    asked |= {f"s_{name}": centred[name].sum() for name in names}
    asked |= {f"p_{one}_{two}": (centred[one] * centred[two]).sum() for one, two in _pairs(metrics)}
    return list(centred.group_by([VARIANT, *by]).aggregate(**asked).to_pyarrow().to_pylist())


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
    return ibis.ifelse(column.isnan(), ibis.null("float64"), column)


def _key(row: Row, by: Sequence[str]) -> Key:
    return (row[VARIANT], *(row[name] for name in by))


def _is_finite(row: Row) -> bool:
    return all(math.isfinite(value) for name, value in row.items() if name[:2] in {"s_", "p_"})


def _moments(row: Row, metric: Metric, pivots: Mapping[str, float], prefix: str = "") -> Moments:
    names = metric.needed
    products = np.empty((len(names), len(names)))
    for at, first in enumerate(names):
        for place, second in enumerate(names):
            one, two = sorted((first, second))
            products[at, place] = row[f"{prefix}p_{one}_{two}"]
    with np.errstate(
        invalid="ignore"
    ):  # an infinite value makes no number of its sums, which the engine refuses
        return Moments.of_sums(
            names=names,
            count=int(row[f"{prefix}units"]),
            pivots=[pivots[name] for name in names],
            sums=[row[f"{prefix}s_{name}"] for name in names],
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
