"""Reads a table from a file, whatever its format, row by row and in bounded memory."""

from roadbed.core.tables.reading.rows import Cell, Layout, Row, Table, UnreadableFileError
from roadbed.core.tables.reading.tables import FORMATS, open_table, probe

__all__ = ["FORMATS", "Cell", "Layout", "Row", "Table", "UnreadableFileError", "open_table", "probe"]
