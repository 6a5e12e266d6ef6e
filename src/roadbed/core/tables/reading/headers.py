"""Which row names the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roadbed.core.tables.reading.rows import Cell, Row, is_blank

DATA = re.compile(
    r"""^\s*(?:
        [-+]?[\d.,\s]*\d                                   # a number
      | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?         # a date
      | [^@\s]+@[^@\s]+\.[^@\s]+                           # an address
      | https?://\S+
      | true | false | null
    )\s*$""",
    re.VERBOSE | re.IGNORECASE,
)


def _looks_like_data(cell: Cell) -> bool:
    if is_blank(cell):
        return False
    return not isinstance(cell, str) or len(cell) > 80 or "\n" in cell.strip() or bool(DATA.match(cell))


def find_header(rows: Sequence[Row]) -> int:
    """Return the number of the row that names the columns; 0 where the first row is data already.

    Lines above the table (a title, a date, a blank) are narrower than it is and are passed over.
    """
    usable = [row for row in rows if not row.problem]
    if not usable:
        return rows[0].number if rows else 1
    filled = [sum(not is_blank(cell) for cell in row.cells) for row in usable]
    usual = (
        max(set(filled[1:]) or {1}, key=lambda each: (filled[1:].count(each), each))
        if len(filled) > 1
        else filled[0]
    )
    widest = max(len(row.cells) for row in usable)
    for row, count in zip(usable[:15], filled, strict=False):
        if count < 2 and widest > 1 and usual > 1:
            continue
        if len(row.cells) < widest and count < usual:
            continue
        return 0 if any(_looks_like_data(cell) for cell in row.cells) else row.number
    return usable[0].number
