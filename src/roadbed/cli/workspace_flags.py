"""`roadbed flag list` and `publish`: flags of a workspace, from the terminal of its server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from roadbed.core.accounts.actors import Actor
    from roadbed.core.workspaces.models import Workspace

SLUG = Annotated[str, typer.Option("--workspace", metavar="SLUG", help="Which workspace.")]
PLACE = Annotated[str, typer.Option("--environment", metavar="KEY", help="Which environment.")]


def workspace_of(slug: str) -> Workspace:
    """Return the workspace, or end."""
    from roadbed.cli import environment

    environment.prepare()
    from roadbed.core.workspaces.models import Workspace

    found = Workspace.objects.filter(slug=slug, closed_at__isnull=True).first()
    if found is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True))
        return end(Exit.REFUSED, f"There is no workspace “{slug}”.", fix=f"There are: {known or 'none yet'}.")
    return found


def actor_of(workspace: Workspace, email: str) -> Actor:
    """Return who does it, a maker or an owner, or end."""
    from roadbed.core.accounts.actors import Actor
    from roadbed.core.workspaces.models import Member
    from roadbed.core.workspaces.roles import Role

    rows = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
    member = rows.filter(user__email__iexact=email).first()
    if member is None or not Role(member.role).includes(Role.MAKER):
        return end(Exit.REFUSED, f"{email} is no maker or owner in {workspace.name}.")
    return Actor(user_id=member.user_id, name=member.name, via="cli")


def list_flags(
    workspace: SLUG, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False
) -> None:
    """List the flags of a workspace, with how each stands in each environment.

    Examples:

        roadbed flag list --workspace northwind
    """
    place = workspace_of(workspace)
    from roadbed.modules.experiments import selectors

    environments = selectors.environments_of(workspace_id=place.pk)
    rows = selectors.filter_flags(workspace_id=place.pk, filters={"archived": False}).order_by("flag_key")
    found = [
        {
            "key": flag.key,
            "flag": flag.flag_key,
            "type": flag.type,
            "environments": {
                state.environment.key: {
                    "on": state.is_on,
                    "gives": state.gives or None,
                    "revision": state.revision,
                }
                for state in flag.states.all()
            },
        }
        for flag in rows
    ]
    if as_json:
        print_json(found)
        return

    def said(flag: Mapping[str, object], environment: str) -> str:
        states = flag["environments"]
        state = states.get(environment) if isinstance(states, dict) else None
        if state is None:
            return "–"
        return "off" if not state["on"] else f"all {state['gives']}" if state["gives"] else "some"

    columns = ["key", "flag", *(each.name for each in environments)]
    print_table(
        columns,
        [
            (str(flag["key"]), str(flag["flag"]), *(said(flag, each.key) for each in environments))
            for flag in found
        ],
    )


def publish(
    flag: Annotated[str, typer.Argument(metavar="KEY", help="FL-7, or what code asks for.")],
    workspace: SLUG,
    environment: PLACE,
    email: Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who does it: a maker or an owner.")],
    definition: Annotated[
        Path | None,
        typer.Option(
            "--definition",
            metavar="FILE",
            help="What to publish; by default the draft that is there.",
        ),
    ] = None,
) -> None:
    """Let a draft, or a definition in a file, live in an environment. Servers answer by it within two seconds.

    Examples:

        roadbed flag publish new-map --workspace northwind --environment production --as ben@northwind.example

        roadbed flag publish FL-7 --workspace northwind --environment development --as ben@x.example --definition f.json
    """
    place = workspace_of(workspace)
    actor = actor_of(place, email)
    from django.core.exceptions import ObjectDoesNotExist
    from django.utils import timezone

    from roadbed.modules.experiments import selectors, services

    try:
        found = selectors.access_flag(workspace_id=place.pk, key=flag)
        where = selectors.access_environment(workspace_id=place.pk, key=environment)
    except ObjectDoesNotExist:
        end(Exit.FAILURE, f"There is no flag {flag} or no environment {environment} in {place.name}.")
    try:
        if definition is not None:
            draft = services.save_draft(
                flag=found,
                environment=where,
                definition=_definition(definition),
                actor=actor,
                at=timezone.now(),
            )
        else:
            kept = selectors.draft_of(flag=found, environment=where)
            if kept is None:
                end(Exit.FAILURE, f"{flag} has no draft in {where.name}.", fix="Name one: --definition FILE")
            draft = kept
        revision = services.publish_draft(draft=draft, actor=actor, at=timezone.now())
    except services.FlagRefusedError as error:
        end(Exit.FAILURE, "\n".join(map(str, error.problems)))
    except (services.DraftConflictError, services.NotApprovedError) as error:
        end(Exit.REFUSED, str(error))
    say(f"revision {revision.number} is live in {where.name}: {revision.summary}")


def _definition(file: Path) -> dict[str, object]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return end(Exit.FAILURE, f"{file} cannot be read: {error}")
    if not isinstance(found, dict):
        return end(Exit.USAGE, f"{file} is no JSON object.")
    return found
