"""Rejected rows as a file: as they stood, with their number and the reason, ready to be corrected and sent again."""

from __future__ import annotations

from collections.abc import Iterator

from roadbed.core.tables import writing
from roadbed.core.tables.models import Import

NUMBER, REASON = "Row in the file", "Why it was rejected"


def as_csv(run: Import) -> Iterator[bytes]:
    """Yield the rejected rows as CSV: the file's own columns, then the row's number and the reason."""
    width = len(run.columns)

    def rows() -> Iterator[list[str]]:
        for each in run.rejects.order_by("row", "pk").iterator(chunk_size=500):
            cells = [str(cell) for cell in each.cells]
            if len(cells) > width:
                cells = [*cells[: width - 1], " | ".join(cells[width - 1 :])]
            yield [*cells, *[""] * (width - len(cells)), str(each.row), each.reason]

    columns = [writing.Column(name) for name in (*run.columns, NUMBER, REASON)]
    return writing.write(columns=columns, rows=rows(), format="csv")
