"""Operators that convert nothing: texts, numbers, versions, moments and networks, as Unleash's constraints have them.

They read the attribute as a text. What is missing, or cannot be read as what the operator compares, does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from roadbed_engines.flags.constraints import is_network, test_of

Test = Callable[[Any], bool]

TEXTS = {"$startsWith": "STR_STARTS_WITH", "$endsWith": "STR_ENDS_WITH", "$contains": "STR_CONTAINS"}
LEVELS = {
    "$numEq": "NUM_EQ",
    "$numGt": "NUM_GT",
    "$numGte": "NUM_GTE",
    "$numLt": "NUM_LT",
    "$numLte": "NUM_LTE",
    "$semverEq": "SEMVER_EQ",
    "$semverGt": "SEMVER_GT",
    "$semverGte": "SEMVER_GTE",
    "$semverLt": "SEMVER_LT",
    "$semverLte": "SEMVER_LTE",
    "$after": "DATE_AFTER",
    "$before": "DATE_BEFORE",
}
NETWORKS = {"$cidr": "IN_CIDR"}
NAMES: Mapping[str, str] = {**TEXTS, **LEVELS, **NETWORKS}
"""Our operator by name, and Unleash's word for it. Those on texts also come with an `i` at the end, for any case."""


def operator_of(name: str, expected: Any) -> Test | None:
    """Return the test that an operator makes of its operand; None where it is not one of these.

    An operand that cannot be read makes a test that never holds.

    >>> over = operator_of("$numGt", 5)
    >>> over("8"), over(5), over(None), over("young")
    (True, False, False, False)
    >>> operator_of("$startsWithi", ["ADA"])("ada.lovelace")
    True
    """
    fold = name.endswith("i") and name[:-1] in TEXTS
    word = NAMES.get(name[:-1] if fold else name)
    if word is None:
        return None
    values = [str(each) for each in (expected if isinstance(expected, list | tuple) else [expected])]
    test = test_of(word, values=values, value=values[0] if values else None, fold=fold)
    if test is None:
        return lambda found: False
    return lambda found: found is not None and test(_text(found))


def can_read(name: str, expected: Any) -> bool:
    """Whether an operator can read its operand."""
    values = [str(each) for each in (expected if isinstance(expected, list | tuple) else [expected])]
    if name in NETWORKS:
        return bool(values) and all(is_network(each) for each in values)
    return test_of(NAMES[name], values=values, value=values[0] if values else None, fold=False) is not None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)
