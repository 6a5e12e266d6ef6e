"""XLSX, looked through before it is opened: a workbook may be small on disk and enormous in memory."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import python_calamine

from roadbed.core.tables.reading.rows import Row, UnreadableFileError

UNPACKED_LIMIT = 300 * 1024 * 1024
RATIO_LIMIT = 250
RATIO_FROM = 20 * 1024 * 1024
MEMBER_LIMIT = 5_000
CELL_LIMIT = 6_000_000
CHUNK = 1 << 20
REFERENCE = rb"""\br\s*=\s*["']([A-Z]{1,3})(\d{1,7})["']"""
CELL = re.compile(rb"<(?:\w+:)?c\s(?:[^>]*?\s)?" + REFERENCE + rb"[^>]*?(/?)>")
WITHOUT = re.compile(rb"<(?:\w+:)?c(?:\s(?![^>]*\br\s*=)[^>]*)?>")
ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["'](\d{1,7})["']""")
FAILED = re.compile(rb"""<(?:\w+:)?c\s(?=[^>]*\bt\s*=\s*["']e["'])[^>]*?""" + REFERENCE)
UNSAVED = re.compile(
    rb"<(?:\w+:)?c\s[^>]*?"
    + REFERENCE
    + rb"[^>]*><(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)"
    + rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(slots=True)
class Survey:
    """What a look through a sheet's XML found."""

    last_row: int = 0
    last_column: int = 0
    faulty: dict[int, dict[int, str]] = field(default_factory=dict)
    """By row and column (from 1): what is wrong with a cell."""


def column_number(letters: str) -> int:
    """Return the number of a column.

    >>> column_number("A"), column_number("AA"), column_number("XFD")
    (1, 27, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _megabytes(count: int) -> str:
    return f"{count / 1_048_576:,.0f} MB"


def check_archive(path: Path) -> None:
    """Refuse an archive that would unpack to more than we are willing to hold.

    Raises
    ------
    UnreadableFileError
        If it is no workbook, or a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            packed = max(1, sum(member.compress_size for member in members))
            if len(members) > MEMBER_LIMIT:
                raise UnreadableFileError(
                    f"The workbook has {len(members):,} parts; {MEMBER_LIMIT:,} are the most."
                )
            if total > UNPACKED_LIMIT or (total > RATIO_FROM and total / packed > RATIO_LIMIT):
                raise UnreadableFileError(
                    f"The workbook unpacks from {_megabytes(packed)} to {_megabytes(total)}, more than we open "
                    f"({_megabytes(UNPACKED_LIMIT)} and {RATIO_LIMIT} times its size are the most). Save it as CSV."
                )
            if "xl/workbook.xml" not in archive.namelist():
                raise UnreadableFileError("The file is an archive, but not an XLSX workbook.")
            # A member may lie about its size: reading it to the declared end checks its sum, and a lie fails.
            for member in members:
                with archive.open(member) as file:
                    while file.read(CHUNK):
                        pass
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise UnreadableFileError("The workbook is damaged or protected by a password.") from error
    except OSError as error:
        raise UnreadableFileError("The workbook is damaged.") from error
    except ValueError as error:
        if isinstance(error, UnreadableFileError):
            raise
        raise UnreadableFileError("The workbook is damaged.") from error


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the part of the archive that holds each sheet, by name."""
    for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if b"<!DOCTYPE" in archive.read(name)[:4096] or b"<!ENTITY" in archive.read(name):
            raise UnreadableFileError("The workbook defines entities of its own, which we do not read.")
    relations = {
        each.get("Id", ""): each.get("Target", "")
        for each in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - entities refused above
    }
    sheets: dict[str, str] = {}
    for each in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314 - entities refused above
        if each.tag.endswith("}sheet"):
            target = relations.get(each.get(RELATION, ""), "")
            sheets[each.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return sheets


def _survey(chunk: bytes, found: Survey) -> None:
    for match in CELL.finditer(chunk):
        if not match[3]:
            found.last_row = max(found.last_row, int(match[2]))
            found.last_column = max(found.last_column, column_number(match[1].decode()))
    if WITHOUT.search(chunk):
        found.last_row = max([found.last_row, *(int(match[1]) for match in ROW.finditer(chunk))])
    for pattern, problem in (
        (FAILED, "holds a formula that ended in an error"),
        (UNSAVED, "holds a formula whose value was not saved"),
    ):
        for match in pattern.finditer(chunk):
            found.faulty.setdefault(int(match[2]), {})[column_number(match[1].decode())] = problem


@lru_cache(maxsize=4)
def _survey_once(path: Path, sheet: str, changed: int) -> Survey:
    return survey(path, sheet)


def survey(path: Path, sheet: str) -> Survey:
    """Look through a sheet without building it: how far it reaches, and which formulas have no value.

    Raises
    ------
    UnreadableFileError
        If it reaches so far that building it would fill the memory.
    """
    found = Survey()
    try:
        with zipfile.ZipFile(path) as archive:
            member = _members(archive).get(sheet, "")
            if member not in archive.namelist():
                raise UnreadableFileError(f"The workbook has no sheet named {sheet!r}.")
            with archive.open(member) as file:
                rest = b""
                while chunk := file.read(CHUNK):
                    chunk = rest + chunk
                    cut = chunk.rfind(b"</row>")
                    cut = cut if cut > 0 else len(chunk) if len(chunk) > 32 * CHUNK else 0
                    _survey(chunk[:cut], found)
                    rest = chunk[cut:]
                _survey(rest, found)
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile) as error:
        raise UnreadableFileError("The workbook is damaged.") from error
    cells = found.last_row * found.last_column
    if cells > CELL_LIMIT:
        raise UnreadableFileError(
            f"The sheet {sheet!r} reaches to row {found.last_row:,} and column {found.last_column:,}: {cells:,} cells, "
            f"{CELL_LIMIT:,} are the most. Delete what lies far outside, or save it as CSV."
        )
    return found


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the visible sheets, the first one first."""
    check_archive(path)
    try:
        with python_calamine.load_workbook(path) as book:
            return tuple(
                each.name
                for each in book.sheets_metadata
                if each.typ == python_calamine.SheetTypeEnum.WorkSheet
                and each.visible == python_calamine.SheetVisibleEnum.Visible
            )
    except python_calamine.PasswordError as error:
        raise UnreadableFileError("The workbook is protected by a password. Save it without one.") from error
    except (python_calamine.CalamineError, OSError) as error:
        raise UnreadableFileError(f"The workbook cannot be read: {error}.") from error


def _plain(cell: Any) -> Any:
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def read(path: Path, *, sheet: str, width: int = 0) -> Iterator[Row]:
    """Yield every row of a sheet that has anything in it, with the spreadsheet's own row numbers."""
    faulty = _survey_once(path, sheet, path.stat().st_mtime_ns).faulty
    try:
        with python_calamine.load_workbook(path) as book:
            opened = book.get_sheet_by_name(sheet)
            before = opened.start[1] if opened.start else 0
            for number, cells in enumerate(opened.iter_rows(), start=1):
                row: list[Any] = [""] * before + [_plain(cell) for cell in cells]
                wrong = faulty.get(number, {})
                if not wrong and not any(cell != "" for cell in row):
                    continue
                if width:
                    row = row[:width] + [""] * (width - len(row))
                problems = [
                    f"{_letters(column)}{number} {problem}"
                    for column, problem in wrong.items()
                    if not width or column <= width
                ]
                yield Row(number, row, f"Row {number}: {'; '.join(problems[:3])}." if problems else "")
    except (python_calamine.CalamineError, OSError) as error:
        raise UnreadableFileError(f"The sheet {sheet!r} cannot be read: {error}.") from error


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
