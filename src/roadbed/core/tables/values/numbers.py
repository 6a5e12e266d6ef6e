"""Numbers and money, whichever way thousands and decimals are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from roadbed.core.tables.values.errors import CellError, quoted

Mark = Literal["", ".", ","]
SYMBOLS = {
    "€": {"EUR"}, "£": {"GBP"}, "¥": {"JPY", "CNY"}, "₹": {"INR"}, "₽": {"RUB"}, "zł": {"PLN"},
    "kr": {"SEK", "NOK", "DKK"},
    "$": {"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"}, "us$": {"USD"},
    "euro": {"EUR"}, "eur": {"EUR"}, "r$": {"BRL"}, "fr.": {"CHF"},
}  # fmt: skip
SHAPE = re.compile(
    r"^(?P<open>\()?\s*(?P<sign>[-+−])?\s*(?P<before>[^\W\d_]{3}|[^\w\s.,()'’+-]|US\$|R\$|kr\.?|Fr\.)?\s*(?P<sign2>[-+−])?"
    r"(?P<digits>\d[\d.,'’\s  ]*|[.,]\d+)\s*(?P<scale>[kKmM](?![^\W\d]))?"
    r"\s*(?P<after>[^\W\d_]{2,4}\.?|[^\w\s.,()'’+-])?\s*\)?$"
)
GROUPS = re.compile(r"[\s  '’]")
SCIENTIFIC = re.compile(r"^-?\d+(?:\.\d+)?[eE][-+]?\d{1,2}$")
SCALES = {"k": Decimal(1000), "m": Decimal(1_000_000)}


def weigh_mark(values: Iterable[Any]) -> Mark:
    """Return which character stands before the decimals in a column; empty where nothing decides.

    >>> weigh_mark(["1.234,50", "99"]), weigh_mark(["1,234", "0.5"]), weigh_mark(["1,234"])
    (',', '.', '')
    """
    point = comma = 0
    for value in values:
        if not isinstance(value, str):
            continue
        digits = GROUPS.sub("", "".join(each for each in value if each.isdigit() or each in ".,"))
        last_point, last_comma = digits.rfind("."), digits.rfind(",")
        if last_point >= 0 and last_comma >= 0:
            point += last_point > last_comma
            comma += last_comma > last_point
        elif last_point >= 0:
            comma += digits.count(".") > 1
            point += digits.count(".") == 1 and len(digits) - last_point != 4
        elif last_comma >= 0:
            point += digits.count(",") > 1
            comma += digits.count(",") == 1 and len(digits) - last_comma != 4
    return "," if comma > point else "." if point > comma else ""


def _mark_of(digits: str, mark: Mark) -> str:
    """Return what stands before the decimals of one number."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if points > 1 or commas > 1:
        return "," if points else "."
    if mark:
        return mark
    # Nothing decides about 1,234: a comma before three figures groups thousands, a point before them does not.
    return "." if points or re.search(r",\d{3}$", digits) else ","


def _digits(text: str, mark: Mark) -> str:
    digits = GROUPS.sub("", text)
    used = _mark_of(digits, mark)
    group = "," if used == "." else "."
    whole, _, rest = digits.partition(used)
    grouped = group not in whole or re.fullmatch(rf"\d{{1,3}}(?:\{group}\d{{2,3}})*\{group}\d{{3}}", whole)
    if not grouped or group in rest or used in rest:
        raise InvalidOperation
    decimals = f".{rest}" if rest else ""
    return f"{whole.replace(group, '') or '0'}{decimals}"


def reader(*, mark: Mark = "", currency: str = "") -> Callable[[Any], Decimal]:
    """Return a function from a cell to a number.

    Parameters
    ----------
    mark : str
        What stands before the decimals; empty to judge each number by itself.
    currency : str
        Accept amounts of this currency alone; other signs are refused. Empty where no money is meant.

    >>> read = reader(currency="EUR")
    >>> read("€1,234.50"), read("84k"), read("(12)")
    (Decimal('1234.50'), Decimal('84000'), Decimal('-12'))
    """

    def read(cell: Any) -> Decimal:
        if isinstance(cell, bool):
            raise CellError(f"{quoted(cell)} is no number.")
        try:
            if isinstance(cell, int):
                return Decimal(cell)
            if isinstance(cell, float):
                return _finite(Decimal(repr(cell)), cell)
            text = str(cell).strip()
            if text.isascii() and text.isdigit():
                return Decimal(text)
            if SCIENTIFIC.match(text):
                return Decimal(text)
            match = SHAPE.match(text)
            if match is None or (match["sign"] and match["sign2"]):
                raise CellError(f"{quoted(cell)} is no number.")
            _check_unit(match, currency, cell)
            number = Decimal(_digits(match["digits"], mark))
        except (InvalidOperation, ValueError) as error:
            if isinstance(error, CellError):
                raise
            raise CellError(f"{quoted(cell)} is no number.") from error
        if match["scale"]:
            number *= SCALES[match["scale"].lower()]
            number = number.quantize(Decimal(1)) if number == number.to_integral_value() else number
        negative = bool(match["open"]) or (match["sign"] or match["sign2"]) in {"-", "−"}
        return -number if negative else number

    return read


def _finite(number: Decimal, cell: Any) -> Decimal:
    if not number.is_finite():
        raise CellError(f"{quoted(cell)} is no number.")
    return number


def _check_unit(match: re.Match[str], currency: str, cell: Any) -> None:
    for unit in (match["before"], match["after"]):
        if not unit or unit == "%":
            continue
        if not currency:
            raise CellError(f"{quoted(cell)} is no number.")
        meant = SYMBOLS.get(unit.lower().rstrip("."), SYMBOLS.get(unit.lower(), {unit.upper()}))
        if currency not in meant:
            raise CellError(
                f"{quoted(cell)} is not in {currency}, the workspace’s currency. Convert it first."
            )
