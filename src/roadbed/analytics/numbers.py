"""Numbers out of columns of text, as files hold them: TRUE and FALSE, 1,234.5, 3,14, €12, 4.5%, NA."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from roadbed.analytics.asking import BadQuestionError

BLANK = ("", "na", "n/a", "nan", "null", "none", "-", "\\n", "#n/a", "nil")
YES, NO = ("true", "t", "yes", "y", "on"), ("false", "f", "no", "n", "off")
THOUSANDS = r"^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$"
DECIMAL_COMMA = r"^[-+]?\d+(\.\d{3})*,\d+$"
LARGEST_WHOLE = 2.0**53
SIGNS = r"[\s$€£¥%']"


@dataclass(frozen=True, slots=True)
class Unread:
    """Cells of a column that hold something else than a number; they count as missing."""

    column: str
    cells: int
    rows: int
    example: str


def read_columns(table: ir.Table, columns: Sequence[str]) -> tuple[dict[str, ir.Value], list[Unread]]:
    """Return an expression of numbers for each column, and what could not be read.

    How text is to be read is decided by the whole column: a comma before anything but three digits makes it a decimal
    comma everywhere.

    Raises
    ------
    BadQuestionError
        If a column holds dates, lists or other things that are never numbers.
    """
    found: dict[str, ir.Value] = {}
    texts = []
    for name in columns:
        column = table[name]
        if column.type().is_string():
            texts.append(name)
        elif column.type().is_boolean():
            found[name] = column.cast("int32")
        elif column.type().is_integer():
            # Whole numbers stay whole where that is exact and quicker; whoever divides casts.
            found[name] = column.cast("int64" if column.type().nbytes > 4 else "int32")
        elif column.type().is_numeric() or column.type().is_null():
            found[name] = column.cast("float64")
        else:
            raise BadQuestionError(f"{name} holds no numbers: it is of type {column.type()}.")
    if not texts:
        return found, []
    asked = {}
    for at, name in enumerate(texts):
        cell, plain = _bare(table[name]), _plain(table[name])
        held = cell.notnull()
        bare = cell.re_replace(SIGNS, "")
        thousands, comma = bare.re_search(THOUSANDS), bare.re_search(DECIMAL_COMMA)
        asked[f"rows{at}"] = held.sum()
        asked[f"lost{at}"] = (held & plain.isnull()).sum()
        asked[f"comma{at}"] = (comma & ~thousands).sum()
    seen = table.aggregate(**asked).to_pyarrow().to_pylist()[0]
    unread = []
    for at, name in enumerate(texts):
        found[name] = _plain(table[name])
        if not seen[f"lost{at}"]:
            continue
        found[name] = _dressed(table[name], has_decimal_comma=bool(seen[f"comma{at}"]))
        cell = _bare(table[name])
        bad = cell.notnull() & found[name].isnull()
        left = table.aggregate(cells=bad.sum(), example=cell.min(where=bad)).to_pyarrow().to_pylist()[0]
        if left["cells"]:
            unread.append(Unread(name, int(left["cells"]), int(seen[f"rows{at}"]), str(left["example"])))
    return found, unread


def names_of(column: ir.Value) -> ir.Value:
    """Return the cells as names: trimmed, blanks as missing, 1.0 as 1; whole numbers as they are."""
    if column.type().is_integer():
        return column
    if column.type().is_floating():
        whole = ibis.ifelse(column.abs() < LARGEST_WHOLE, column, 0.0).cast("int64")
        column = ibis.ifelse(whole.cast("float64") == column, whole.cast("string"), column.cast("string"))
    elif not column.type().is_string():
        column = column.cast("string")
    return column.strip().nullif("")


def _bare(column: ir.Value) -> ir.Value:
    """Return the cell without spaces around it, in lower case; what stands for nothing as missing."""
    cell = column.strip().lower()
    return ibis.ifelse(cell.isin(BLANK), ibis.null("string"), cell)


def _plain(column: ir.Value) -> ir.Value:
    cell = _bare(column)
    return ibis.cases(
        (cell.isin(YES), ibis.literal(1.0)),
        (cell.isin(NO), ibis.literal(0.0)),
        else_=cell.try_cast("float64"),
    ).cast("float64")


def _dressed(column: ir.Value, *, has_decimal_comma: bool) -> ir.Value:
    cell = _bare(column).re_replace(SIGNS, "")
    if has_decimal_comma:
        bare = ibis.ifelse(cell.contains(","), cell.replace(".", "").replace(",", "."), cell)
    else:
        bare = ibis.ifelse(cell.re_search(THOUSANDS), cell.replace(",", ""), cell)
    number = bare.try_cast("float64")
    return ibis.coalesce(_plain(column), ibis.ifelse(_bare(column).endswith("%"), number / 100.0, number))
