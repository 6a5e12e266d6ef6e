"""`roadbed brief` as a terminal runs it."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from roadbed.cli.brief import brief


def run(*words: str) -> tuple[int, str, str]:
    """Run the command as a terminal would."""
    app = typer.Typer()
    app.command()(brief)
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "100", "TERM": "dumb"})
    return done.exit_code, done.stdout, done.stderr
