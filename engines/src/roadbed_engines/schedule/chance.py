"""Random numbers that are the same compiled and not: L'Ecuyer's combined generator in whole numbers.

References
----------
.. [1] P. L'Ecuyer (1988), Efficient and portable combined random number generators, Communications of the ACM 31,
   742-751.
"""

from __future__ import annotations

import numpy as np

from roadbed_engines.schedule.arrays import Integers
from roadbed_engines.schedule.compiling import compiled

MODULUS, OTHER_MODULUS = 2_147_483_563, 2_147_483_399


def seeded(seed: int) -> Integers:
    """Return the state of a generator, shape (2,)."""
    words = np.random.SeedSequence(seed).generate_state(2)
    return np.array(
        [1 + int(words[0]) % (MODULUS - 1), 1 + int(words[1]) % (OTHER_MODULUS - 1)], dtype=np.int64
    )


@compiled
def draw(state: Integers) -> float:
    """Return the next number between 0 and 1, without either."""
    state[0] = (state[0] * 40_014) % 2_147_483_563
    state[1] = (state[1] * 40_692) % 2_147_483_399
    mixed = (state[0] - state[1]) % 2_147_483_562
    if mixed <= 0:
        mixed += 2_147_483_562
    return float(mixed) / 2_147_483_563.0


@compiled
def below(state: Integers, bound: int) -> int:
    """Return a whole number from 0 to `bound` - 1."""
    return int(draw(state) * bound)
