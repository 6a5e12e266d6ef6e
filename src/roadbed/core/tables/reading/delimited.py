"""CSV and TSV: every row that can be understood is kept, and every one that cannot is named by its line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from roadbed.core.tables.reading.rows import NUL, Row, UnreadableFileError

DELIMITERS = (",", ";", "\t", "|")
FIELD_LIMIT = 131_072
FAULTS = "surrogateescape"
SHOWN = 300
FAULTY = re.compile("[\udc80-\udcff]")


class _Lines:
    """The physical lines of a file, which can be put back."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self._file = iter(file)
        self._waiting: list[str] = []
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.pop() if self._waiting else next(self._file)
        self.number += 1
        self.taken.append(line)
        return line.replace(NUL, "") if NUL in line else line

    def put_back(self) -> str:
        """Give all lines of the record back but its first, which is returned."""
        first, rest = self.taken[0], self.taken[1:]
        self._waiting.extend(reversed(rest))
        self.number -= len(rest)
        self.taken = []
        return first


def _reason(error: csv.Error, line: int) -> str:
    text = str(error)
    if "field larger" in text:
        return (
            f"Line {line}: a field is over {FIELD_LIMIT:,} characters, or a quotation mark here never closes."
        )
    if "unexpected end" in text:
        return f"Line {line}: a quotation mark opens here that never closes."
    return f"Line {line}: broken quotation marks. A mark within a quoted field is written twice."


def _open(path: Path, encoding: str) -> io.TextIOWrapper:
    errors = "replace" if encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")) else FAULTS
    return path.open(encoding=encoding, errors=errors, newline="")


def _has_faults(cells: Sequence[str]) -> bool:
    return any(FAULTY.search(cell) for cell in cells if not cell.isascii())


def read(
    path: Path, *, encoding: str, delimiter: str, width: int = 0, check_bytes: bool = True
) -> Iterator[Row]:
    """Yield every record; blank lines are passed over.

    A record whose quotation marks do not fit costs its first line only: reading goes on with the line after it,
    so that nothing behind it is swallowed.

    Parameters
    ----------
    width : int
        How many columns a record must have; 0 to accept any.
    """
    with _open(path, encoding) as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            start = lines.number + 1
            lines.taken.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                first = lines.put_back()
                yield Row(start, [first.rstrip("\r\n")[:SHOWN]], _reason(error, start))
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                continue
            except UnicodeError as error:
                raise UnreadableFileError(
                    f"The file cannot be read as {encoding} after line {lines.number}. Choose another encoding."
                ) from error
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if width and len(cells) != width:
                yield Row(start, cells, f"Line {start} has {len(cells)} columns, the header has {width}.")
            elif check_bytes and _has_faults(cells):
                shown = [cell.encode("utf-8", FAULTS).decode("utf-8", "replace") for cell in cells]
                yield Row(start, shown, f"Line {start} holds bytes that are not valid {encoding}.")
            else:
                yield Row(start, cells)


def sniff(path: Path, *, encoding: str) -> str:
    """Return the delimiter that cuts the first records into the same number of columns most often."""
    with _open(path, encoding) as file:
        try:
            sample = file.read(65_536)
        except UnicodeError as error:
            raise UnreadableFileError(
                f"The file cannot be read as {encoding}. Choose another encoding."
            ) from error
    sample = sample.replace(NUL, "")
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
                if cells:
                    widths.append(len(cells))
                if len(widths) >= 60:
                    break
        except csv.Error:
            pass
        usual = max(set(widths), key=lambda each: (widths.count(each), each), default=1)
        if usual < 2:
            continue
        score = (round(widths.count(usual) / len(widths), 2), usual)
        if score > best_score:
            best, best_score = delimiter, score
    return best
