"""Moving in: GrowthBook's and Unleash's definitions, or our own, become flags here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.modules.experiments.models import Environment, Flag, FlagSegment, FlagType
from roadbed.modules.experiments.services import drafts, flags, groups, publishing
from roadbed.modules.experiments.services.errors import FlagRefusedError
from roadbed_engines.flags import definitions as d
from roadbed_engines.flags import growthbook_moves, reading, unleash_moves, writing

MOST = 2_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What came in, and what did not."""

    made: tuple[str, ...]
    drafted: tuple[str, ...]
    notes: tuple[str, ...]


def read(payload: Mapping[str, Any]) -> tuple[d.Definitions, list[str]]:
    """Return definitions of any of the three forms, with notes on what stays behind.

    Raises
    ------
    ValidationError
        If they cannot be read.
    """
    try:
        if payload.get("format") == d.FORMAT:
            return reading.read_definitions(payload), []
        is_unleash = "events" in payload or isinstance(payload.get("features"), list)
        moved = (unleash_moves.from_unleash if is_unleash else growthbook_moves.from_growthbook)(payload)
    except d.DefinitionError as error:
        raise FlagRefusedError(error.problems) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValidationError(
            f"These are no definitions of GrowthBook, Unleash or Roadbed: {type(error).__name__} {error}"
        ) from error
    return moved.definitions, [str(note) for note in moved.notes]


def _inlined(found: d.Definitions, flag: d.Flag) -> d.Flag:
    """Return a flag whose lists of values stand in its conditions, since a workspace keeps segments only."""

    def spelled(value: Any) -> Any:
        if isinstance(value, list):
            return [spelled(each) for each in value]
        if not isinstance(value, Mapping):
            return value
        words = {"$inGroup": "$in", "$notInGroup": "$nin"}
        return {
            words.get(name, name): list(found.groups.get(operand, ())) if name in words else spelled(operand)
            for name, operand in value.items()
        }

    rules = tuple(replace(rule, condition=spelled(rule.condition)) for rule in flag.rules)
    return replace(flag, rules=rules)


@transaction.atomic
def import_flags(
    *, environment: Environment, payload: Mapping[str, Any], actor: Actor, at: datetime
) -> Moved:
    """Bring definitions into an environment: new flags are made, and go live where nobody need approve.

    A flag that is here already gets a draft, which is looked at like any other. Those of another type are left alone.
    """
    found, notes = read(payload)
    workspace = environment.workspace
    if len(found.flags) > MOST:
        raise ValidationError(f"At most {MOST:,} flags come in at once.")
    known_segments = set(FlagSegment.objects.filter(workspace=workspace).values_list("key", flat=True))
    for key, segment in found.segments.items():
        if key in known_segments:
            notes.append(f"segment {key} is here already, and stays as it is")
            continue
        groups.put_segment(
            workspace=workspace,
            key=key,
            name=segment.name or key,
            condition=segment.condition,
            actor=actor,
            at=at,
        )
    known = {flag.flag_key: flag for flag in Flag.objects.in_workspace(workspace.pk)}
    made, drafted = [], []
    waiting: list[tuple[Flag, dict[str, Any], bool]] = []
    for key, given in found.flags.items():
        flag = known.get(key)
        if flag is not None and flag.type != given.type:
            notes.append(f"{key}: is of type {flag.type} here, and was left alone")
            continue
        is_new = flag is None
        if flag is None:
            fields = flags.FlagFields(
                flag_key=key, type=FlagType(given.type), variants=given.variants, default=given.default,
                off=given.off,
            )  # fmt: skip
            flag = flags.create_flag(workspace=workspace, fields=fields, actor=actor, at=at)
        if given.holdouts:
            notes.append(f"{key}: its holdouts stay behind; join those of this workspace")
            given = replace(given, holdouts=())
        waiting.append((flag, writing.flag_as_json(_inlined(found, given)), is_new))
    # Prerequisites may point forward: all flags are there before any is checked.
    for flag, definition, is_new in waiting:
        try:
            with transaction.atomic():
                if is_new and not environment.approvals:
                    short = drafts.checked(flag=flag, environment=environment, definition=definition)
                    publishing.put_live(
                        flag=flag,
                        environment=environment,
                        definition=short,
                        actor=actor,
                        at=at,
                        note="moved in",
                    )
                    made.append(flag.flag_key)
                else:
                    drafts.save_draft(
                        flag=flag, environment=environment, definition=definition, note="moved in",
                        actor=actor, at=at,
                    )  # fmt: skip
                    drafted.append(flag.flag_key)
        except FlagRefusedError as error:
            notes.append(f"{flag.flag_key}: {'; '.join(map(str, error.problems))}")
    return Moved(tuple(made), tuple(drafted), tuple(notes))
