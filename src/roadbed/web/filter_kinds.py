"""The kinds of filter: how each is read from the address, written back, and said in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from roadbed.web import formats


class Query(Protocol):
    """What we read of a ``QueryDict``."""

    def getlist(self, key: str) -> list[str]:
        """Return every value of a parameter."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: its value in the address, what people read, and how many rows have it, where that is known."""

    value: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From and to, both included; either may be open."""

    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What every kind of filter has. Pinned ones stand in the bar even when they are not set."""

    name: str
    label: str
    pinned: bool = False
    options: tuple[Option, ...] = ()
    hint: str = ""

    kind = ""

    def read(self, query: Query, options: Sequence[Option]) -> Any:
        """Return the value in the address, or None; raise ValueError with words for people when it is malformed."""
        raise NotImplementedError

    def write(self, value: Any) -> list[tuple[str, str]]:
        """Return the parameters that stand for the value."""
        return [(self.name, str(value))]

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the value in a few words, for the chip."""
        return str(value)

    def last(self, query: Query, name: str = "") -> str:
        """Return the last value of the parameter, without surrounding spaces."""
        found = query.getlist(name or self.name)
        return found[-1].strip() if found else ""


@dataclass(frozen=True, slots=True, init=False)
class Text(Filter):
    """Words. With `search` it is the search field of the bar instead of a chip."""

    search: bool = False

    kind = "text"

    def __init__(
        self, name: str, label: str, *, search: bool = False, pinned: bool = False, hint: str = ""
    ) -> None:
        _fill(self, name=name, label=label, search=search, pinned=pinned, hint=hint, options=())

    def read(self, query: Query, options: Sequence[Option]) -> str | None:
        """Return the words, at most two hundred letters of them; a zero byte would upset the database."""
        return self.last(query).replace("\x00", "").strip()[:200].strip() or None


@dataclass(frozen=True, slots=True, init=False)
class Choice(Filter):
    """One of several."""

    kind = "choice"

    def __init__(
        self, name: str, label: str, *, options: Sequence[Option] = (), pinned: bool = False, hint: str = ""
    ) -> None:
        _fill(self, name=name, label=label, options=tuple(options), pinned=pinned, hint=hint)

    def read(self, query: Query, options: Sequence[Option]) -> str | None:
        """Return the chosen value."""
        value = self.last(query)
        if not value:
            return None
        if value not in {option.value for option in options}:
            raise ValueError(f"There is no {self.label.lower()} “{value[:40]}”.")
        return value

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the choice's label."""
        return next((option.label for option in options if option.value == value), str(value))


@dataclass(frozen=True, slots=True, init=False)
class MultiChoice(Filter):
    """Any of several: rows that have at least one of them."""

    kind = "multi"

    def __init__(
        self, name: str, label: str, *, options: Sequence[Option] = (), pinned: bool = False, hint: str = ""
    ) -> None:
        _fill(self, name=name, label=label, options=tuple(options), pinned=pinned, hint=hint)

    def read(self, query: Query, options: Sequence[Option]) -> tuple[str, ...] | None:
        """Return the chosen values in the order of the options, so that the address is canonical."""
        chosen = {value.strip() for value in query.getlist(self.name)} - {""}
        if not chosen:
            return None
        unknown = chosen - {option.value for option in options}
        if unknown:
            raise ValueError(f"There is no {self.label.lower()} “{min(unknown)[:40]}”.")
        return tuple(option.value for option in options if option.value in chosen)

    def write(self, value: Any) -> list[tuple[str, str]]:
        """Return one parameter for each value."""
        return [(self.name, one) for one in value]

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the labels; beyond three, how many."""
        labels = [option.label for option in options if option.value in value]
        return ", ".join(labels) if len(labels) <= 3 else f"{labels[0]} and {len(labels) - 1} others"


@dataclass(frozen=True, slots=True, init=False)
class NumberRange(Filter):
    """From one number to another."""

    unit: str = ""

    kind = "number"

    def __init__(
        self, name: str, label: str, *, unit: str = "", pinned: bool = False, hint: str = ""
    ) -> None:
        _fill(self, name=name, label=label, unit=unit, pinned=pinned, hint=hint, options=())

    def read(self, query: Query, options: Sequence[Option]) -> Range | None:
        """Return the range, the ends in order."""
        low, high = (self._number(self.last(query, f"{self.name}_{end}")) for end in ("from", "to"))
        if low is None and high is None:
            return None
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Range(low, high)

    def _number(self, text: str) -> Decimal | None:
        if not text:
            return None
        try:
            value = Decimal(text.replace(",", "").replace(" ", ""))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or abs(value) > Decimal(10) ** 15:
            raise ValueError(f"{self.label}: “{text[:20]}” is not a number.")
        # `normalize` makes 5.0 and 5 one; fixed-point keeps it from writing 1E+3.
        return Decimal(f"{value.normalize():f}") + 0

    def write(self, value: Any) -> list[tuple[str, str]]:
        """Return a parameter for each end that is set."""
        ends = (("from", value.low), ("to", value.high))
        return [(f"{self.name}_{end}", f"{one:f}") for end, one in ends if one is not None]

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the range in words."""
        low, high = (
            None if one is None else f"{self.unit}{formats.number(one, digits=_digits(one))}"
            for one in (value.low, value.high)
        )
        if low and high:
            return f"{low} to {high}"
        return f"from {low}" if low else f"up to {high}"


@dataclass(frozen=True, slots=True, init=False)
class DateRange(Filter):
    """From one day to another, both included."""

    kind = "date"

    def __init__(self, name: str, label: str, *, pinned: bool = False, hint: str = "") -> None:
        _fill(self, name=name, label=label, pinned=pinned, hint=hint, options=())

    def read(self, query: Query, options: Sequence[Option]) -> Range | None:
        """Return the days, in order."""
        low, high = (self._day(self.last(query, f"{self.name}_{end}")) for end in ("from", "to"))
        if low is None and high is None:
            return None
        if low is not None and high is not None and low > high:
            low, high = high, low
        return Range(low, high)

    def _day(self, text: str) -> dt.date | None:
        if not text:
            return None
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{self.label}: “{text[:20]}” is not a date such as 2026-11-23.") from None

    def write(self, value: Any) -> list[tuple[str, str]]:
        """Return a parameter for each end that is set."""
        ends = (("from", value.low), ("to", value.high))
        return [(f"{self.name}_{end}", one.isoformat()) for end, one in ends if one is not None]

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the days; the year is always said, because an address is read again next year."""
        low, high = (
            None if one is None else f"{one.day} {formats.MONTHS[one.month - 1]} {one.year}"
            for one in (value.low, value.high)
        )
        if low and high:
            return low if low == high else f"{low} – {high}"
        return f"since {low}" if low else f"until {high}"


@dataclass(frozen=True, slots=True, init=False)
class Boolean(Filter):
    """Yes, no, or (when it is not set) both."""

    yes: str = "yes"
    no: str = "no"

    kind = "choice"

    def __init__(
        self, name: str, label: str, *, yes: str = "yes", no: str = "no", pinned: bool = False, hint: str = ""
    ) -> None:
        options = (Option("yes", yes), Option("no", no))
        _fill(self, name=name, label=label, yes=yes, no=no, pinned=pinned, hint=hint, options=options)

    def read(self, query: Query, options: Sequence[Option]) -> bool | None:
        """Return the answer."""
        text = self.last(query).lower()
        if not text:
            return None
        if text not in {"yes", "no"}:
            raise ValueError(f"{self.label} is yes or no, not “{text[:20]}”.")
        return text == "yes"

    def write(self, value: Any) -> list[tuple[str, str]]:
        """Return yes or no."""
        return [(self.name, "yes" if value else "no")]

    def describe(self, value: Any, options: Sequence[Option]) -> str:
        """Return the answer's own words."""
        return self.yes if value else self.no


def _fill(target: Filter, **values: Any) -> None:
    """Set the fields of a frozen filter; each kind has a signature of its own, with name and label by position."""
    for name, value in values.items():
        object.__setattr__(target, name, value)


def _digits(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
