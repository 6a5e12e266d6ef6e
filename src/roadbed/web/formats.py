"""How figures, money, dates and ages are written for people. Pure: the clock comes in as an argument."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal

Number = int | float | Decimal

MINUS = "−"
SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF ", "SEK": "SEK ", "PLN": "PLN "}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_SIZES = ((999.5, 1.0, ""), (999_500.0, 1e3, "k"), (999.5e6, 1e6, "M"), (math.inf, 1e9, "B"))


def number(value: Number | None, *, digits: int = 0) -> str:
    """Return ``1,234`` or, with digits, ``1,234.5``; a dash when there is nothing to say.

    >>> number(1234567)
    '1,234,567'
    >>> number(-3.14159, digits=2)
    '−3.14'
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.{digits}f}".replace("-", MINUS)


def compact(value: Number | None) -> str:
    """Return three figures with a letter for the size.

    >>> compact(950), compact(84_000), compact(1_240_000)
    ('950', '84k', '1.24M')
    """
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(float(value))
    sign = MINUS if value < 0 else ""
    for limit, divisor, letter in (
        (999.5, 1.0, ""),
        (999_500, 1e3, "k"),
        (999.5e6, 1e6, "M"),
        (math.inf, 1e9, "B"),
    ):
        if size < limit:
            scaled = size / divisor
            digits = 0 if not letter or scaled >= 99.95 else 1 if scaled >= 9.995 else 2
            text = f"{scaled:,.{digits}f}"
            if "." in text:
                text = text.rstrip("0").rstrip(".")
            return f"{sign}{text}{letter}"
    raise AssertionError("unreachable: the last limit is infinite")


def money(value: Number | None, *, currency: str = "EUR") -> str:
    """Return a compact amount of money.

    >>> money(1_240_000), money(84_000, currency="USD"), money(-950)
    ('€1.24M', '$84k', '−€950')
    """
    if value is None or not math.isfinite(value):
        return "–"
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{MINUS if value < 0 else ''}{symbol}{compact(abs(float(value)))}"


def money_exact(value: Number | None, *, currency: str = "EUR") -> str:
    """Return the amount in full, for receipts and tooltips.

    >>> money_exact(1_240_000)
    '€1,240,000'
    """
    if value is None or not math.isfinite(value):
        return "–"
    digits = 0 if value == int(value) else 2
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{MINUS if value < 0 else ''}{symbol}{abs(value):,.{digits}f}"


def percent(share: Number | None, *, digits: int = 0) -> str:
    """Return a share of one as a percentage; it never rounds what is possible to never, or likely to certain.

    >>> percent(0.7241), percent(0.0004), percent(0.9999), percent(1)
    ('72%', '<1%', '>99%', '100%')
    """
    if share is None or not math.isfinite(share):
        return "–"
    smallest = 10.0**-digits
    value = float(share) * 100
    if digits == 0 and 0 < value < smallest / 2:
        return "<1%"
    if digits == 0 and 100 - smallest / 2 <= value < 100:
        return ">99%"
    return f"{value:,.{digits}f}%".replace("-", MINUS)


def signed(value: Number | None, *, digits: int = 1, unit: str = "") -> str:
    """Return a difference with its sign.

    >>> signed(-11.4, unit="%"), signed(5.13), signed(0)
    ('−11.4%', '+5.1', '0.0')
    """
    if value is None or not math.isfinite(value):
        return "–"
    text = f"{abs(value):,.{digits}f}{unit}"
    rounded = round(float(value), digits)
    return text if rounded == 0 else f"{MINUS if rounded < 0 else '+'}{text}"


def span(low: Number | None, high: Number | None, *, digits: int = 0, unit: str = "") -> str:
    """Return a range. Negative ends are parted by a word, because two dashes read badly.

    >>> span(7, 13), span(-18.0, -4.1, digits=1), span(6, 11, unit=" weeks"), span(3, 3)
    ('7–13', '−18.0 to −4.1', '6–11 weeks', '3')
    """
    if low is None or high is None:
        return "–"
    first, last = number(low, digits=digits), number(high, digits=digits)
    if first == last:
        return f"{first}{unit}"
    joiner = " to " if low < 0 or high < 0 else "–"
    return f"{first}{joiner}{last}{unit}"


def day(value: dt.date | dt.datetime | None, *, today: dt.date) -> str:
    """Return ``12 Nov``, with the year where it could be mistaken.

    >>> day(dt.date(2026, 11, 12), today=dt.date(2026, 11, 23))
    '12 Nov'
    >>> day(dt.date(2025, 11, 12), today=dt.date(2026, 11, 23))
    '12 Nov 2025'
    """
    if value is None:
        return "–"
    date = value.date() if isinstance(value, dt.datetime) else value
    text = f"{date.day} {MONTHS[date.month - 1]}"
    near = date.year == today.year or abs((date - today).days) <= 183
    return text if near else f"{text} {date.year}"


def day_span(start: dt.date | None, end: dt.date | None, *, today: dt.date) -> str:
    """Return a range of days, saying each part once.

    >>> day_span(dt.date(2026, 11, 3), dt.date(2026, 11, 14), today=dt.date(2026, 11, 23))
    '3–14 Nov'
    >>> day_span(dt.date(2026, 11, 28), dt.date(2026, 12, 4), today=dt.date(2026, 11, 23))
    '28 Nov – 4 Dec'
    >>> day_span(None, dt.date(2026, 12, 4), today=dt.date(2026, 11, 23))
    'until 4 Dec'
    """
    if start is None and end is None:
        return "–"
    if start is None:
        return f"until {day(end, today=today)}"
    if end is None:
        return f"from {day(start, today=today)}"
    if start == end:
        return day(start, today=today)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day(end, today=today)}"
    return f"{day(start, today=today)} – {day(end, today=today)}"


def age(value: dt.datetime | None, *, now: dt.datetime) -> str:
    """Return how long ago something was, or how long until it is, in the largest unit that fits.

    >>> noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    >>> age(noon - dt.timedelta(hours=2, minutes=40), now=noon)
    '2 h'
    >>> age(noon + dt.timedelta(days=3), now=noon)
    'in 3 d'
    """
    if value is None:
        return "–"
    seconds = (now - value).total_seconds()
    ahead = seconds < 0
    seconds = abs(seconds)
    if seconds < 60:
        return "now"
    for limit, divisor, unit in (
        (3_600, 60, "min"),
        (86_400, 3_600, "h"),
        (86_400 * 14, 86_400, "d"),
        (86_400 * 61, 86_400 * 7, "w"),
        (86_400 * 730, 86_400 * 30.44, "mo"),
        (math.inf, 86_400 * 365.25, "y"),
    ):
        if seconds < limit:
            text = f"{int(seconds // divisor)} {unit}"
            return f"in {text}" if ahead else text
    raise AssertionError("unreachable: the last limit is infinite")


def duration(seconds: Number | None) -> str:
    """Return a length of time.

    >>> duration(0.42), duration(38), duration(200), duration(7_500)
    ('0.4 s', '38 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds is None:
        return "–"
    value = float(seconds)
    if value < 10:
        return f"{value:.1f} s"
    if value < 60:
        return f"{value:.0f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count: int | None) -> str:
    """Return a number of bytes.

    >>> size(900), size(1_258_291)
    ('900 B', '1.2 MB')
    """
    if count is None:
        return "–"
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"


def plural(count: int, one: str, many: str = "") -> str:
    """Return the count with its noun.

    >>> plural(1, "quote"), plural(1200, "quote"), plural(2, "person", "people")
    ('1 quote', '1,200 quotes', '2 people')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """Return one or two letters for a face.

    >>> initials("Mira Oduya"), initials("ada@example.com"), initials("")
    ('MO', 'A', '?')
    """
    words = [
        word for word in name.split("@")[0].replace(".", " ").replace("-", " ").split() if word[0].isalnum()
    ]
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()
