"""Environments and their keys."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Router
from ninja.responses import Status as Answer

from roadbed.core.api.auth import access_of
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.schemas import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    FlagEnvironmentFields,
    FlagEnvironmentIn,
    FlagEnvironmentOut,
    FlagKeyIn,
    FlagKeyMadeOut,
    FlagKeyOut,
)
from roadbed.modules.experiments.models import Environment, EnvironmentKey

router = Router(tags=["flags"])


def environment_or_404(access: Access, key: str) -> Environment:
    """Return the environment; a stranger's and a missing one look the same."""
    return selectors.access_environment(workspace_id=access.workspace.pk, key=key)


@router.get(
    "flag-environments",
    response={200: list[FlagEnvironmentOut], **READ_PROBLEMS},
    operation_id="list_flag_environments",
    url_name="flag-environments",
)
def list_environments(request: HttpRequest, workspace: Path[str]) -> list[Environment]:
    """List the environments, in their order."""
    return selectors.environments_of(workspace_id=access_of(request).workspace.pk)


@router.post(
    "flag-environments",
    response={201: FlagEnvironmentOut, **WRITE_PROBLEMS},
    operation_id="create_flag_environment",
    url_name="flag-environments",
)
def create_environment(
    request: HttpRequest, workspace: Path[str], body: FlagEnvironmentIn
) -> Answer[Environment]:
    """Add an environment. Every flag is there at once, switched off."""
    access = access_of(request, role=Role.OWNER)
    made = services.create_environment(
        workspace=access.workspace, **body.dict(), actor=access.actor, at=timezone.now()
    )
    return Answer(201, made)


@router.patch(
    "flag-environments/{environment}",
    response={200: FlagEnvironmentOut, **WRITE_PROBLEMS},
    operation_id="change_flag_environment",
    url_name="flag-environment",
)
def change_environment(
    request: HttpRequest, workspace: Path[str], environment: str, body: FlagEnvironmentFields
) -> Environment:
    """Rename an environment, or change how many must approve."""
    access = access_of(request, role=Role.OWNER)
    found = environment_or_404(access, environment)
    return services.change_environment(
        environment=found, **body.dict(), actor=access.actor, at=timezone.now()
    )


@router.delete(
    "flag-environments/{environment}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_flag_environment",
    url_name="flag-environment",
)
def remove_environment(request: HttpRequest, workspace: Path[str], environment: str) -> Answer[None]:
    """Close an environment: its keys open nothing any more."""
    access = access_of(request, role=Role.OWNER)
    found = environment_or_404(access, environment)
    services.remove_environment(environment=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "flag-environments/{environment}/keys",
    response={200: list[FlagKeyOut], **READ_PROBLEMS},
    operation_id="list_flag_keys",
    url_name="flag-keys",
)
def list_keys(request: HttpRequest, workspace: Path[str], environment: str) -> list[EnvironmentKey]:
    """List the keys that open an environment."""
    return selectors.keys_of(environment_or_404(access_of(request, role=Role.MAKER), environment))


@router.post(
    "flag-environments/{environment}/keys",
    response={201: FlagKeyMadeOut, **WRITE_PROBLEMS},
    operation_id="make_flag_key",
    url_name="flag-keys",
)
def make_key(
    request: HttpRequest, workspace: Path[str], environment: str, body: FlagKeyIn
) -> Answer[dict[str, Any]]:
    """Make a key. Its secret is shown here, and never again."""
    access = access_of(request, role=Role.MAKER)
    found = environment_or_404(access, environment)
    key, secret = services.make_key(environment=found, **body.dict(), actor=access.actor, at=timezone.now())
    names = ("id", "name", "kind", "prefix", "origins", "created_at")
    return Answer(201, {**{name: getattr(key, name) for name in names}, "secret": secret})


@router.delete(
    "flag-environments/{environment}/keys/{int:key_id}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="revoke_flag_key",
    url_name="flag-key",
)
def revoke_key(request: HttpRequest, workspace: Path[str], environment: str, key_id: int) -> Answer[None]:
    """End a key."""
    access = access_of(request, role=Role.MAKER)
    found = environment_or_404(access, environment)
    key = found.keys.get(pk=key_id, revoked_at__isnull=True)
    services.revoke_key(key=key, actor=access.actor, at=timezone.now())
    return Answer(204, None)
