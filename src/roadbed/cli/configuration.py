"""`roadbed config …`: the settings, where each comes from, and the pages that are made from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from roadbed.cli.output import print_json, print_table, say

app = typer.Typer(help="See the settings; write their reference.", no_args_is_help=True)


@app.command()
def show(
    sources: Annotated[bool, typer.Option("--sources", help="Say where each comes from.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Show every setting with the value that is in force. Secrets are never shown, only whether they are set.

    Examples:

        roadbed config show --sources

        roadbed config show --json
    """
    from roadbed.cli.exits import Exit, end
    from roadbed.config import options

    try:
        values = options.read_options()
    except options.BadSettingError as error:
        end(Exit.USAGE, str(error))
    rows = []
    for option in options.OPTIONS:
        is_set = option.name in os.environ
        value = values[option.name]
        if option.secret:
            shown = "(set)" if value else ""
        elif isinstance(value, list):
            shown = ", ".join(map(str, value))
        elif isinstance(value, bool):
            shown = "yes" if value else "no"
        else:
            shown = str(value)
        rows.append({"name": option.name, "value": shown, "source": "environment" if is_set else "default"})
    if json:
        print_json(rows)
        return
    columns = ["name", "value", "source"] if sources else ["name", "value"]
    print_table(columns, [[row[column] for column in columns] for row in rows])


@app.command()
def docs(
    folder: Annotated[Path, typer.Argument(help="Folder of the pages.")] = Path("docs/reference"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; end with 1 if one differs.")] = False,
) -> None:
    """Write the reference pages of the settings and of the commands, from the code.

    Examples:

        roadbed config docs

        roadbed config docs --check
    """
    from roadbed.cli import reference
    from roadbed.cli.exits import Exit, end

    stale = []
    for name, text in reference.pages().items():
        path = folder / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        end(
            Exit.FAILURE,
            f"{', '.join(stale)} in {folder} is not what the code says",
            fix="roadbed config docs",
        )
    say(
        f"{', '.join(stale)} written to {folder}"
        if stale
        else f"the pages in {folder} are what the code says"
    )
