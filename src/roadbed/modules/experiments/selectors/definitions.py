"""What is live in an environment, as one document that the engine reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roadbed.modules.experiments.models import Environment, FlagSegment, FlagState, Holdout
from roadbed_engines.flags import checking, compiling, ramps, reading
from roadbed_engines.flags import definitions as d


def document_of(
    environment: Environment, *, replacing: Mapping[str, Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the environment's definitions; `replacing` puts other definitions of flags in their place. 3 queries."""
    rows = FlagState.objects.filter(
        environment=environment, flag__deleted_at__isnull=True, flag__archived_at__isnull=True
    ).order_by("flag__flag_key")
    flags: dict[str, Any] = dict(rows.values_list("flag__flag_key", "definition"))
    flags.update({key: dict(value) for key, value in (replacing or {}).items()})
    workspace_id = environment.workspace_id
    found: dict[str, Any] = {"format": d.FORMAT, "environment": environment.key, "flags": flags}
    segments = FlagSegment.objects.filter(workspace_id=workspace_id)
    found["segments"] = {each.key: {"name": each.name, "condition": each.condition} for each in segments}
    found["holdouts"] = {
        each.key: {"share": each.share, "unit": each.unit, "on": each.is_on}
        for each in Holdout.objects.filter(workspace_id=workspace_id)
    }
    return found


def problems_of(document: Mapping[str, Any], *, flag_key: str = "") -> list[d.Problem]:
    """Return what is wrong with a document; with a flag's key, only what concerns that flag."""
    try:
        found = checking.check(reading.read_definitions(document))
    except d.DefinitionError as error:
        found = list(error.problems)
    if not flag_key:
        return found
    place = f"flags.{flag_key}"
    return [
        d.Problem(problem.place.removeprefix(place).strip("."), problem.message)
        for problem in found
        if problem.place == place or problem.place.startswith(f"{place}.")
    ]


def compiled_for(
    environment: Environment, *, at: datetime, replacing: Mapping[str, Mapping[str, Any]] | None = None
) -> compiling.Compiled:
    """Return the environment's flags compiled, as they stand at a moment.

    Raises
    ------
    DefinitionError
        If a definition that is to stand in cannot be read.
    """
    stood, _ = ramps.stood_at(reading.read_definitions(document_of(environment, replacing=replacing)), at=at)
    return compiling.compile_definitions(stood)


def flag_definition(key: str, definition: Mapping[str, Any]) -> d.Flag:
    """Return one flag's definition as the engine has it; a wrong one is refused.

    Raises
    ------
    DefinitionError
        With every problem of form.
    """
    problems: list[d.Problem] = []
    found = reading.read_flag(key, definition, problems)
    if problems:
        raise d.DefinitionError(tuple(problems))
    return found
