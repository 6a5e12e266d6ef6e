"""Two to four segments side by side: which of their customers ask for what, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roadbed.core.records.models import Record
from roadbed.modules.insights.models import Segment
from roadbed.modules.insights.selectors import demand, outline_figures
from roadbed.modules.insights.selectors.outline_scope import Scope, accounts_of
from roadbed_engines.errors import NotEnoughDataError
from roadbed_engines.stats.proportions import (
    ProportionDifference,
    Share,
    difference_in_proportions,
    share_of,
)

FEWEST, MOST = 2, 4
ROWS = 25


@dataclass(frozen=True, slots=True)
class Cell:
    """What one segment says of one record; `difference` is to the first segment, None in that one."""

    segment: Segment
    people: int
    accounts: int
    heard: int
    share: Share | None
    difference: ProportionDifference | None


@dataclass(frozen=True, slots=True)
class Line:
    """One need or feature with a cell for each segment."""

    record: Record
    cells: tuple[Cell, ...]

    @property
    def spread(self) -> float:
        """How far the segments lie apart, surely: the interval's end nearer to nought, 0 where it spans nought."""
        sure = [
            min(abs(cell.difference.low), abs(cell.difference.high))
            for cell in self.cells
            if cell.difference is not None and cell.difference.is_clear
        ]
        return max(sure, default=0.0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The segments, how many of their customers were heard, how many are in two of them, and the lines."""

    segments: tuple[Segment, ...]
    heard: dict[int, int]
    shared: int
    lines: tuple[Line, ...]
    more: bool


def _share(accounts: int, heard: int) -> Share | None:
    try:
        return share_of(successes=min(accounts, heard), trials=heard)
    except NotEnoughDataError:
        return None


def _difference(first: Cell, accounts: int, heard: int) -> ProportionDifference | None:
    try:
        return difference_in_proportions(
            successes=(min(first.accounts, first.heard), min(accounts, heard)), trials=(first.heard, heard)
        )
    except NotEnoughDataError:
        return None


def _in_two(segments: Sequence[Segment]) -> int:
    """Return how many accounts are in the first segment and in another one."""
    first = accounts_of(segments[0])
    shared = first.none()
    for segment in segments[1:]:
        shared = shared | first.filter(pk__in=accounts_of(segment).values("pk"))
    return shared.order_by().count()


def compare(
    *, workspace_id: int, segments: Sequence[Segment], kind: str = "need", by: str = "impact"
) -> Comparison:
    """Return the needs (or features) that most is asked for, with each segment's share of its customers heard.

    Remembered until somebody writes in the workspace.

    Parameters
    ----------
    segments : sequence of Segment
        Two to four; differences are to the first.
    by : str
        Which records come first: those of the largest ``impact``, or of the clearest ``difference``.
    """
    named = tuple((segment.pk, segment.version) for segment in segments)
    return outline_figures.remember(
        "compare",
        Scope(workspace_id=workspace_id),
        (named, kind, by),
        compute=lambda: _compare(workspace_id, segments, kind=kind, by=by),
    )


def _compare(workspace_id: int, segments: Sequence[Segment], *, kind: str, by: str) -> Comparison:
    candidates = ROWS if by == "impact" else ROWS * 4
    rows = (
        Record.objects.in_workspace(workspace_id)
        .filter(kind=kind, archived_at__isnull=True, tally__people__gt=0)
        .select_related("tally")
        .order_by("-tally__impact", "-pk")
    )
    records = list(rows[: candidates + 1])
    more, records = len(records) > candidates, records[:candidates]
    found = demand.by_segment(
        workspace_id=workspace_id, record_ids=[record.pk for record in records], segments=segments
    )
    heard = demand.heard_accounts(workspace_id=workspace_id, segments=segments)
    lines = []
    for record in records:
        cells: list[Cell] = []
        for segment in segments:
            said = found.get(record.pk, {}).get(segment.pk)
            accounts, size = said.accounts if said else 0, heard.get(segment.pk, 0)
            cells.append(
                Cell(
                    segment=segment,
                    people=said.people if said else 0,
                    accounts=accounts,
                    heard=size,
                    share=_share(accounts, size),
                    difference=_difference(cells[0], accounts, size) if cells else None,
                )
            )
        lines.append(Line(record=record, cells=tuple(cells)))
    if by == "difference":
        lines.sort(key=lambda line: -line.spread)
        more, lines = more or len(lines) > ROWS, lines[:ROWS]
    return Comparison(tuple(segments), heard, _in_two(segments), tuple(lines), more)
