"""Formulas that people write: a small language of figures, read by a parser of its own and never by Python's.

Numbers, names, ``+ - * / ^``, comparisons, ``and or not``, and the functions of `FUNCTIONS`. Names are letters, digits
and underscores. Everything works on figures and on arrays of draws alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Figures = float | NDArray[np.float64]

LONGEST = 1_000
DEEPEST = 40
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?|\.\d+)|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/^(),<>×÷−·]))", re.ASCII)
_SAME = {"×": "*", "·": "*", "÷": "/", "−": "-"}


class FormulaError(ValueError):
    """A formula that cannot be read, or cannot be computed. The message says why, for a person.

    `at` is the place of the trouble in the text, counted from 0, where there is one.
    """

    def __init__(self, message: str, *, at: int | None = None) -> None:
        super().__init__(message if at is None else f"{message} (at character {at + 1})")
        self.at = at


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula: `kind` is number, name, call, or an operator; `parts` are what it works on."""

    kind: str
    text: str
    at: int
    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read. `names` are the inputs that it asks for, in the order of their first use."""

    text: str
    root: Node
    names: tuple[str, ...]

    def compute(self, values: Mapping[str, Figures]) -> Figures:
        """Return the formula's value: a float, or an array where an input is one.

        Raises
        ------
        FormulaError
            If a name has no value, something is divided by zero, or the result is not finite.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise FormulaError(f"no value for {', '.join(missing)}")
        with np.errstate(all="ignore"):
            found = np.asarray(_compute(self.root, values), dtype=float)
        if not np.isfinite(found).all():
            raise FormulaError(f"{self.text} does not come to a finite figure")
        return float(found) if found.ndim == 0 else found


@lru_cache(maxsize=256)
def read(text: str) -> Formula:
    """Read a formula.

    Raises
    ------
    FormulaError
        If it is empty, too long, or not in the language; the message names the place.

    Examples
    --------
    >>> formula = read("reach * impact / effort")
    >>> formula.names, formula.compute({"reach": 100, "impact": 2, "effort": 4})
    (('reach', 'impact', 'effort'), 50.0)
    >>> try:
    ...     read("value / (a - a)").compute({"value": 1, "a": 2})
    ... except FormulaError as error:
    ...     print(error)
    value is divided by a - a, which is zero (at character 7)
    """
    if not text.strip():
        raise FormulaError("the formula is empty")
    if len(text) > LONGEST:
        raise FormulaError(f"the formula is longer than {LONGEST} characters")
    reader = _Reader(_tokens(text), len(text.rstrip()))
    root = reader.whole()
    names: dict[str, None] = {}
    _collect(root, names)
    return Formula(text=" ".join(text.split()), root=root, names=tuple(names))


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, place = [], 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise FormulaError(f"{text[at]!r} is not understood here", at=at)
        kind = ("number", "name", "sign")[(match.lastindex or 1) - 1]
        word = match.group(match.lastindex or 1)
        found.append((kind, _SAME.get(word, word), match.start(match.lastindex or 1)))
        place = match.end()
    return found


def _collect(node: Node, names: dict[str, None]) -> None:
    if node.kind == "name":
        names[node.text] = None
    for part in node.parts:
        _collect(part, names)


_ORDER: tuple[tuple[str, ...], ...] = (
    ("or",),
    ("and",),
    ("<", "<=", ">", ">=", "==", "!="),
    ("+", "-"),
    ("*", "/"),
)
"""Operators by how loosely they bind. The sign binds tighter than these, and a power tighter still."""
_WORDS = frozenset({"and", "or", "not"})


class _Reader:
    """A recursive-descent reader over the tokens of one formula."""

    def __init__(self, tokens: list[tuple[str, str, int]], end: int) -> None:
        self.tokens = tokens
        self.place = 0
        self.end = end
        self.depth = 0

    def whole(self) -> Node:
        root = self.binary(0)
        if self.place < len(self.tokens):
            _, word, at = self.tokens[self.place]
            raise FormulaError(f"{word!r} is not expected here", at=at)
        return root

    def peek(self) -> str:
        if self.place < len(self.tokens) and self.tokens[self.place][0] != "number":
            return self.tokens[self.place][1]
        return ""

    def take(self, wanted: str) -> int:
        if self.peek() != wanted:
            at = self.tokens[self.place][2] if self.place < len(self.tokens) else self.end
            raise FormulaError(f"{wanted!r} is missing", at=at)
        self.place += 1
        return self.tokens[self.place - 1][2]

    def binary(self, level: int) -> Node:
        if level == len(_ORDER):
            return self.signed()
        left = self.binary(level + 1)
        while self.peek() in _ORDER[level]:
            sign = self.peek()
            at = self.take(sign)
            left = Node("sign", sign, at, (left, self.binary(level + 1)))
        return left

    def signed(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FormulaError(f"the formula is nested more than {DEEPEST} deep")
        try:
            sign = self.peek()
            if sign in {"-", "+", "not"}:
                at = self.take(sign)
                inner = self.signed()
                return inner if sign == "+" else Node("unary", sign, at, (inner,))
            base = self.atom()
            if self.peek() == "^":
                at = self.take("^")
                return Node("sign", "^", at, (base, self.signed()))
            return base
        finally:
            self.depth -= 1

    def atom(self) -> Node:
        if self.place >= len(self.tokens):
            raise FormulaError("the formula ends where a figure or a name is expected", at=self.end)
        kind, word, at = self.tokens[self.place]
        if kind == "number":
            self.place += 1
            return Node("number", word, at)
        if word == "(":
            self.place += 1
            inner = self.binary(0)
            self.take(")")
            return inner
        if kind == "sign" or word in _WORDS:
            raise FormulaError(f"a figure or a name is expected before {word!r}", at=at)
        self.place += 1
        if self.peek() != "(":
            return Node("name", word, at)
        return self.call(word, at)

    def call(self, word: str, at: int) -> Node:
        if word not in FUNCTIONS:
            raise FormulaError(
                f"there is no function {word}; there are {', '.join(sorted(FUNCTIONS))}", at=at
            )
        self.take("(")
        parts = [self.binary(0)]
        while self.peek() == ",":
            self.take(",")
            parts.append(self.binary(0))
        self.take(")")
        least, most, _ = FUNCTIONS[word]
        if not least <= len(parts) <= most:
            wanted = f"{least}" if least == most else f"at least {least}"
            raise FormulaError(f"{word} takes {wanted} figures, not {len(parts)}", at=at)
        return Node("call", word, at, tuple(parts))


def _least(*values: Figures) -> Figures:
    found = values[0]
    for value in values[1:]:
        found = np.minimum(found, value)
    return found


def _most(*values: Figures) -> Figures:
    found = values[0]
    for value in values[1:]:
        found = np.maximum(found, value)
    return found


def _root(value: Figures) -> Figures:
    if np.any(np.asarray(value) < 0):
        raise FormulaError("the square root of a figure below 0 is asked for")
    return np.asarray(np.sqrt(value))


def _log(value: Figures) -> Figures:
    if np.any(np.asarray(value) <= 0):
        raise FormulaError("the logarithm of a figure that is not above 0 is asked for")
    return np.asarray(np.log(value))


def _choose(condition: Figures, then: Figures, otherwise: Figures) -> Figures:
    return np.where(np.asarray(condition) != 0, then, otherwise)


MANY = 20
FUNCTIONS: dict[str, tuple[int, int, Callable[..., Figures]]] = {
    "min": (2, MANY, _least),
    "max": (2, MANY, _most),
    "abs": (1, 1, np.abs),
    "sqrt": (1, 1, _root),
    "log": (1, 1, _log),
    "exp": (1, 1, np.exp),
    "round": (1, 1, np.round),
    "clip": (3, 3, lambda value, low, high: _most(low, _least(value, high))),
    "if": (3, 3, _choose),
}
"""By name: how many figures they take, at least and at most, and what they do."""

_SIGNS: dict[str, Callable[[Figures, Figures], Figures]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: np.asarray(a < b, dtype=float),
    "<=": lambda a, b: np.asarray(a <= b, dtype=float),
    ">": lambda a, b: np.asarray(a > b, dtype=float),
    ">=": lambda a, b: np.asarray(a >= b, dtype=float),
    "==": lambda a, b: np.asarray(a == b, dtype=float),
    "!=": lambda a, b: np.asarray(a != b, dtype=float),
    "and": lambda a, b: np.asarray((np.asarray(a) != 0) & (np.asarray(b) != 0), dtype=float),
    "or": lambda a, b: np.asarray((np.asarray(a) != 0) | (np.asarray(b) != 0), dtype=float),
}


def words(node: Node) -> str:
    """Return a part of a formula as text.

    Examples
    --------
    >>> words(read("a / (b - c)").root)
    'a / (b - c)'
    """
    if node.kind in {"number", "name"}:
        return node.text
    parts = [words(part) for part in node.parts]
    if node.kind == "call":
        return f"{node.text}({', '.join(parts)})"
    if node.kind == "unary":
        return f"{node.text} {parts[0]}" if node.text == "not" else f"-{_held(node.parts[0])}"
    return f"{_held(node.parts[0])} {node.text} {_held(node.parts[1])}"


def _held(node: Node) -> str:
    return f"({words(node)})" if node.kind in {"sign", "unary"} else words(node)


def _compute(node: Node, values: Mapping[str, Figures]) -> Figures:
    if node.kind == "number":
        return float(node.text)
    if node.kind == "name":
        return values[node.text]
    parts = [_compute(part, values) for part in node.parts]
    if node.kind == "call":
        return FUNCTIONS[node.text][2](*parts)
    if node.kind == "unary":
        return -parts[0] if node.text == "-" else np.asarray(np.asarray(parts[0]) == 0, dtype=float)
    if node.text == "/":
        if np.any(np.asarray(parts[1]) == 0):
            top, below = words(node.parts[0]), words(node.parts[1])
            raise FormulaError(f"{top} is divided by {below}, which is zero", at=node.at)
        return parts[0] / parts[1]
    if node.text == "^":
        return np.asarray(np.power(np.asarray(parts[0], dtype=float), parts[1]))
    return _SIGNS[node.text](parts[0], parts[1])
