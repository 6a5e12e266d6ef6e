"""How much work something is, as a distribution: from what people say, and from what was finished."""

from roadbed_engines.effort.quantiles import (
    FEWEST,
    Effort,
    of_class,
    of_people,
    of_points,
    of_quantiles,
    of_range,
    of_three_points,
)

__all__ = [
    "FEWEST",
    "Effort",
    "of_class",
    "of_people",
    "of_points",
    "of_quantiles",
    "of_range",
    "of_three_points",
]
