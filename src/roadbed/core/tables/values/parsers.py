"""The one function from a cell to a value for each type of field."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import urlsplit

from roadbed.core.tables.reading.rows import NUL, Cell, is_blank
from roadbed.core.tables.values import dates, escapes, numbers
from roadbed.core.tables.values.errors import CellError, quoted

Type = Literal[
    "text",
    "long_text",
    "number",
    "money",
    "integer",
    "boolean",
    "date",
    "datetime",
    "url",
    "email",
    "list",
    "choice",
]
Parse = Callable[[Cell], Any]

YES = frozenset(
    [
        "yes",
        "y",
        "true",
        "t",
        "1",
        "on",
        "x",
        "ja",
        "j",
        "oui",
        "o",
        "si",
        "sí",
        "s",
        "sim",
        "tak",
        "wahr",
        "vrai",
    ]
)
NO = frozenset(
    ["no", "n", "false", "f", "0", "off", "-", "nein", "non", "não", "nie", "nee", "falsch", "faux"]
)
EMAIL = re.compile(r"^[^@\s<>\"(),;:]+@[^@\s<>\"(),;:]+\.[^@\s<>\"(),;:.]{2,}$")
NAMED_EMAIL = re.compile(r"^\s*\"?(?P<name>[^<\"]*?)\"?\s*<(?P<email>[^<>\s]+)>\s*$")
LIST_MARKS = re.compile(r"[;,|\n]")
SPACES = re.compile(r"\s+")


def as_text(cell: Cell) -> str:
    """Return a cell as the text a person would see in it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return escapes.unescape(cell.replace(NUL, "") if NUL in cell else cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat(" ") if isinstance(cell, dt.datetime) else cell.isoformat()
    if isinstance(cell, (list, dict)):
        plain = isinstance(cell, list) and not any(isinstance(each, (list, dict)) for each in cell)
        return ", ".join(as_text(each) for each in cell) if plain else json.dumps(cell, ensure_ascii=False)
    return str(cell)


def long_text(cell: Cell) -> str:
    """Return a text with its lines kept."""
    text = as_text(cell)
    return (text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).strip()


def text(cell: Cell) -> str:
    """Return a text on one line."""
    found = as_text(cell).strip()
    return SPACES.sub(" ", found) if not found.isprintable() or "  " in found else found


def boolean(cell: Cell) -> bool:
    """Return yes or no, in the languages we know."""
    if isinstance(cell, bool):
        return cell
    word = as_text(cell).strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellError(f"{quoted(cell)} is neither yes nor no.")


def email(cell: Cell) -> str:
    """Return an address in lower case; ``Mira <mira@…>`` gives the address alone."""
    found = text(cell)
    named = NAMED_EMAIL.match(found)
    found = (named["email"] if named else found.removeprefix("mailto:")).lower()
    if not EMAIL.match(found) or len(found) > 254:
        raise CellError(f"{quoted(cell)} is no e-mail address.")
    return found


def url(cell: Cell) -> str:
    """Return a web address."""
    found = text(cell)
    if found.lower().startswith("www."):
        found = f"https://{found}"
    try:
        parts = urlsplit(found)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme.lower() not in {"http", "https", "ftp", "ftps"} or not host or " " in found:
        raise CellError(f"{quoted(cell)} is no web address: it should start with https://.")
    return found


def words(cell: Cell) -> list[str]:
    """Return the parts of a list, such as tags: parted by semicolons, commas, bars or lines; of objects their names."""
    parts = cell if isinstance(cell, list) else LIST_MARKS.split(as_text(cell))
    named = (part.get("name", "") if isinstance(part, dict) else part for part in parts)
    found = {" ".join(as_text(part).split()): None for part in named}
    found.pop("", None)
    return list(found)


def _whole(read: Callable[[Any], Decimal]) -> Parse:
    def parse(cell: Cell) -> int:
        number = read(cell)
        if number != number.to_integral_value():
            raise CellError(f"{quoted(cell)} is no whole number.")
        return int(number)

    return parse


def _choice(choices: Mapping[str, tuple[str, ...]]) -> Parse:
    by_word = {
        word.casefold(): value
        for value, aliases in choices.items()
        for word in (value, *aliases, value.replace("_", " "))
    }

    def parse(cell: Cell) -> str:
        word = text(cell).casefold()
        if word not in by_word:
            raise CellError(f"{quoted(cell)} is none of {', '.join(choices)}.")
        return by_word[word]

    return parse


def parser(
    kind: Type,
    *,
    order: dates.Order = "",
    zone: dt.tzinfo = dt.UTC,
    mark: numbers.Mark = "",
    currency: str = "",
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> Parse:
    """Return the function from a cell that is not blank to a value of the type; it raises `CellError`."""
    moment = dates.reader(order=order, zone=zone)
    number = numbers.reader(mark=mark, currency=currency if kind == "money" else "")
    known: dict[str, Parse] = {
        "text": text,
        "long_text": long_text,
        "number": number,
        "money": number,
        "integer": _whole(number),
        "boolean": boolean,
        "date": lambda cell: moment(cell).date(),
        "datetime": moment,
        "url": url,
        "email": email,
        "list": words,
    }
    return _choice(choices or {}) if kind == "choice" else known[kind]


def is_empty(cell: Cell) -> bool:
    """Whether a cell says nothing: blank, or a word that programs write for nothing."""
    return is_blank(cell) or (
        isinstance(cell, str) and cell.strip() in {"NULL", "null", "None", "NaN", "nan", "\\N"}
    )
