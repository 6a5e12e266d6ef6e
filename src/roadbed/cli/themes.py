"""`roadbed themes`: what a file of texts is about, without a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli import texts
from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, say

if TYPE_CHECKING:
    from roadbed_engines.text.embedding import Embedder
    from roadbed_engines.text.labels import ThemeName
    from roadbed_engines.text.themes import Themes

SHOWN = 30
QUOTE = 240
LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Found:
    """The themes of a file: fine ones first, then the broad ones that hold several of them."""

    themes: Themes
    names: Sequence[ThemeName]
    broad_names: Sequence[ThemeName]
    broad_ids: dict[int, int]
    """By broad theme; those with one fine theme in them are left out."""


def themes(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, TSV, XLSX, JSON or NDJSON.")],
    text: Annotated[
        list[str] | None,
        typer.Option("--text", "-t", metavar="COLUMN", help=texts.TEXT_HELP),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print every row's theme, and the themes, as JSON and nothing else."),
    ] = False,
    resolution: Annotated[
        float | None,
        typer.Option(
            "--resolution", min=0.01, max=1000.0, help="Higher is finer; chosen from the texts by default."
        ),
    ] = None,
    smallest: Annotated[
        int, typer.Option("--smallest", min=1, help="The fewest rows that make a theme.")
    ] = 3,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="WORD", help="A word that tells nothing here, such as the product's name."
        ),
    ] = None,
    multilingual: Annotated[bool, typer.Option("--multilingual", help=texts.MULTILINGUAL_HELP)] = False,
) -> None:
    """Find what the texts of a file are about: themes, their names, and the rows that belong to each.

    Examples:

        roadbed themes feedback.csv --text title --text body

        roadbed themes tickets.xlsx --text Subject --ignore Thunderbird

        roadbed themes reviews.csv --text review --json > themes.json
    """
    read = texts.read(file, text or ())
    if not any(read.rows):
        end(Exit.FAILURE, f"{file.name} has no text in {', '.join(read.columns)}.")
    embedder = texts.model(multilingual=multilingual)
    say(f"reading {len(read.rows):,} rows")
    vectors = texts.vectors_of(read.rows, embedder=embedder)
    found = _find(
        rows=read.rows,
        vectors=vectors,
        resolution=resolution,
        smallest=smallest,
        ignore=ignore or (),
        languages=None if multilingual else texts.languages_of(read.rows),
    )
    if as_json:
        print_json(_facts(found, rows=read.rows, embedder=embedder))
    else:
        _print(found, rows=read.rows)


def _find(
    *,
    rows: Sequence[str],
    vectors: Any,
    resolution: float | None,
    smallest: int,
    ignore: Sequence[str],
    languages: Sequence[str] | None,
) -> Found:
    from roadbed_engines.text import labels
    from roadbed_engines.text import themes as engine

    found = engine.find_themes(vectors=vectors, resolution=resolution, smallest=smallest, languages=languages)
    names, broad = (
        labels.name_themes(
            texts=rows, vectors=vectors, assignment=groups, stop_words=ignore, languages=languages
        )
        for groups in (found.assignment, found.broad)
    )
    several = [one for one in range(len(broad)) if found.parents.count(one) > 1]
    return Found(
        themes=found,
        names=names,
        broad_names=broad,
        broad_ids={one: found.count + place for place, one in enumerate(several)},
    )


def _facts(found: Found, *, rows: Sequence[str], embedder: Embedder) -> dict[str, Any]:
    import numpy as np

    assignment = found.themes.assignment.tolist()
    sizes = np.bincount(found.themes.assignment[found.themes.assignment >= 0], minlength=found.themes.count)
    broad_sizes = np.bincount(found.themes.broad[found.themes.broad >= 0], minlength=len(found.broad_names))
    fine = [
        _theme(
            theme,
            name,
            size=int(sizes[theme]),
            parent=found.broad_ids.get(found.themes.parents[theme]),
            rows=rows,
            language=found.themes.languages[theme] if found.themes.languages else "",
        )
        for theme, name in enumerate(found.names)
    ]
    broad = [
        _theme(number, found.broad_names[one], size=int(broad_sizes[one]), parent=None, rows=rows)
        for one, number in found.broad_ids.items()
    ]
    return {
        "rows": [
            {"row": row, "theme": None if theme < 0 else theme}
            for row, theme in enumerate(assignment, start=1)
        ],
        "themes": [*fine, *broad],
        "unassigned": assignment.count(-1),
        "resolution": found.themes.resolution,
        "model": embedder.id,
    }


def _theme(
    number: int,
    name: ThemeName,
    *,
    size: int,
    parent: int | None,
    rows: Sequence[str],
    language: str = "",
) -> dict[str, Any]:
    return {
        "id": number,
        "label": name.label or f"Theme {number}",
        "terms": list(name.terms),
        "size": size,
        "parent": parent,
        "language": language or None,
        "quotes": [{"row": row + 1, "text": rows[row][:LONGEST]} for row in name.quotes],
    }


def _print(found: Found, *, rows: Sequence[str]) -> None:
    import numpy as np
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    # What customers wrote goes in as `Text`, which is never read as markup.
    console = Console(highlight=False)
    assignment = found.themes.assignment
    without = int((assignment < 0).sum())
    console.print(
        Text(f"{found.themes.count:,} themes in {len(rows):,} rows; {without:,} rows belong to none.", "bold")
    )
    sizes = np.bincount(assignment[assignment >= 0], minlength=found.themes.count)
    for theme, name in list(enumerate(found.names))[:SHOWN]:
        console.print()
        head = Text(f"{sizes[theme]:>6,}  ", style="bold cyan")
        head.append(name.label or f"Theme {theme}", style="bold")
        broad = found.broad_ids.get(found.themes.parents[theme])
        if broad is not None:
            head.append(f"  in “{found.broad_names[found.themes.parents[theme]].label}”", style="dim")
        console.print(head)
        for row in name.quotes:
            words = " ".join(rows[row].split())
            shown = words if len(words) <= QUOTE else words[: QUOTE - 1].rstrip() + "…"
            line = Text(f"“{shown}”", style="italic").append(f"  row {row + 1}", style="dim not italic")
            console.print(Padding(line, (0, 0, 0, 8)))
    if found.themes.count > SHOWN:
        console.print()
        console.print(Text(f"{found.themes.count - SHOWN} more; see them with --json.", style="dim"))
