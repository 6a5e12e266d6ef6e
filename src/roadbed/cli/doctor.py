"""`roadbed doctor`: look at each thing that can be wrong, and say how to mend it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

MARKS = {"good": "✓", "warning": "!", "bad": "✗"}


def doctor(
    check: Annotated[
        list[str] | None, typer.Option(help="Only this check; may be given several times.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Check the installation, name by name, and say how to mend what is not right. Changes nothing.

    Ends with 4 when something is bad; a warning alone ends with 0.

    Examples:

        roadbed doctor

        roadbed doctor --check worker --json
    """
    from roadbed.cli import environment
    from roadbed.cli.exits import Exit, end
    from roadbed.cli.output import print_json

    environment.prepare()
    from roadbed.cli import checks
    from roadbed.core import doctor as core

    checks.register()
    names = core.names()
    unknown = sorted(set(check or ()) - set(names))
    if unknown:
        end(Exit.USAGE, f"there is no check {unknown[0]}", fix=f"There are: {', '.join(names)}")
    results = core.examine(at=datetime.now(UTC), only=tuple(check or ()))
    bad = [result for result in results if result.finding.health is core.Health.BAD]
    if json:
        rows = [
            {
                "name": result.name,
                "about": result.about,
                "health": result.finding.health.value,
                "seen": result.finding.seen,
                "fix": result.finding.fix,
            }
            for result in results
        ]
        print_json({"healthy": not bad, "checks": rows})
    else:
        _print(results)
    if bad:
        raise typer.Exit(Exit.UNHEALTHY)


def _print(results: list) -> None:  # type: ignore[type-arg]  # the class is imported after Django is set up
    from rich.console import Console
    from rich.text import Text

    colours = {"good": "green", "warning": "yellow", "bad": "red"}
    console = Console(highlight=False)
    width = max((len(result.name) for result in results), default=0)
    for result in results:
        health = result.finding.health.value
        line = Text(f"{MARKS[health]} ", style=colours[health])
        line.append(f"{result.name:<{width}}  ", style="bold").append(result.finding.seen, style="default")
        console.print(line, soft_wrap=True)
        if result.finding.fix:
            console.print(Text(" " * (width + 4) + result.finding.fix, style="dim"), soft_wrap=True)
