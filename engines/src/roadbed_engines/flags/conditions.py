"""Conditions over a context, in the language of GrowthBook's targeting, compiled to closures.

A condition is an object of attribute → test; an attribute is a path with dots. A test is a value (equality) or an
object of operators. `$or`, `$and`, `$nor` and `$not` join conditions. Comparison follows JavaScript, where the
language comes from: "8" is more than 5, and what is missing is null. Operators of `strict` convert nothing.
An operator that is not known, or a pattern that could run for ever, never holds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from roadbed_engines.flags import strict
from roadbed_engines.flags.matching import compile_pattern
from roadbed_engines.flags.versions import padded

Context = Mapping[str, Any]
Condition = Callable[[Context], bool]
Test = Callable[[Any], bool]
Groups = Mapping[str, Sequence[Any]]

DEEPEST = 50


class ConditionError(ValueError):
    """The condition cannot be compiled. The message says why."""


def compile_condition(condition: Any, *, groups: Groups | None = None, depth: int = 0) -> Condition:
    """Return the condition as a function of a context.

    Parameters
    ----------
    condition : mapping
        As JSON has it. An empty one always holds.
    groups : mapping, optional
        Lists of values by id, for `$inGroup` and `$notInGroup`.

    Raises
    ------
    ConditionError
        If it is no object, or nested more than 50 deep.

    Examples
    --------
    >>> adult = compile_condition({"age": {"$gte": 18}, "country": {"$in": ["NL", "BE"]}})
    >>> adult({"age": 20, "country": "NL"}), adult({"age": "20", "country": "DE"}), adult({})
    (True, False, False)
    """
    if not isinstance(condition, Mapping):
        raise ConditionError("a condition is an object")
    if depth > DEEPEST:
        raise ConditionError(f"a condition is nested at most {DEEPEST} deep")
    known = groups or {}
    parts = [_part(key, value, known, depth) for key, value in condition.items()]
    if not parts:
        return lambda context: True
    if len(parts) == 1:
        return parts[0]
    return lambda context: all(part(context) for part in parts)


def _part(key: str, value: Any, groups: Groups, depth: int) -> Condition:
    if key == "$not":
        inner = compile_condition(value, groups=groups, depth=depth + 1)
        return lambda context: not inner(context)
    if key in {"$or", "$nor", "$and"}:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ConditionError(f"{key} takes a list of conditions")
        joined = [compile_condition(each, groups=groups, depth=depth + 1) for each in value]
        if key == "$and":
            return lambda context: all(each(context) for each in joined)
        if key == "$or":
            return lambda context: not joined or any(each(context) for each in joined)
        return lambda context: bool(joined) and not any(each(context) for each in joined)
    test = compile_test(value, groups=groups, depth=depth + 1)
    if "." not in key:
        # A plain dict is by far the most common, and asking for its exact type is by far the quickest.
        return lambda context: test(
            context.get(key) if type(context) is dict or isinstance(context, Mapping) else None
        )
    path = key.split(".")

    def at_path(context: Context) -> bool:
        found: Any = context
        if isinstance(context, Mapping) and key in context:  # an attribute whose name has a dot
            return test(context[key])
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return test(found)

    return at_path


def _is_operators(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(str(key).startswith("$") for key in value)


def compile_test(value: Any, *, groups: Groups, depth: int = 0) -> Test:
    """Return a test of one attribute's value: equality, or operators that must all hold."""
    if depth > DEEPEST:
        raise ConditionError(f"a condition is nested at most {DEEPEST} deep")
    if _is_operators(value):
        tests = [_operator(name, expected, groups, depth) for name, expected in value.items()]
        if len(tests) == 1:
            return tests[0]
        return lambda found: all(test(found) for test in tests)
    if value is None:
        return lambda found: found is None
    if isinstance(value, bool):
        return lambda found: found is not None and truth(found) is value
    if isinstance(value, str):
        return lambda found: found == value if isinstance(found, str) else as_text(found) == value
    if isinstance(value, int | float):
        return lambda found: (
            as_number(found) == value if not isinstance(found, bool) else float(found) == value
        )
    text = _json(value)
    return lambda found: isinstance(found, Mapping | list | tuple) and _json(found) == text


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=str)


def truth(value: Any) -> bool:
    """Return whether JavaScript takes a value for true: lists and objects always are."""
    return True if isinstance(value, Mapping | list | tuple) else bool(value) and value == value


def as_text(value: Any) -> str:
    """Return a value as JavaScript would write it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list | tuple):
        return ",".join("" if each is None else as_text(each) for each in value)
    return "[object Object]" if isinstance(value, Mapping) else str(value)


def as_number(value: Any) -> float:
    """Return the number that JavaScript takes a value for; not a number where it is none."""
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value) if value.strip() else 0.0
        except ValueError:
            return math.nan
    return math.nan


def is_same(found: Any, expected: Any) -> bool:
    """Return whether two values are the same without any conversion: 1 is not true, and not "1"."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, Mapping | list) or isinstance(expected, Mapping | list):
        return False
    return bool(found == expected)


def _less(found: Any, expected: Any) -> tuple[bool, bool]:
    """Return whether one is less, and whether both are level, in JavaScript's order."""
    if isinstance(found, str) and isinstance(expected, str):
        return found < expected, found == expected
    one, other = as_number(found), as_number(expected)
    return one < other, one == other


def _is_in(found: Any, expected: Sequence[Any], *, fold: bool = False) -> bool:
    wanted = [_folded(each) for each in expected] if fold else list(expected)
    values = found if isinstance(found, list | tuple) else [found]
    return any(is_same(_folded(each) if fold else each, one) for each in values for one in wanted)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _never(found: Any) -> bool:
    del found
    return False


def _operator(name: str, expected: Any, groups: Groups, depth: int) -> Test:
    if name in _ORDERS:
        is_wanted = _ORDERS[name]
        return lambda found: is_wanted(*_less(found, expected))
    if name in _VERSIONS:
        holds = _VERSIONS[name]
        level = padded(as_text(expected) if expected else "0")
        return lambda found: holds(padded(as_text(found) if found else "0"), level)
    found_strict = strict.operator_of(name, expected)
    if found_strict is not None:
        return found_strict
    match name:
        case "$eq":
            return lambda found: is_same(found, expected)
        case "$ne":
            return lambda found: not is_same(found, expected)
        case "$exists":
            return lambda found: (found is not None) if expected else found is None
        case "$type":
            return lambda found: type_of(found) == expected
        case "$not":
            inner = compile_test(expected, groups=groups, depth=depth + 1)
            return lambda found: not inner(found)
        case "$size":
            counted = compile_test(expected, groups=groups, depth=depth + 1)
            return lambda found: isinstance(found, list | tuple) and counted(len(found))
        case "$elemMatch":
            one = (
                compile_test(expected, groups=groups, depth=depth + 1)
                if _is_operators(expected)
                else compile_condition(expected, groups=groups, depth=depth + 1)
            )
            return lambda found: isinstance(found, list | tuple) and any(one(each) for each in found)
        case "$regex" | "$regexi":
            return _pattern(expected, fold=name == "$regexi")
        case "$inGroup" | "$notInGroup":
            members = groups.get(expected, ()) if isinstance(expected, str) else ()
            wanted = name == "$inGroup"
            return lambda found: _is_in(found, members) is wanted
    return _of_list(name, expected, groups, depth)


def _of_list(name: str, expected: Any, groups: Groups, depth: int) -> Test:
    if not isinstance(expected, list | tuple):
        return _never
    fold = name.endswith("i")
    match name:
        case "$in" | "$ini":
            if not fold and all(isinstance(each, str) for each in expected):
                known = frozenset(expected)
                return lambda found: found in known if isinstance(found, str) else _is_in(found, expected)
            return lambda found: _is_in(found, expected, fold=fold)
        case "$nin" | "$nini":
            return lambda found: not _is_in(found, expected, fold=fold)
        case "$all" | "$alli":
            wanted = [_folded(each) if fold else each for each in expected]
            tests = [compile_test(each, groups=groups, depth=depth + 1) for each in wanted]
            return lambda found: (
                isinstance(found, list | tuple)
                and all(any(test(_folded(each) if fold else each) for each in found) for test in tests)
            )
    return _never


def type_of(value: Any) -> str:
    """Return the name that JSON's types have in `$type`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"


def _pattern(expected: Any, *, fold: bool) -> Test:
    matches = compile_pattern(expected, fold=fold) if isinstance(expected, str) else None
    if matches is None:
        return _never
    return lambda found: matches(as_text(found))


_ORDERS: Mapping[str, Callable[[bool, bool], bool]] = {
    "$lt": lambda less, level: less,
    "$lte": lambda less, level: less or level,
    "$gt": lambda less, level: not less and not level,
    "$gte": lambda less, level: not less,
}
_VERSIONS: Mapping[str, Callable[[str, str], bool]] = {
    "$veq": lambda one, other: one == other,
    "$vne": lambda one, other: one != other,
    "$vgt": lambda one, other: one > other,
    "$vgte": lambda one, other: one >= other,
    "$vlt": lambda one, other: one < other,
    "$vlte": lambda one, other: one <= other,
}
