"""`roadbed forecast`: when, and how many, from a file of finished work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed_engines.forecast.calibration import Calibration
    from roadbed_engines.forecast.history import History

WEEK = 5
Horizon = Annotated[
    int, typer.Option("--horizon-weeks", "-w", min=1, max=104, help="How many weeks to look ahead.")
]


def forecast(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON or NDJSON.")],
    finished: Annotated[
        str, typer.Option("--finished", metavar="COLUMN", help="The column with the day an item was done.")
    ],
    started: Annotated[
        str, typer.Option("--started", metavar="COLUMN", help="The column with the day it was begun.")
    ] = "",
    horizon_weeks: Horizon = 4,
    items: Annotated[
        int,
        typer.Option(
            "--items", "-n", min=0, help="When will so many be done? By default what the horizon holds."
        ),
    ] = 0,
    today: Annotated[
        str,
        typer.Option(
            "--today", metavar="DAY", help="Forecast from this day; by default that of the last item."
        ),
    ] = "",
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Instead, score the forecasts that the past would have got.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Forecast from finished items alone, with no estimate and no workspace: when, how many, how sure.

    Working days are Mondays to Fridays. Each date is stretched by how far such forecasts were off before.

    Examples:

        roadbed forecast done.csv --finished Done --horizon-weeks 4 --json
        roadbed forecast done.csv --finished resolved --started created --items 30
        roadbed forecast done.csv --finished Done --backtest
    """
    from roadbed_engines.errors import NotEnoughDataError
    from roadbed_engines.forecast.history import count_finishes

    ends, starts = _days(file, finished, started)
    until = _day(today)
    ends = _not_ahead(file, ends, datetime.now(UTC).date())
    try:
        history = count_finishes(finished=[day for day in ends if day is not None], until=until)
        if backtest:
            _tell_backtest(history, weeks=horizon_weeks, as_json=as_json)
        else:
            cycle = _cycle(ends, starts, history.last) if started else {}
            _tell_forecast(history, weeks=horizon_weeks, items=items, cycle=cycle, as_json=as_json)
    except NotEnoughDataError as error:
        end(Exit.FAILURE, f"{file.name}: {error}.")


def _not_ahead(file: Path, ends: list[date | None], now: date) -> list[date | None]:
    """Leave out what is said to be finished on a day that has not come: it would move today to then."""
    ahead = sum(day is not None and day > now for day in ends)
    known = sum(day is not None for day in ends)
    if not ahead or ahead > known // 2:
        # Where most of it lies ahead, the calendar of this machine is what is wrong.
        return ends
    said = "1 item is" if ahead == 1 else f"{ahead} items are"
    typer.echo(f"{file.name}: {said} finished on a day that has not come, and left out.", err=True)
    return [None if day is not None and day > now else day for day in ends]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return end(Exit.USAGE, f"“{text}” is no day.", fix="Write it as 2026-11-23.")


def _days(file: Path, finished: str, started: str) -> tuple[list[date | None], list[date | None]]:
    """Return the days of the two columns, row by row; a cell without a date is an item that is not there yet."""
    from roadbed.core.tables import reading

    if not file.is_file():
        end(Exit.FAILURE, f"There is no file {file}.")
    try:
        table = reading.open_table(file, reading.probe(file, file.name))
        folded = {name.strip().casefold(): at for at, name in enumerate(table.columns)}
        wanted = [finished, started] if started else [finished]
        for name in wanted:
            if name.strip().casefold() not in folded:
                known = ", ".join(table.columns[:30])
                end(Exit.FAILURE, f"{file.name} has no column {name}.", fix=f"It has: {known}.")
        places = [folded[name.strip().casefold()] for name in wanted]
        rows = [[row.cells[at] if at < len(row.cells) else None for at in places] for row in table.rows()]
    except reading.UnreadableFileError as error:
        end(Exit.FAILURE, f"{file.name}: {error}")
    ends = _read(file, finished, [row[0] for row in rows])
    return ends, _read(file, started, [row[1] for row in rows]) if started else [None] * len(ends)


BLANK = {"", "na", "n/a", "nan", "null", "none", "-"}


def _read(file: Path, column: str, cells: Sequence[Any]) -> list[date | None]:
    from roadbed.core.tables.values import dates
    from roadbed.core.tables.values.errors import CellError

    read = dates.reader(order=dates.weigh(cells).order or "dmy", zone=UTC)
    found: list[date | None] = []
    refused = ""
    count = 0
    for cell in cells:
        if cell is None or (isinstance(cell, str) and cell.strip().casefold() in BLANK):
            found.append(None)
            continue
        try:
            moment: datetime = read(cell)
        except CellError as error:
            count += 1
            refused = refused or str(error)
            found.append(None)
            continue
        found.append(moment.date())
    if count and count > len(cells) // 2:
        end(Exit.FAILURE, f"{file.name}: the column {column} holds no days. {refused}")
    if count:
        cells_hold = "1 cell" if count == 1 else f"{count} cells"
        verbs = "holds no day, and does not count" if count == 1 else "hold no day, and do not count"
        typer.echo(f"{cells_hold} of {column} {verbs}: {refused}", err=True)
    return found


def _cycle(ends: Sequence[date | None], starts: Sequence[date | None], last: date) -> dict[str, Any]:
    """Return how long the items of the last 60 working days took, and how many are under way."""
    import numpy as np

    from roadbed_engines.forecast.throughput import WINDOW

    first = np.busday_offset(last, -WINDOW, roll="backward").astype(object)
    took = [
        int(np.busday_count(begun, done)) + 1
        for begun, done in zip(starts, ends, strict=True)
        if begun is not None and done is not None and first < done <= last and begun <= done
    ]
    under_way = sum(
        begun is not None and begun <= last and (done is None or done > last)
        for begun, done in zip(starts, ends, strict=True)
    )
    levels = {name: int(np.ceil(np.quantile(took, level))) for name, level in NAMED.items()} if took else {}
    return {"items": len(took), "working_days": levels, "under_way": under_way}


NAMED = {"p50": 0.5, "p85": 0.85, "p95": 0.95}


def _named(values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(NAMED, values, strict=True))


def _basis(calibration: Calibration) -> str:
    if calibration.is_own:
        return f"calibrated on {calibration.own} forecasts of this history"
    return (
        f"not yet calibrated: {calibration.own} past forecasts of its own, the errors of other teams stand in"
    )


def _tell_forecast(history: History, *, weeks: int, items: int, cycle: dict[str, Any], as_json: bool) -> None:
    from roadbed_engines.forecast import throughput

    many = throughput.how_many(history=history, days=weeks * WEEK)
    rate = throughput.pace(history.counts)
    asked = items or max(1, round(float(history.counts[-throughput.WINDOW :].mean()) * weeks * WEEK))
    when = throughput.when_done(history=history, items=asked)
    if as_json:
        print_json(
            {
                "as_of": history.last.isoformat(),
                "history": {
                    "first": history.first.isoformat(),
                    "items": int(history.counts.sum()),
                    "working_days": len(history.counts),
                },
                "pace_per_week": round(rate * WEEK, 2),
                "when": {
                    "items": when.items,
                    "dates": _named([day.isoformat() if day else None for day in when.dates]),
                    "working_days": _named(when.days),
                    "simulated_working_days": _named(when.simulated),
                },
                "how_many": {
                    "weeks": weeks,
                    "items": _named(many.items),
                    "simulated_items": _named(many.simulated),
                },
                "calibration": {
                    "own_forecasts": many.calibration.own,
                    "calibrated": many.calibration.is_own,
                },
                **({"cycle": cycle} if cycle else {}),
            }
        )
        return
    chances = ("50%", "85%", "95%")
    print_table(
        ["chance", f"{when.items} items are done by", f"done within {weeks} weeks"],
        [
            (chance, f"{day:%-d %B %Y}" if day else "more than ten years ahead", f"at least {count}")
            for chance, day, count in zip(chances, when.dates, many.items, strict=True)
        ],
        title=f"From {history.last:%-d %B %Y}, at {rate * WEEK:.1f} items a week",
    )
    typer.echo(_basis(many.calibration).capitalize() + ".")
    if cycle.get("working_days"):
        took = cycle["working_days"]
        typer.echo(
            f"An item takes {took['p50']} working days in the middle, {took['p85']} at most for 85 of 100; "
            f"{cycle['under_way']} are under way."
        )


def _tell_backtest(history: History, *, weeks: int, as_json: bool) -> None:
    from roadbed_engines.forecast import backtest

    found = backtest.back_test(counts=history.counts, horizon=weeks * WEEK)
    if as_json:
        print_json(
            {
                "horizon_weeks": weeks,
                "forecasts": found.forecasts,
                "still_open": found.open_ones,
                "coverage": _named([round(share, 4) for share in found.given.coverage]),
                "pinball": round(found.given.pinball, 4),
                "width": round(found.given.width, 3),
                "simulated": {
                    "coverage": _named([round(share, 4) for share in found.simulated.coverage]),
                    "pinball": round(found.simulated.pinball, 4),
                    "width": round(found.simulated.width, 3),
                },
            }
        )
        return
    print_table(
        ["", "P50 held", "P85 held", "P95 held", "pinball loss", "P95 over P50"],
        [
            (
                name,
                *(f"{share:.0%}" for share in score.coverage),
                f"{score.pinball:.3f}",
                f"{score.width:.1f}×",
            )
            for name, score in (("as given", found.given), ("simulation alone", found.simulated))
        ],
        title=f"{found.forecasts} forecasts over {weeks} weeks, {found.open_ones} of them never came true",
    )
