"""Making environments and their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from roadbed.core.accounts import keys
from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments.models import Environment, EnvironmentKey, Flag, FlagRevision, FlagState

FIRST = (("development", "Development", 0), ("production", "Production", 0))
PREFIXES = {"server": "rbs_", "browser": "rbb_"}
SHOWN = 9


@transaction.atomic
def ensure_environments(*, workspace: Workspace, actor: Actor, at: datetime) -> list[Environment]:
    """Return the environments; a workspace without any gets development and production."""
    rows = Environment.objects.filter(workspace=workspace, removed_at__isnull=True)
    if not rows.exists():
        for key, name, approvals in FIRST:
            create_environment(
                workspace=workspace, key=key, name=name, approvals=approvals, actor=actor, at=at
            )
    return list(rows.all())


@transaction.atomic
def create_environment(
    *, workspace: Workspace, key: str, name: str, approvals: int = 0, actor: Actor, at: datetime
) -> Environment:
    """Add an environment. Every flag is there at once, switched off."""
    position = Environment.objects.filter(workspace=workspace).count()
    environment = Environment(
        workspace=workspace,
        key=key.strip().lower(),
        name=name.strip(),
        position=position,
        approvals=approvals,
        created_at=at,
        changed_at=at,
    )
    environment.full_clean()
    environment.save()
    record_activity(
        workspace_id=workspace.pk,
        actor=actor,
        verb="added environment",
        at=at,
        changes={"environment": environment.key, "approvals": approvals},
    )
    for flag in Flag.objects.in_workspace(workspace.pk):
        other = FlagState.objects.filter(flag=flag).order_by("pk").first()
        if other is not None:
            definition = {
                name: value
                for name, value in other.definition.items()
                if name in {"type", "variants", "default", "off", "holdouts"}
            }
            first_state(flag=flag, environment=environment, definition=definition, actor=actor, at=at)
    return environment


def first_state(
    *, flag: Flag, environment: Environment, definition: Mapping[str, Any], actor: Actor, at: datetime
) -> FlagState:
    """Put a flag into an environment, switched off."""
    state = FlagState.objects.create(
        flag=flag,
        environment=environment,
        definition={**definition, "on": False},
        published_at=at,
        steady_since=at,
        gives=str(definition.get("off") or ""),
    )
    FlagRevision.objects.create(
        flag=flag,
        environment=environment,
        number=1,
        definition=state.definition,
        summary="made, switched off",
        verb="created",
        at=at,
        by_id=actor.user_id,
        by_name=actor.name[:120],
    )
    return state


@transaction.atomic
def change_environment(
    *,
    environment: Environment,
    name: str | None = None,
    approvals: int | None = None,
    actor: Actor,
    at: datetime,
) -> Environment:
    """Rename an environment, or change how many must approve."""
    before = {"name": environment.name, "approvals": environment.approvals}
    environment.name = environment.name if name is None else name.strip()
    environment.approvals = environment.approvals if approvals is None else approvals
    environment.changed_at = at
    environment.full_clean()
    environment.save(update_fields=["name", "approvals", "changed_at"])
    after = {"name": environment.name, "approvals": environment.approvals}
    changes = {each: [before[each], after[each]] for each in before if before[each] != after[each]}
    if changes:
        record_activity(
            workspace_id=environment.workspace_id,
            actor=actor,
            verb="changed environment",
            at=at,
            changes={"environment": environment.key, **changes},
        )
    return environment


@transaction.atomic
def remove_environment(*, environment: Environment, actor: Actor, at: datetime) -> None:
    """Close an environment: its keys open nothing any more, and its name cannot be taken again.

    Raises
    ------
    ValidationError
        If it is the last one.
    """
    others = Environment.objects.filter(workspace_id=environment.workspace_id, removed_at__isnull=True)
    if not others.exclude(pk=environment.pk).exists():
        raise ValidationError("The last environment cannot be removed.")
    EnvironmentKey.objects.filter(environment=environment, revoked_at__isnull=True).update(revoked_at=at)
    environment.removed_at = at
    environment.save(update_fields=["removed_at"])
    touch(environment, at=at)
    record_activity(
        workspace_id=environment.workspace_id,
        actor=actor,
        verb="removed environment",
        at=at,
        changes={"environment": environment.key},
    )


@transaction.atomic
def make_key(
    *,
    environment: Environment,
    kind: EnvironmentKey.Kind,
    name: str,
    origins: Sequence[str] = (),
    actor: Actor,
    at: datetime,
) -> tuple[EnvironmentKey, str]:
    """Make a key of an environment. Returns it and its secret, which is kept nowhere: show it now."""
    secret = PREFIXES[kind] + keys.make()
    key = EnvironmentKey(
        environment=environment,
        kind=kind,
        name=name.strip(),
        prefix=secret[:SHOWN],
        key_hash=keys.digest(secret),
        origins=[origin.strip().rstrip("/") for origin in origins if origin.strip()],
        created_at=at,
    )
    key.full_clean()
    key.save()
    touch(environment, at=at)
    record_activity(
        workspace_id=environment.workspace_id,
        actor=actor,
        verb="made flag key",
        at=at,
        changes={"environment": environment.key, "key": key.prefix, "kind": str(kind)},
    )
    return key, secret


@transaction.atomic
def revoke_key(*, key: EnvironmentKey, actor: Actor, at: datetime) -> None:
    """End a key; servers know within two seconds."""
    if EnvironmentKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=at):
        touch(key.environment, at=at)
        record_activity(
            workspace_id=key.environment.workspace_id,
            actor=actor,
            verb="revoked flag key",
            at=at,
            changes={"environment": key.environment.key, "key": key.prefix},
        )


def touch(environment: Environment, *, at: datetime) -> None:
    """Let the servers know that something of the environment has changed."""
    Environment.objects.filter(pk=environment.pk).update(revision=F("revision") + 1, changed_at=at)


def touch_all(*, workspace_id: int, at: datetime) -> None:
    """Let the servers know that something of every environment has changed."""
    Environment.objects.filter(workspace_id=workspace_id).update(revision=F("revision") + 1, changed_at=at)
