"""`roadbed flag`: what a flag says for a context, from a file; and definitions from one form to another."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json
from roadbed.cli.workspace_flags import list_flags, publish

if TYPE_CHECKING:
    from roadbed_engines.flags.definitions import Definitions

group = typer.Typer(no_args_is_help=True, help="Ask flags in a file; list and publish those of a workspace.")
app = typer.Typer()
app.add_typer(group, name="flag")
group.command("list")(list_flags)
group.command("publish")(publish)


@group.command("eval")
def evaluate(
    definitions: Annotated[
        Path,
        typer.Argument(metavar="DEFINITIONS.json", help="Exported, or as GrowthBook or Unleash serve them."),
    ],
    flag: Annotated[
        str, typer.Option("--flag", metavar="KEY", help="Which flag; without it, every one.")
    ] = "",
    context: Annotated[
        str, typer.Option("--context", metavar="JSON", help="Whom to ask for: attributes by name.")
    ] = "{}",
    kind: Annotated[
        str,
        typer.Option("--type", metavar="TYPE", help="Which type the caller wants; another is a mismatch."),
    ] = "",
    at: Annotated[
        str,
        typer.Option("--at", metavar="MOMENT", help="Ask as of then: ramps and schedules; by default now."),
    ] = "",
    explain: Annotated[bool, typer.Option("--explain", help="Say what each rule found.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Say what a flag answers for a context, and why. Needs no workspace and no server.

    Examples:

        roadbed flag eval flags.json --flag new-map --context '{"targetingKey": "42"}' --explain

        roadbed flag eval features.json --flag new-map --context '{"id": "42", "country": "NL"}'
        roadbed flag eval unleash.json --flag beta --context '{"userId": "7"}' --json
    """
    state, asked = _object(_text(definitions), definitions.name), _object(context, "--context")
    if state.get("format") == definitions_format():
        answers = _ask_own(state, asked, flag, kind=kind, at=_moment(at), with_reasons=explain)
    else:
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
        for line in answer.get("explanation", ()):
            typer.echo(f"  {line}")


@group.command("convert")
def convert(
    definitions: Annotated[
        Path,
        typer.Argument(metavar="DEFINITIONS.json", help="Exported, or as GrowthBook or Unleash serve them."),
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="FORM", help="roadbed, growthbook or unleash.")
    ] = "roadbed",
) -> None:
    """Turn definitions of one product into another's. What does not come along is said on the error stream.

    Examples:

        roadbed flag convert growthbook.json > flags.json

        roadbed flag convert flags.json --to unleash > unleash.json
    """
    from roadbed_engines.flags import growthbook_moves, unleash_moves, writing

    if to not in {"roadbed", "growthbook", "unleash"}:
        end(Exit.USAGE, f"{to} is no form of definitions.", fix="Try: --to growthbook")
    found, notes = read_any(_object(_text(definitions), definitions.name))
    payload = writing.as_json(found)
    if to != "roadbed":
        out = (growthbook_moves.to_growthbook if to == "growthbook" else unleash_moves.to_unleash)(found)
        payload, notes = out.payload, [*notes, *map(str, out.notes)]
    for note in notes:
        typer.echo(note, err=True)
    print_json(payload)


def definitions_format() -> str:
    """Return the name of our own form."""
    from roadbed_engines.flags import definitions

    return definitions.FORMAT


def read_any(state: dict[str, Any]) -> tuple[Definitions, list[str]]:
    """Return definitions of any of the three forms as ours, with what did not come along; end where they are bad."""
    from roadbed_engines.flags import definitions, growthbook_moves, reading, unleash_moves

    try:
        if state.get("format") == definitions.FORMAT:
            return reading.read_definitions(state), []
        moved = (unleash_moves.from_unleash if _is_unleash(state) else growthbook_moves.from_growthbook)(
            state
        )
    except definitions.DefinitionError as error:
        return end(Exit.FAILURE, "\n".join(map(str, error.problems)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return end(Exit.FAILURE, f"the definitions cannot be read: {type(error).__name__} {error}".strip())
    return moved.definitions, [str(note) for note in moved.notes]


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return end(Exit.USAGE, f"--at {text} is no moment.", fix="Try: --at 2027-03-01T09:00:00Z")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ask_own(
    state: dict[str, Any], context: dict[str, Any], flag: str, *, kind: str, at: datetime, with_reasons: bool
) -> dict[str, dict[str, Any]]:
    from roadbed_engines.flags import compiling, definitions, explaining, ramps

    if kind and kind not in definitions.TYPES:
        return end(Exit.USAGE, f"{kind} is no type.", fix=f"It is one of {', '.join(definitions.TYPES)}.")
    stood, _ = ramps.stood_at(read_any(state)[0], at=at)
    flags = compiling.compile_definitions(stood)
    context = {"currentTime": at.isoformat(), **context}
    found = {}
    for key in [flag] if flag else sorted(flags.flags):
        wanted: Any = kind or (flags.flags[key].flag.type if key in flags.flags else "")
        answer = flags.ask_as(key, context, kind=wanted)
        found[key] = {
            "value": answer.value,
            "variant": answer.variant,
            "reason": answer.error or answer.reason,
            "why": answer.why,
            "rule": answer.rule,
            "known": key in flags.flags,
            **({"experiment": answer.experiment} if answer.experiment else {}),
        }
        if with_reasons:
            verdicts = explaining.explain(flags, key, context).verdicts
            found[key]["explanation"] = [
                f"{verdict.title}: {verdict.outcome}"
                + "".join(f"; {'✓' if each.holds else '✗'} {each.sentence}" for each in verdict.findings)
                for verdict in verdicts
            ]
    return found


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
    if state.get("format") == definitions_format():
        return sorted(state.get("flags") or {})
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
