"""`roadbed flag eval`: what a flag says for a context, from a file of definitions."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json

group = typer.Typer(no_args_is_help=True, help="Ask feature flags in a file of definitions.")
app = typer.Typer()
app.add_typer(group, name="flag")


@group.command("eval")
def evaluate(
    definitions: Annotated[
        Path, typer.Argument(metavar="DEFINITIONS.json", help="As GrowthBook or Unleash serve them.")
    ],
    flag: Annotated[
        str, typer.Option("--flag", metavar="KEY", help="Which flag; without it, every one.")
    ] = "",
    context: Annotated[
        str, typer.Option("--context", metavar="JSON", help="Whom to ask for: attributes by name.")
    ] = "{}",
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Say what a flag answers for a context, and why. Needs no workspace and no server.

    Examples:

        roadbed flag eval features.json --flag new-map --context '{"id": "42", "country": "NL"}'
        roadbed flag eval unleash.json --flag beta --context '{"userId": "7"}' --json
    """
    state, asked = _object(_text(definitions), definitions.name), _object(context, "--context")
    answers = _ask(state, asked, flag)
    if flag and not answers[flag]["known"]:
        end(
            Exit.FAILURE,
            f"{definitions.name} has no flag {flag}.",
            fix=f"It has: {', '.join(_names(state)[:20])}.",
        )
    if as_json:
        print_json({"flag": flag, **answers[flag]} if flag else answers)
        return
    for key, answer in answers.items():
        typer.echo(f"{key}: {json.dumps(answer['value'])} ({answer['reason']})")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return end(Exit.FAILURE, f"{file} cannot be read: {error}")


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        return end(Exit.USAGE, f"{name} is no JSON: {error}")
    if not isinstance(found, dict):
        return end(Exit.USAGE, f"{name} is no JSON object.")
    return found


def _is_unleash(state: Mapping[str, Any]) -> bool:
    return "events" in state or isinstance(state.get("features"), list)


def _names(state: Mapping[str, Any]) -> list[str]:
    if _is_unleash(state):
        from roadbed_engines.flags import unleash

        return sorted(unleash.compile_toggles(state).by_name)
    return sorted(state.get("features", state))


def _ask(state: dict[str, Any], context: dict[str, Any], flag: str) -> dict[str, dict[str, Any]]:
    try:
        return (_ask_unleash if _is_unleash(state) else _ask_growthbook)(state, context, flag)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return end(Exit.FAILURE, f"the definitions cannot be read: {type(error).__name__} {error}".strip())


def _ask_growthbook(state: dict[str, Any], context: dict[str, Any], flag: str) -> dict[str, dict[str, Any]]:
    from roadbed_engines.flags import evaluation, growthbook
    from roadbed_engines.flags.model import Question

    flags = growthbook.compile_flags(
        state.get("features", state),
        groups=state.get("savedGroups"),
        bandits=state.get("contextualBandits"),
    )
    found = {}
    for key in [flag] if flag else sorted(flags):
        answer = evaluation.ask(flags, key, Question(context=context))
        made = answer.assignment
        found[key] = {
            "value": answer.value,
            "on": answer.is_on,
            "reason": answer.source,
            "rule": answer.rule,
            "known": key in flags,
            **(
                {
                    "experiment": answer.experiment.key,
                    "variation": made.variation,
                    "variation_key": made.key,
                    "unit": made.unit,
                    "place": made.place,
                }
                if made is not None and answer.experiment is not None
                else {}
            ),
        }
    return found


def _ask_unleash(state: dict[str, Any], context: dict[str, Any], flag: str) -> dict[str, dict[str, Any]]:
    from roadbed_engines.flags import unleash

    toggles = unleash.compile_toggles(state)
    fields = {"currentTime": datetime.now(UTC).isoformat(), **unleash.flatten(context)}
    asked = unleash.Asked(fields=fields, chance=random.SystemRandom().random())
    found = {}
    for key in [flag] if flag else sorted(toggles.by_name):
        is_on = toggles.is_on(key, asked)
        variant = toggles.variant(key, asked)
        found[key] = {
            "value": is_on,
            "on": is_on,
            "reason": "a strategy applies" if is_on else "no strategy applies",
            "variant": variant.name,
            "payload": variant.payload,
            "known": key in toggles.by_name,
        }
    return found
