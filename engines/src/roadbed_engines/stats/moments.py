"""Counts, means and centred products of several columns: all that closed forms need, and it can be added up.

Naive sums of squares lose every digit where the mean is large beside the spread: with a mean of 1e9 and a standard
deviation of 1, two million of them give a variance of 120,125. Sums about a pivot near the mean do not, and the step
from them to sums about the mean is exact.

References
----------
.. [1] T. F. Chan, G. H. Golub, R. J. LeVeque (1983), The American Statistician 37, 242-247.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from roadbed_engines.errors import NotEnoughDataError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is known of `count` units: their means, and the sums of products of deviations from the means.

    `names` are the columns; `means` has shape (k,), `products` (k, k), both in that order.
    """

    names: tuple[str, ...]
    count: int
    means: Floats
    products: Floats

    @classmethod
    def of_rows(cls, columns: Mapping[str, ArrayLike]) -> Moments:
        """Measure columns of equal length, one value a unit.

        Examples
        --------
        >>> found = Moments.of_rows({"spend": [1e9 - 1, 1e9, 1e9 + 1]})
        >>> found.count, float(found.covariance()[0, 0])
        (3, 1.0)
        """
        rows = np.array([np.asarray(column, dtype=np.float64) for column in columns.values()])
        if rows.ndim != 2:
            raise ValueError("columns must be of equal length, one value a unit")
        count = rows.shape[1]
        if count == 0:
            raise NotEnoughDataError("there are no units")
        means = rows.mean(axis=1)
        apart = rows - means[:, None]
        # The mean is itself rounded; what is left of the deviations' sum takes that out again.
        left = apart.sum(axis=1)
        products = apart @ apart.T - np.outer(left, left) / count
        return cls(tuple(columns), count, means + left / count, products)

    @classmethod
    def of_sums(
        cls,
        *,
        names: Sequence[str],
        count: int,
        pivots: ArrayLike,
        sums: ArrayLike,
        products: ArrayLike,
    ) -> Moments:
        """Take sums about pivots: `sums` of (x - p), shape (k,), and `products` of (x - p)(y - q), shape (k, k).

        The pivots may be any numbers near the means; the nearer, the more digits are kept.

        Raises
        ------
        NotEnoughDataError
            If there are no units.

        Examples
        --------
        >>> found = Moments.of_sums(names=["x"], count=3, pivots=[2.0], sums=[3.0], products=[[5.0]])
        >>> float(found.means[0]), float(found.products[0, 0])
        (3.0, 2.0)
        """
        if count < 1:
            raise NotEnoughDataError("there are no units")
        about = np.asarray(sums, dtype=np.float64)
        centred = np.asarray(products, dtype=np.float64) - np.outer(about, about) / count
        return cls(tuple(names), count, np.asarray(pivots, dtype=np.float64) + about / count, centred)

    def covariance(self) -> Floats:
        """Return the sample covariances, with n - 1 below.

        Raises
        ------
        NotEnoughDataError
            If there is one unit only: it does not vary.
        """
        if self.count < 2:
            raise NotEnoughDataError("one unit does not vary")
        return np.asarray(self.products / (self.count - 1))

    def mean(self, name: str) -> float:
        """Return the mean of a column."""
        return float(self.means[self.names.index(name)])

    def total(self, name: str) -> float:
        """Return the sum of a column."""
        return self.mean(name) * self.count

    def merged_with(self, other: Moments) -> Moments:
        """Return the moments of both sets of units together, as if they had been measured in one.

        Examples
        --------
        >>> first, second = (Moments.of_rows({"x": rows}) for rows in ([1.0, 2.0], [6.0]))
        >>> float(first.merged_with(second).products[0, 0])
        14.0
        """
        if self.names != other.names:
            raise ValueError("only moments of the same columns can be added up")
        count = self.count + other.count
        apart = other.means - self.means
        with np.errstate(invalid="ignore"):  # infinite values stay what they are: whoever reads refuses them
            return Moments(
                self.names,
                count,
                self.means + apart * (other.count / count),
                self.products + other.products + np.outer(apart, apart) * (self.count * other.count / count),
            )

    def only(self, names: Iterable[str]) -> Moments:
        """Return the moments of some of the columns."""
        wanted = tuple(names)
        at = [self.names.index(name) for name in wanted]
        return Moments(wanted, self.count, self.means[at], self.products[np.ix_(at, at)])


def merge(parts: Iterable[Moments]) -> Moments:
    """Add up any number of moments of the same columns.

    Raises
    ------
    NotEnoughDataError
        If there are none.
    """
    total: Moments | None = None
    for part in parts:
        total = part if total is None else total.merged_with(part)
    if total is None:
        raise NotEnoughDataError("there are no units")
    return total
