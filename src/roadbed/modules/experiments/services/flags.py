"""Making and changing flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction

from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.records.models import Activity, Record, Relation
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.experiments.models import Flag, FlagType, Holdout, Purpose
from roadbed.modules.experiments.selectors import flag_definition
from roadbed.modules.experiments.services import environments
from roadbed.modules.experiments.services.errors import FlagRefusedError
from roadbed_engines.flags.definitions import DefinitionError

LIFE = {"deleted", "restored", "archived", "unarchived", "merged", "unmerged"}


@dataclass(frozen=True, slots=True)
class FlagFields:
    """A new flag."""

    flag_key: str
    title: str = ""
    type: FlagType = FlagType.BOOLEAN
    variants: Mapping[str, Any] = field(default_factory=dict)
    default: str = ""
    off: str = ""
    purpose: Purpose = Purpose.RELEASE
    description: str = ""
    owner: Member | None = None
    product: Product | None = None
    remove_by: date | None = None
    tests: Record | None = None
    """The feature that it lets out, or tries."""


@transaction.atomic
def create_flag(*, workspace: Workspace, fields: FlagFields, actor: Actor, at: datetime) -> Flag:
    """Add a flag, switched off in every environment. One of a release or an experiment joins the holdouts.

    Raises
    ------
    FlagRefusedError
        If its variants are not of its type.
    ValidationError
        If a field or a constraint refuses.
    """
    every = environments.ensure_environments(workspace=workspace, actor=actor, at=at)
    variants = dict(fields.variants)
    default, off = fields.default, fields.off
    if fields.type == FlagType.BOOLEAN and not variants:
        variants = {"on": True, "off": False}
        default, off = default or "off", off or "off"
    definition: dict[str, Any] = {
        "type": str(fields.type),
        "variants": variants,
        "default": default,
        "off": off,
    }
    joined = []
    if fields.purpose in {Purpose.RELEASE, Purpose.EXPERIMENT}:
        rows = Holdout.objects.filter(workspace=workspace, joins_new=True, is_on=True)
        joined = list(rows.values_list("key", flat=True))
    if joined:
        definition["holdouts"] = joined
    try:
        flag_definition(fields.flag_key or "flag", definition)
    except DefinitionError as error:
        raise FlagRefusedError(error.problems) from error
    flag = Flag(
        workspace=workspace,
        home=workspace,
        title=fields.title.strip() or fields.flag_key,
        flag_key=fields.flag_key.strip(),
        type=fields.type,
        purpose=fields.purpose,
        description=fields.description,
        owner=fields.owner,
        product=fields.product,
        remove_by=fields.remove_by,
    )
    records.create_record(record=flag, actor=actor, at=at)
    for environment in every:
        environments.first_state(
            flag=flag, environment=environment, definition=definition, actor=actor, at=at
        )
        environments.touch(environment, at=at)
    if fields.tests is not None:
        relation = Relation.TESTS if fields.purpose == Purpose.EXPERIMENT else Relation.DELIVERS
        records.create_link(source=flag, target=fields.tests, relation=relation, actor=actor, at=at)
    return flag


def change_flag(
    *,
    flag: Flag,
    changes: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    expected_version: int | None = None,
) -> Flag:
    """Change what is said about a flag: title, description, purpose, owner, product, the day it goes.

    Its key and type stay, since code asks for them.
    """
    known = {"title", "description", "purpose", "owner", "product", "remove_by"}
    return records.change_record(
        record=flag,
        changes={name: value for name, value in changes.items() if name in known},
        actor=actor,
        at=at,
        expected_version=expected_version,
    )


def follow_life(activity: Activity) -> None:
    """Let the servers know when a flag is deleted, archived or brought back."""
    if activity.verb not in LIFE or activity.record_id is None:
        return
    if Flag.objects.everything_in(activity.workspace_id).filter(pk=activity.record_id).exists():
        environments.touch_all(workspace_id=activity.workspace_id, at=activity.at)
