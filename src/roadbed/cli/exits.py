"""How a command ends, and what it says when it does not end well."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """The exit codes, the same in every command."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    REFUSED = 3
    UNHEALTHY = 4

    @property
    def meaning(self) -> str:
        """What a script may conclude from it."""
        return {
            Exit.OK: "done",
            Exit.FAILURE: "something went wrong; the message says what",
            Exit.USAGE: "the command line cannot be read",
            Exit.REFUSED: "refused, so that nothing is lost; the message says what would make it go on",
            Exit.UNHEALTHY: "`doctor` found something bad",
        }[self]


def end(code: Exit, message: str, *, fix: str = "") -> NoReturn:
    """Say in one line what is wrong, in another what to do, and end."""
    print(f"roadbed: {message}", file=sys.stderr)
    if fix:
        print(f"         {fix}", file=sys.stderr)
    raise typer.Exit(code)
