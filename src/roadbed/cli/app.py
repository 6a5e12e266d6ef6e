"""The table of commands."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from roadbed import __version__
from roadbed.cli import archives, configuration, demo, doctor, reindex, up, users
from roadbed.cli.exits import Exit

EPILOG = "Exit codes: " + "; ".join(f"{code.value} {code.meaning}" for code in Exit) + "."

app = typer.Typer(
    name="roadbed",
    help="The workbench of a technical product manager. Try: roadbed demo",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.command()(demo.demo)
app.command()(up.up)
app.command()(up.worker)
app.command()(archives.backup)
app.command()(archives.restore)
app.command()(doctor.doctor)
app.command()(reindex.reindex)
app.add_typer(users.app, name="user")
app.add_typer(configuration.app, name="config")


@app.command()
def version(
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Print the version.

    Examples:

        roadbed version --json
    """
    import platform
    import sqlite3

    if not json:
        print(f"Roadbed {__version__}")
        return
    from roadbed.cli.output import print_json

    print_json(
        {"roadbed": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    )


def _add_rooms() -> None:
    """Add the commands of the rooms that other parts furnish: an `app` of several, or one function of its name."""
    for room in (
        "tables",
        "brief",
        "mail_in",
        "themes",
        "duplicates",
        "ask",
        "forecast",
        "schedule",
        "simulate",
        "plan",
        "rank",
        "flag",
        "experiment",
        "metric",
        "sync",
    ):
        if find_spec(f"roadbed.cli.{room}") is None:
            continue
        module = import_module(f"roadbed.cli.{room}")
        if hasattr(module, "app"):
            app.registered_commands += module.app.registered_commands
            app.registered_groups += module.app.registered_groups
        else:
            app.command(room, epilog=getattr(module, "EPILOG", None))(getattr(module, room))


_add_rooms()
