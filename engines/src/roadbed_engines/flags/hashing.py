"""Where a unit falls between 0 and 1, the same in every process and every language.

Two families, so that a team can move in without anybody changing sides: FNV-1a, which GrowthBook's clients use, and
MurmurHash3, which Unleash's use.

References
----------
.. [1] G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake (2019), The FNV Non-Cryptographic Hash Algorithm, IETF draft.
.. [2] A. Appleby (2011), MurmurHash3, x86 32-bit variant.
"""

from __future__ import annotations

from collections.abc import Sequence

import mmh3

_PRIME, _BASIS, _WORD = 0x01000193, 0x811C9DC5, 0xFFFFFFFF


def as_bytes(text: str) -> bytes:
    """Return the text's UTF-8 bytes; half a surrogate pair, which JSON may carry, is no reason to fail."""
    return text.encode("utf-8", "surrogatepass")


def fnv1a(text: str) -> int:
    """Return the 32-bit FNV-1a hash of the text's UTF-8 bytes.

    >>> hex(fnv1a("foobar"))
    '0xbf9cf968'
    """
    found = _BASIS
    for byte in as_bytes(text):
        found = ((found ^ byte) * _PRIME) & _WORD
    return found


def fnv_share(*, seed: str, unit: str, version: int) -> float | None:
    """Return the place of a unit from 0 to 1, in steps of 1/1,000 (version 1) or 1/10,000 (version 2).

    Version 1 puts units of two experiments with the same seed suffix into related places; version 2 hashes twice
    and does not. Another version has no place.
    """
    if version == 2:
        return fnv1a(str(fnv1a(seed + unit))) % 10_000 / 10_000
    if version == 1:
        return fnv1a(unit + seed) % 1_000 / 1_000
    return None


def murmur3(text: str, *, seed: int = 0) -> int:
    """Return the 32-bit MurmurHash3 of the text's UTF-8 bytes.

    >>> murmur3("hello"), murmur3("")
    (613153351, 0)
    """
    return mmh3.hash(as_bytes(text), seed, signed=False)


def murmur_step(*, group: str, unit: str, steps: int = 100, seed: int = 0) -> int:
    """Return the place of a unit among steps 1 to `steps`.

    >>> murmur_step(group="gr1", unit="123"), murmur_step(group="groupX", unit="999")
    (73, 25)
    """
    return murmur3(f"{group}:{unit}", seed=seed) % steps + 1


def equal_weights(count: int) -> list[float]:
    """Return weights of 1/count each; none where nothing is to be shared out."""
    return [1 / count] * count if count > 0 else []


def ranges_of(
    *, count: int, coverage: float | None = None, weights: Sequence[float] | None = None
) -> list[tuple[float, float]]:
    """Return the stretch of [0, 1) that each of `count` variations gets.

    A coverage outside 0 to 1 is brought to its nearer end. Weights of another length, or that do not add up to 1,
    are taken for equal ones: a published definition must assign somebody.

    >>> ranges_of(count=2, coverage=0.5)
    [(0.0, 0.25), (0.5, 0.75)]
    """
    share = 1.0 if coverage is None else min(max(coverage, 0.0), 1.0)
    given = list(weights) if weights is not None else []
    if len(given) != count or not 0.99 <= sum(given) <= 1.01:
        given = equal_weights(count)
    found = []
    begun = 0.0
    for weight in given:
        found.append((begun, begun + share * weight))
        begun += weight
    return found


def chosen(place: float, ranges: Sequence[tuple[float, float]]) -> int:
    """Return which range holds the place, or -1."""
    for number, (low, high) in enumerate(ranges):
        if low <= place < high:
            return number
    return -1
