"""Which column is which field: guessed from headers and values, then edited by people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from roadbed.core.tables.reading import Row
from roadbed.core.tables.reading.rows import Cell
from roadbed.core.tables.targets import Field, ImportTarget, Preset
from roadbed.core.tables.values import parsers
from roadbed.core.tables.values.errors import CellError

KEEP = "+"
"""Keep the column with the record, under its own name."""
LEAVE = ""
"""Leave the column out."""
NOT_LETTERS = re.compile(r"[\W_]+")
MEMBER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class MappingError(ValueError):
    """The mapping cannot be used; the message says which column or field is the matter."""


def fold(header: str) -> str:
    """Return a header as it is compared.

    >>> fold("Customer E-Mail"), fold("customerEmail"), fold("Gesprächs_Datum")
    ('customer e mail', 'customer email', 'gesprachs datum')
    """
    spaced = MEMBER.sub(" ", header)
    plain = "".join(each for each in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(each))
    return NOT_LETTERS.sub(" ", plain.casefold()).strip()


def _names(field: Field) -> list[str]:
    return [fold(name) for name in (field.name, field.label, *field.aliases)]


def _is_email(cells: Sequence[Cell]) -> bool:
    def fits(cell: Cell) -> bool:
        try:
            return bool(parsers.email(cell))
        except CellError:
            return False

    filled = [cell for cell in cells if not parsers.is_empty(cell)]
    return len(filled) >= 3 and sum(fits(cell) for cell in filled) >= 0.8 * len(filled)


def guess(
    *, target: ImportTarget, columns: Sequence[str], rows: Sequence[Row], preset: Preset | None = None
) -> list[str]:
    """Return a field name for each column: a preset that fits, else by header, else by what the values are.

    What is left over is kept under its own name where the target keeps other columns, and left out otherwise.
    """
    rest = KEEP if target.keeps_other_columns else LEAVE
    preset = preset or target.recognise(columns)
    if preset is not None:
        return preset.fields(columns, rest=rest)
    chosen: dict[int, str] = {}
    folded = [fold(column) for column in columns]
    # Exact names first, in the order of the names: "id" is a better external id than "order id".
    ranked = sorted(
        (rank, place, field.name)
        for field in target.fields
        for rank, name in enumerate(_names(field))
        for place, header in enumerate(folded)
        if header == name
    )
    for _, place, name in ranked:
        if place not in chosen and name not in chosen.values():
            chosen[place] = name
    for place, header in enumerate(folded):
        if place in chosen or not header:
            continue
        for field in target.fields:
            if field.name in chosen.values():
                continue
            if any(len(name) > 3 and re.search(rf"\b{re.escape(name)}\b", header) for name in _names(field)):
                chosen[place] = field.name
                break
    _guess_from_values(target, columns, rows, chosen)
    return [chosen.get(place, rest) for place in range(len(columns))]


def _guess_from_values(
    target: ImportTarget, columns: Sequence[str], rows: Sequence[Row], chosen: dict[int, str]
) -> None:
    usable = [row.cells for row in rows if not row.problem]
    if not usable:
        return
    lacking = [field for field in target.fields if field.name not in chosen.values()]
    for field in lacking:
        free = [place for place in range(len(columns)) if place not in chosen]
        if field.type == "email":
            for place in free:
                if _is_email([cells[place] for cells in usable if place < len(cells)]):
                    chosen[place] = field.name
                    break
        elif field.type == "long_text" and (field.required or field.name in target.needs_one_of):
            if any(name in chosen.values() for name in target.needs_one_of):
                continue
            lengths = {
                place: sum(len(str(cells[place] or "")) for cells in usable if place < len(cells))
                / len(usable)
                for place in free
            }
            longest = max(lengths, key=lambda place: lengths[place], default=None)
            if longest is not None and lengths[longest] > 20:
                chosen[longest] = field.name


def check(*, target: ImportTarget, columns: Sequence[str], fields: Sequence[str]) -> None:
    """Refuse a mapping that cannot be used.

    Raises
    ------
    MappingError
        If a field is unknown or used twice, a required one is missing, or the columns do not fit the file.
    """
    if len(fields) != len(columns):
        raise MappingError(f"The file has {len(columns)} columns, the mapping {len(fields)}.")
    known = {each.name: each for each in target.fields}
    used: dict[str, str] = {}
    for column, name in zip(columns, fields, strict=True):
        if name in {KEEP, LEAVE}:
            if name == KEEP and not target.keeps_other_columns:
                raise MappingError(f"“{column}” cannot be kept: {target.label} have no further columns.")
            continue
        if name not in known:
            raise MappingError(f"“{column}” is mapped to {name}, which {target.label.lower()} do not have.")
        if name in used:
            raise MappingError(f"“{used[name]}” and “{column}” are both mapped to {known[name].label}.")
        used[name] = column
    missing = [each.label for each in target.fields if each.required and each.name not in used]
    if missing:
        raise MappingError(f"No column is mapped to {' or '.join(missing)}, which every row needs.")
    if target.needs_one_of and not any(name in used for name in target.needs_one_of):
        labels = " or ".join(known[name].label for name in target.needs_one_of)
        raise MappingError(f"Map a column to {labels}.")


def by_name(
    *, target: ImportTarget, columns: Sequence[str], asked: Mapping[str, str], guessed: Sequence[str]
) -> list[str]:
    """Return the guess with what was asked for put in its place.

    Parameters
    ----------
    asked : mapping
        Header (or its number, from 1) to field name; `+` keeps a column, the empty name leaves it out.

    Raises
    ------
    MappingError
        If a header is not in the file.
    """
    fields = list(guessed)
    places = {fold(column): place for place, column in reversed(list(enumerate(columns)))}
    for header, name in asked.items():
        place = places.get(fold(header), int(header) - 1 if header.isdecimal() else -1)
        if not 0 <= place < len(columns):
            raise MappingError(f"The file has no column “{header}”. It has: {', '.join(columns)}.")
        for other, used in enumerate(fields):
            if name not in {KEEP, LEAVE} and used == name and other != place:
                fields[other] = KEEP if target.keeps_other_columns else LEAVE
        fields[place] = name
    return fields
