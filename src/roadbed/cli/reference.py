"""The reference pages that come out of the code: every setting, every command."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import typer.main

from roadbed.cli.exits import Exit


def pages() -> dict[str, str]:
    """Return each page's file name with its text."""
    return {"settings.md": settings_page(), "cli.md": cli_page()}


def settings_page() -> str:
    """Return the page of the settings."""
    from roadbed.config import options

    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. `roadbed config show --sources` shows what is in force.",
        "This page is written by `roadbed config docs`.",
        "",
        "| setting | default | what it is |",
        "|---|---|---|",
    ]
    for option in options.OPTIONS:
        default = f"`{option.default}`" if option.default else ""
        secret = " A secret: it is never shown." if option.secret else ""
        lines.append(f"| `{option.name}` | {default} | {option.help}{secret} |".replace("  ", " "))
    return "\n".join(lines) + "\n"


def cli_page() -> str:
    """Return the page of the commands."""
    from roadbed.cli.app import app

    lines = [
        "# Commands",
        "",
        "`roadbed COMMAND --help` says the same on the terminal. From a clone, write `bin/roadbed`.",
        "This page is written by `roadbed config docs`.",
        "",
        "| exit code | meaning |",
        "|---|---|",
        *(f"| {code.value} | {code.meaning} |" for code in Exit),
    ]
    for path, command in walk(typer.main.get_command(app), path="roadbed"):
        lines += ["", f"## `{path}`", "", *_help(command)]
    return "\n".join(lines).rstrip() + "\n"


def walk(command: Any, *, path: str) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it."""
    children = getattr(command, "commands", None)
    if children is None:
        yield path, command
        return
    for name in sorted(children):
        yield from walk(children[name], path=f"{path} {name}")


def _help(command: Any) -> Iterator[str]:
    text, _, examples = inspect.cleandoc(command.help or "").partition("Examples:")
    yield text.strip()
    rows = [row for row in map(_parameter, command.params) if row]
    if rows:
        yield from ("", "| argument or option | what it does |", "|---|---|", *rows)
    shown = [line.strip() for line in examples.splitlines() if line.strip()]
    if shown:
        yield from ("", "```sh", *shown, "```")


def _parameter(parameter: Any) -> str:
    names = [*parameter.opts, *parameter.secondary_opts]
    if "--help" in names:
        return ""
    is_argument = not any(name.startswith("-") for name in names)
    name = (parameter.name or "").upper() if is_argument else " / ".join(names)
    return f"| `{name}` | {getattr(parameter, 'help', '') or ''} |"
