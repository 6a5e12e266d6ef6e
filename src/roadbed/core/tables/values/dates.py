"""Dates and times, in every format that exports are known to use."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from roadbed.core.tables.values.errors import CellError, quoted

Order = Literal["", "dmy", "mdy", "ymd"]
ORDERS: tuple[tuple[Order, str], ...] = (
    ("dmy", "day first: 31/12/2025"),
    ("mdy", "month first: 12/31/2025"),
    ("ymd", "year first: 25/12/31"),
)

ISO = re.compile(r"\d{4}-\d\d-\d\d")
TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
NUMERIC = re.compile(
    r"^(?P<a>\d{1,4})(?P<sep>[-/.])\s?(?P<b>\d{1,2})(?P=sep)\s?(?P<c>\d{1,4})\.?" + TIME + "$", re.IGNORECASE
)
NAMED = re.compile(
    r"^(?:[^\W\d]+\.?,?\s+)??(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.|er|º)?[\s/-]+(?:de\s+)?(?P<month>[^\W\d]+)\.?"
    r"|(?P<month2>[^\W\d]+)\.?[\s-]+(?P<day2>\d{1,2})(?:st|nd|rd|th)?)[,\s/-]+(?:de\s+)?(?P<year>\d{4}|\d\d)"
    + TIME
    + "$",
    re.IGNORECASE,
)
COMPACT = re.compile(r"^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$")
EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$")
EARLIEST, LATEST = 1970, 2100

_NAMES = """
jan january januar janvier enero gennaio januari janeiro styczeń stycznia janv ene gen
feb february februar février febrero febbraio februari fevereiro luty lutego fév févr fev
mar march märz mars marzo maart março marzec marca mär mrz mrt
apr april avril abril aprile kwiecień kwietnia avr abr
may mai mayo maggio mei maio maj maja mag
jun june juni juin junio giugno junho czerwiec czerwca giu
jul july juli juillet julio luglio julho lipiec lipca juil lug
aug august août agosto augustus sierpień sierpnia aoû ago
sep september septembre septiembre settembre setembro wrzesień września sept set
oct october oktober octobre octubre ottobre outubro październik października okt ott out
nov november novembre noviembre novembro listopad listopada
dec december dezember décembre diciembre dicembre dezembro grudzień grudnia dez déc dic
"""
MONTHS = {
    name: month for month, line in enumerate(_NAMES.split("\n")[1:-1], start=1) for name in line.split()
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a column's values say about the order of day and month."""

    order: Order
    open_values: int
    """How many read differently with day or month first."""
    example: str = ""

    @property
    def is_ambiguous(self) -> bool:
        """Whether somebody has to say it: values are open, and none decides."""
        return self.open_values > 0 and not self.order


def weigh(values: Iterable[Any]) -> Evidence:
    """Return what order the values of a column are in.

    >>> weigh(["03/04/2025", "25/04/2025"]).order
    'dmy'
    >>> weigh(["03/04/2025", "04/05/2025"]).is_ambiguous
    True
    >>> weigh(["2025-04-03", "03.04.2025"]).is_ambiguous
    False
    """
    day_first = month_first = year_first = undecided = 0
    example = ""
    for value in values:
        if not isinstance(value, str) or len(value) > 40 or ISO.match(value):
            continue
        match = NUMERIC.match(value.strip())
        if match is None or len(match["a"]) > 2:
            continue
        first, second, last = int(match["a"]), int(match["b"]), match["c"]
        if first > 31 and len(last) <= 2:
            year_first += 1
        elif first > 12 >= second:
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
        elif first != second and match["sep"] != ".":
            undecided += 1
            example = example or value
    if year_first and year_first > max(day_first, month_first):
        return Evidence("ymd", undecided, example)
    if day_first or month_first:
        return Evidence("dmy" if day_first >= month_first else "mdy", undecided, example)
    return Evidence("", undecided, example)


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) > 2 else 2000 + year if year < 70 else 1900 + year


def _zone(text: str | None, fallback: dt.tzinfo) -> dt.tzinfo:
    if not text:
        return fallback
    if text.upper() in {"Z", "UTC", "GMT"}:
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    return dt.timezone(sign * dt.timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _assemble(match: re.Match[str], year: int, month: int, day: int, zone: dt.tzinfo) -> dt.datetime:
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    half = (match["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("no such hour")
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return dt.datetime(year, month, day, hour, minute, second, tzinfo=_zone(match["zone"], zone))


def _numeric(match: re.Match[str], order: Order, zone: dt.tzinfo) -> dt.datetime:
    a, b, c = match["a"], match["b"], match["c"]
    if len(a) > 2:
        parts = (_year(a), int(b), int(c))
    else:
        # Points between the figures mean the day first everywhere; slashes and dashes do not say.
        used: Order = "dmy" if match["sep"] == "." and order != "ymd" else order
        if not used:
            if int(a) == int(b) or int(a) > 12:
                used = "dmy"
            elif int(b) > 12:
                used = "mdy"
            else:
                raise CellError(
                    f"{quoted(match[0])} may have the day or the month first: choose the date order."
                )
        if used == "ymd":
            parts = (_year(a), int(b), int(c))
        elif used == "dmy":
            parts = (_year(c), int(b), int(a))
        else:
            parts = (_year(c), int(a), int(b))
    return _assemble(match, *parts, zone)


def _epoch(seconds: float) -> dt.datetime:
    if seconds > 1e11:
        seconds /= 1000
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def _from_number(value: float) -> dt.datetime:
    if 15_000 < value < 75_000:
        # A workbook counts days from 30 December 1899.
        return dt.datetime(1899, 12, 30, tzinfo=dt.UTC) + dt.timedelta(days=value)
    if value > 1e8:
        return _epoch(value)
    raise ValueError("no date")


def _read(text: str, order: Order, zone: dt.tzinfo) -> dt.datetime:
    if ISO.match(text):
        found = dt.datetime.fromisoformat(text.replace(" UTC", "Z").replace(" GMT", "Z"))
        return found if found.tzinfo else found.replace(tzinfo=zone)
    match = NUMERIC.match(text)
    if match is not None:
        return _numeric(match, order, zone)
    if COMPACT.match(text):
        return dt.datetime(int(text[:4]), int(text[4:6]), int(text[6:]), tzinfo=zone)
    if EPOCH.match(text):
        return _epoch(float(text))
    match = NAMED.match(text)
    if match is not None:
        month = MONTHS.get((match["month"] or match["month2"]).lower().rstrip("."), 0)
        if month:
            return _assemble(match, _year(match["year"]), month, int(match["day"] or match["day2"]), zone)
    if "," in text or ":" in text:
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=zone)
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def reader(*, order: Order, zone: dt.tzinfo) -> Callable[[Any], dt.datetime]:
    """Return a function from a cell to a moment; dates alone begin at midnight in `zone`.

    >>> read = reader(order="dmy", zone=dt.UTC)
    >>> read("3/4/2025").date().isoformat(), read("12 Nov 2025 9:30 pm").isoformat()
    ('2025-04-03', '2025-11-12T21:30:00+00:00')
    """
    shape = dict(ORDERS).get(order, "")

    def read(cell: Any) -> dt.datetime:
        try:
            if isinstance(cell, dt.datetime):
                found = cell if cell.tzinfo else cell.replace(tzinfo=zone)
            elif isinstance(cell, dt.date):
                found = dt.datetime(cell.year, cell.month, cell.day, tzinfo=zone)
            elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
                text = str(cell)
                found = _read(text, order, zone) if COMPACT.match(text) else _from_number(cell)
            else:
                found = _read(str(cell).strip(), order, zone)
        except CellError:
            raise
        except (ValueError, OverflowError, TypeError, OSError, IndexError) as error:
            hint = f" as {shape}" if shape and isinstance(cell, str) and NUMERIC.match(cell.strip()) else ""
            raise CellError(f"{quoted(cell)} is in no date format that we know{hint}.") from error
        if not EARLIEST <= found.year <= LATEST:
            raise CellError(f"{quoted(cell)} lies outside the years {EARLIEST} to {LATEST}.")
        return found

    return read
