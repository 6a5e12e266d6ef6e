"""`roadbed rank`: which comes first, and how sure that is, from a file of items with ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table

if TYPE_CHECKING:
    from roadbed_engines.priority.methods import Evaluation, Method
    from roadbed_engines.priority.ranges import Range

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--input", "-i", metavar="NAME=COLUMN[:COLUMN[:COLUMN]]", help="Where an input is; repeatable."
    ),
]


def _column(name: str) -> Any:
    return typer.Option(
        f"--{name}", metavar="COLUMN[:COLUMN]", help=f"Where {name} is: one column, or low:high."
    )


def rank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON or NDJSON.")],
    method: Annotated[str, typer.Option("--method", "-m", help="rice, ice, wsjf, value-effort, …")] = "rice",
    name: Annotated[str, typer.Option("--name", metavar="COLUMN", help="What an item is called.")] = "",
    inputs: Columns = None,
    reach: Annotated[str, _column("reach")] = "",
    impact: Annotated[str, _column("impact")] = "",
    confidence: Annotated[str, _column("confidence")] = "",
    effort: Annotated[str, _column("effort")] = "",
    formula: Annotated[str, typer.Option("--formula", help="A formula of your own over the inputs.")] = "",
    top: Annotated[int, typer.Option("--top", "-k", min=1, help="How many of the best matter.")] = 10,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same figures.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Rank items whose inputs are ranges: the ranks each may have, and its chance to be among the first.

    Two columns are a range that holds the truth four times in five, three are low, likely and high. RICE without a
    column of confidence takes 1: ranges carry the doubt already.

    Examples:

        roadbed rank ideas.csv --reach users --impact impact --effort weeks_low:weeks_high --top 5
        roadbed rank ideas.csv --method value-effort -i value=low:likely:high --effort days --json
        roadbed rank ideas.csv -i gain=gain_low:gain_high -i risk=risk --formula "gain * (1 - risk)"
    """
    from roadbed_engines.errors import NotEnoughDataError
    from roadbed_engines.priority import methods

    given = {"reach": reach, "impact": impact, "confidence": confidence, "effort": effort}
    places = {key: value.split(":") for key, value in given.items() if value} | _pairs(inputs or [])
    lens = _lens(method, formula, places)
    names, rows = _rows(file, name, places)
    items = [
        methods.Item(_ranges(file, number, row, places, lens)) for number, row in enumerate(rows, start=2)
    ]
    try:
        found = methods.evaluate(method=lens, items=items, runs=methods.runs_for(len(items)), seed=seed)
    except NotEnoughDataError as error:
        end(Exit.FAILURE, f"{file.name}: {error}.")
    except ValueError as error:
        end(Exit.FAILURE, f"{error}.")
    _tell(found, names, top=top, as_json=as_json)


def _pairs(inputs: Sequence[str]) -> dict[str, list[str]]:
    found = {}
    for each in inputs:
        key, sign, columns = each.partition("=")
        if not sign or not columns or len(columns.split(":")) > 3:
            end(
                Exit.USAGE,
                f"“{each}” names no input.",
                fix="Write name=column, name=low:high or name=low:likely:high.",
            )
        found[key.strip()] = columns.split(":")
    return found


def _lens(method: str, formula: str, places: Mapping[str, Sequence[str]]) -> Method:
    from roadbed_engines.priority import expressions, methods

    if formula:
        try:
            asked = expressions.read(formula).names
        except expressions.FormulaError as error:
            end(Exit.USAGE, f"The formula: {error}.")
        return methods.Method(
            name="own",
            title="Own formula",
            inputs=tuple(methods.Input(one, one) for one in asked),
            formula=formula,
        )
    if method not in methods.METHODS:
        end(Exit.USAGE, f"There is no method {method}.", fix=f"There are {', '.join(methods.METHODS)}.")
    lens = methods.METHODS[method]
    missing = [one.name for one in lens.inputs if one.name not in places and one.name != "confidence"]
    if missing:
        end(
            Exit.USAGE,
            f"{lens.title} asks for {', '.join(missing)}.",
            fix=f"Name a column: -i {missing[0]}=COLUMN.",
        )
    if "confidence" not in places and method == "rice":
        kept = tuple(one for one in lens.inputs if one.name != "confidence")
        return replace(lens, inputs=kept, formula="reach * impact / effort", worth="reach * impact")
    return lens


def _rows(
    file: Path, name: str, places: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[dict[str, Any]]]:
    from roadbed.core.tables import reading

    if not file.is_file():
        end(Exit.FAILURE, f"There is no file {file}.")
    try:
        table = reading.open_table(file, reading.probe(file, file.name))
        folded = {column.strip().casefold(): at for at, column in enumerate(table.columns)}
        wanted = [column for columns in places.values() for column in columns] + ([name] if name else [])
        for column in wanted:
            if column.strip().casefold() not in folded:
                known = ", ".join(table.columns[:30])
                end(Exit.FAILURE, f"{file.name} has no column {column}.", fix=f"It has: {known}.")
        title = folded[name.strip().casefold()] if name else 0
        names, rows = [], []
        for row in table.rows():
            names.append(str(row.cells[title] or "") if title < len(row.cells) else "")
            cells = {column: folded[column.strip().casefold()] for column in wanted}
            rows.append({key: row.cells[at] if at < len(row.cells) else None for key, at in cells.items()})
    except reading.UnreadableFileError as error:
        end(Exit.FAILURE, f"{file.name}: {error}")
    return names, rows


def _ranges(
    file: Path, number: int, row: Mapping[str, Any], places: Mapping[str, Sequence[str]], lens: Method
) -> dict[str, Range]:
    """Read the ranges of one row; a blank cell leaves the input out."""
    from roadbed_engines.priority.ranges import Range

    found = {}
    for key, columns in places.items():
        figures = [_figure(file, number, column, row[column]) for column in columns]
        if any(figure is None for figure in figures):
            continue
        known = [figure for figure in figures if figure is not None]
        try:
            found[key] = Range(known[0], known[-1], known[1] if len(known) == 3 else None)
        except ValueError as error:
            end(Exit.FAILURE, f"{file.name}, line {number}, {key}: {error}.")
    return {one.name: found[one.name] for one in lens.inputs if one.name in found}


def _figure(file: Path, number: int, column: str, cell: Any) -> float | None:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    text = str(cell).strip().replace("\u202f", "").replace(" ", "")
    share = text.endswith("%")
    try:
        value = float(
            text.rstrip("%").replace(",", ".")
            if text.count(",") == 1 and "." not in text
            else text.rstrip("%")
        )
    except ValueError:
        return end(Exit.FAILURE, f"{file.name}, line {number}: “{cell}” in {column} is no figure.")
    return value / 100 if share else value


def _tell(found: Evaluation, names: Sequence[str], *, top: int, as_json: bool) -> None:
    import numpy as np

    from roadbed_engines.priority import questions, ranks

    study = ranks.study_ranks(scores=found.scores, cut=top)
    shares = questions.shares_of_doubt(found)
    low, middle, high = np.quantile(found.scores, [0.1, 0.5, 0.9], axis=0)
    order = np.lexsort((-middle, study.mean))
    rows = [
        {
            "name": names[found.scored[at]],
            "line": found.scored[at] + 2,
            "score": {"p10": float(low[at]), "p50": float(middle[at]), "p90": float(high[at])},
            "rank": {"low": int(study.low[at]), "middle": int(study.middle[at]), "high": int(study.high[at])},
            "first": float(study.first[at]),
            "top": float(study.top[at]),
            "coin_flip": bool(study.coin_flips[at]),
            "doubt": {name: round(float(share[at]), 3) for name, share in shares.items()},
        }
        for at in order
    ]
    left = [{"name": names[at], "line": at + 2, "why": why} for at, why in found.left_out.items()]
    if as_json:
        head = {"method": found.method.title, "formula": found.method.formula, "items": study.items}
        more = {"draws": study.runs, "top": study.cut, "stability": round(study.stability, 4)}
        print_json(head | more | {"ranking": rows, "left_out": left})
        return
    print_table(
        ["", "Item", "Rank, 90% sure", f"In the top {study.cut}", "First", "Score", "Most in doubt"],
        [_line(place, row) for place, row in enumerate(rows, start=1)],
        title=f"{found.method.title}: {study.items} items, {study.runs:,} draws",
    )
    flips = sum(row["coin_flip"] for row in rows)
    print(f"The same items hold {study.stability:.0%} of the first {study.cut} places from draw to draw.")
    if flips:
        print(f"{flips} items (~) are coin flips at the cut: learn, do not argue.")
    for each in left[:20]:
        print(f"Left out: {each['name']} (line {each['line']}): {each['why']}.")


def _line(place: int, row: Mapping[str, Any]) -> list[str]:
    rank, score = row["rank"], row["score"]
    doubt, share = max(row["doubt"].items(), key=lambda pair: pair[1], default=("", 0.0))
    span = f"{rank['low']}" if rank["low"] == rank["high"] else f"{rank['low']} to {rank['high']}"
    return [
        str(place),
        str(row["name"])[:60],
        span,
        f"{row['top']:.0%}{' ~' if row['coin_flip'] else ''}",
        f"{row['first']:.0%}",
        f"{score['p50']:.3g} ({score['p10']:.3g} to {score['p90']:.3g})",
        f"{doubt} {share:.0%}" if share else "",
    ]
