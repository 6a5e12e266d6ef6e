"""`roadbed duplicates`: which rows of a file say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadbed.cli import texts
from roadbed.cli.output import print_json, print_table


def duplicates(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON or NDJSON.")],
    text: Annotated[list[str], typer.Option("--text", "-t", metavar="COLUMN", help=texts.TEXT_HELP)],
    least: Annotated[
        float, typer.Option("--least", min=0.0, max=1.0, help="Leave out pairs that score less.")
    ] = 0.25,
    top: Annotated[
        int, typer.Option("--top", "-n", min=1, max=100, help="How many of its best pairs each row keeps.")
    ] = 10,
    multilingual: Annotated[bool, typer.Option("--multilingual", help=texts.MULTILINGUAL_HELP)] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For a program: every pair, with its reason.")
    ] = False,
) -> None:
    """Find the rows of a file that say the same, by their words and their meaning. Needs no workspace.

    Examples:

        roadbed duplicates bugs.csv --text Summary --text Description --json
        roadbed duplicates notes.xlsx --text note --least 0.7
    """
    from roadbed_engines.text import duplicates as engine

    read = texts.read(file, text)
    embedder = texts.model(multilingual=multilingual)
    vectors = texts.vectors_of(read.rows, embedder=embedder)
    pairs = engine.find_duplicates(texts=read.rows, vectors=vectors, least=least, per_text=top)
    if as_json:
        print_json(
            {
                "rows": len(read.rows),
                "columns": read.columns,
                "model": embedder.id,
                "pairs": [
                    {
                        "a": pair.first + 1,
                        "b": pair.second + 1,
                        "score": round(pair.score, 4),
                        "why": pair.why,
                        "cosine": round(pair.cosine, 4),
                        "words": round(pair.overlap, 4),
                        "copy": pair.is_copy,
                    }
                    for pair in pairs
                ],
            }
        )
        return
    shown = [pair for pair in pairs if pair.score >= max(least, 0.5)][:30]
    print_table(
        ["rows", "score", "why", "first", "second"],
        [
            (
                f"{pair.first + 1}, {pair.second + 1}",
                f"{pair.score:.2f}",
                pair.why,
                read.rows[pair.first][:60],
                read.rows[pair.second][:60],
            )
            for pair in shown
        ],
        title=f"{len(pairs)} pairs in {len(read.rows)} rows; the likeliest {len(shown)}",
    )
