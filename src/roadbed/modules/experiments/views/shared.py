"""What the pages of flags share: addresses, chips, 404s."""

from __future__ import annotations

from django.http import Http404
from django.utils.safestring import SafeString

from roadbed.core.workspaces.access import Access
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import Environment, Flag, FlagState
from roadbed.web import parts


def base(access: Access) -> str:
    """The address of the flags."""
    return f"/w/{access.workspace.slug}/experiments/flags/"


def flag_url(access: Access, flag: Flag) -> str:
    """The address of a flag."""
    return f"{base(access)}{flag.key.lower()}/"


def place_url(access: Access, flag: Flag, environment: Environment) -> str:
    """The address of a flag in an environment."""
    return f"{flag_url(access, flag)}in/{environment.key}/"


def flag_or_404(access: Access, key: str) -> Flag:
    """Return the flag; a stranger's and a missing one look the same."""
    try:
        return selectors.access_flag(workspace_id=access.workspace.pk, key=key)
    except Flag.DoesNotExist as error:
        raise Http404 from error


def place_or_404(access: Access, key: str, environment: str) -> tuple[Flag, Environment]:
    """Return the flag and the environment; a stranger's and a missing one look the same."""
    flag = flag_or_404(access, key)
    try:
        found = selectors.access_environment(workspace_id=access.workspace.pk, key=environment)
    except Environment.DoesNotExist as error:
        raise Http404 from error
    return flag, found


def state_chip(state: FlagState, *, url: str = "") -> SafeString:
    """How a flag stands somewhere, in a word and its tone."""
    if not state.is_on:
        return parts.chip("Off", tone="outline", url=url)
    if not state.gives:
        return parts.chip("On for some", tone="accent", url=url)
    return parts.chip(f"All get {state.gives}"[:40], tone="good", url=url)
