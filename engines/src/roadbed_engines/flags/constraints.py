"""Unleash's constraints, compiled: one operator over one field of the context."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from roadbed_engines.flags.matching import compile_pattern
from roadbed_engines.flags.versions import semantic

Fields = Mapping[str, str]
Constraint = Callable[[Fields], bool]
Test = Callable[[str], bool]


def compile_constraint(given: Mapping[str, Any]) -> Constraint:
    """Return a constraint as a function of the context's fields, which are texts.

    What is missing or cannot be read does not hold, and an operator that is not known never does; `inverted` turns the
    rest around.

    >>> over_five = compile_constraint({"contextName": "age", "operator": "NUM_GT", "value": "5"})
    >>> over_five({"age": "8"}), over_five({"age": "young"}), over_five({})
    (True, False, False)
    """
    name = given["contextName"]
    operator = given.get("operator") or ""
    inverted = bool(given.get("inverted"))
    if operator in {"IN", "NOT_IN"}:
        values = frozenset(given.get("values") or ())
        wanted = (operator == "IN") is not inverted
        return lambda fields: (fields.get(name) in values) is wanted
    value = given.get("value")
    test = test_of(
        operator,
        values=given.get("values") or (),
        value=None if value is None else str(value),
        fold=bool(given.get("caseInsensitive")),
    )
    if test is None:
        return lambda fields: False

    def holds(fields: Fields) -> bool:
        found = fields.get(name)
        return (found is not None and test(found)) is not inverted

    return holds


def test_of(operator: str, *, values: Sequence[str], value: str | None, fold: bool) -> Test | None:
    """Return the test that an operator makes of a text; None where there is none, or its operand cannot be read."""
    if operator in _TEXTS:
        matches = _TEXTS[operator]
        wanted = [each.lower() if fold else each for each in values]
        return lambda found: any(matches(found.lower() if fold else found, each) for each in wanted)
    if operator == "IN_CIDR":
        return in_networks(values)
    if value is None:
        return None
    if operator == "REGEX":
        return compile_pattern(value, fold=fold)
    for family, read in (("NUM", _number), ("SEMVER", semantic), ("DATE", _moment)):
        if operator.startswith(f"{family}_"):
            compare = _ORDERS.get(operator.removeprefix(f"{family}_"))
            level: Any = read(value)
            return None if compare is None or level is None else _ordered(read, compare, level)
    return None


def _ordered(read: Callable[[str], Any], compare: Callable[[Any, Any], bool], level: Any) -> Test:
    def test(found: str) -> bool:
        own = read(found)
        return own is not None and compare(own, level)

    return test


_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "STR_STARTS_WITH": str.startswith,
    "STR_ENDS_WITH": str.endswith,
    "STR_CONTAINS": lambda found, wanted: wanted in found,
}
_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "EQ": lambda one, other: one == other,
    "GT": lambda one, other: one > other,
    "GTE": lambda one, other: one >= other,
    "LT": lambda one, other: one < other,
    "LTE": lambda one, other: one <= other,
    "AFTER": lambda one, other: one > other,
    "BEFORE": lambda one, other: one < other,
}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_network(value: str) -> bool:
    """Whether a text names a network or an address."""
    try:
        ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        return False
    return True


def in_networks(values: Sequence[str]) -> Test:
    """Return a test of whether an address lies in one of the networks; what cannot be read is passed over.

    >>> inside = in_networks(["10.0.0.0/8", "::1", "nonsense"])
    >>> inside("10.1.2.3"), inside("11.0.0.1"), inside("::1"), inside("here")
    (True, False, True, False)
    """
    networks = []
    for value in values:
        try:
            networks.append(ipaddress.ip_network(value.strip(), strict=False))
        except ValueError:
            continue

    def test(found: str) -> bool:
        try:
            address = ipaddress.ip_address(found.strip())
        except ValueError:
            return False
        return any(address in network for network in networks)

    return test
