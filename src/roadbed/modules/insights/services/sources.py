"""Make, change, turn off and take away the ways in."""

from __future__ import annotations

import base64
import re
import secrets as randomness
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from roadbed.core import net
from roadbed.core.accounts import keys, sealed
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Product, Workspace
from roadbed.modules.insights.models import Arrival, Source, source_kinds

NOT_A_NAME = re.compile(r"[^a-z0-9]+")
MOST = 200
SECRET_MAX = 500
KEPT = timedelta(days=90)
WITH_TOKEN = frozenset({"form", "hook", "github"})
WITH_SIGNATURE = frozenset({"hook", "github"})


def _origin(*, workspace: Workspace, name: str) -> str:
    """Return a name for the external ids that no other source of the workspace has had."""
    stem = "source:" + (NOT_A_NAME.sub("-", name.lower()).strip("-")[:40] or "source")
    taken = set(
        Source.objects.filter(workspace=workspace, origin__startswith=stem).values_list("origin", flat=True)
    )
    return next(
        each for each in (stem, *(f"{stem}-{count}" for count in range(2, MOST * 100))) if each not in taken
    )


def new_signing_secret() -> str:
    """Return a secret in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(randomness.token_bytes(32)).decode()


def _clean_secrets(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for name, value in given.items():
        text = value.strip() if isinstance(value, str) else ""
        if len(text) > SECRET_MAX or any(ord(character) < 32 for character in text):
            raise ValidationError({name: f"At most {SECRET_MAX} characters, and no control characters."})
        if kind == "hook" and name == "secret" and text:
            _check_whsec(text)
        if text:
            found[name] = text
    return found


def _check_whsec(text: str) -> None:
    try:
        size = len(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        size = 0
    if size < 16:
        raise ValidationError({"secret": "A secret such as whsec_… (16 bytes or more in base64) is wanted."})


def _check_reach(kind: str, settings: Mapping[str, Any]) -> None:
    """Refuse what can be seen to be out of reach before anything is called."""
    if kind == "github":
        try:
            net.check_url(settings["api"])
        except net.RefusedAddressError as error:
            raise ValidationError({"api": str(error)}) from error


def _split(kind: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    hidden = source_kinds.secret_names(kind)
    settings = source_kinds.clean(kind, {name: value for name, value in given.items() if name not in hidden})
    _check_reach(kind, settings)
    return settings, _clean_secrets(kind, {name: given[name] for name in hidden if name in given})


@transaction.atomic
def create_source(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    product: Product | None = None,
) -> Source:
    """Open a way in. What it needs of addresses and secrets is made along with it.

    Raises
    ------
    ValidationError
        If a setting cannot be used.
    """
    if kind not in source_kinds.KINDS:
        raise ValidationError({"kind": f"One of {', '.join(source_kinds.KINDS)} is wanted."})
    if Source.objects.in_workspace(workspace.pk).count() >= MOST:
        raise ValidationError(f"{MOST} sources are the most.")
    kept, hidden = _split(kind, settings)
    if kind in WITH_TOKEN:
        hidden["token"] = keys.make(length=32)
    if kind in WITH_SIGNATURE and "secret" not in hidden:
        hidden["secret"] = new_signing_secret() if kind == "hook" else keys.make(length=40)
    source = Source(
        workspace=workspace,
        product=product,
        kind=kind,
        name=" ".join(name.split()),
        origin=_origin(workspace=workspace, name=name),
        settings=kept,
        sealed=sealed.seal(hidden),
        token_digest=keys.digest(hidden["token"]) if "token" in hidden else "",
        created_at=at,
        created_by_id=actor.user_id,
    )
    _refuse_double(source)
    if source.is_pulled:
        source.next_run_at = at
    source.full_clean()
    source.save(force_insert=True)
    _note(source, actor=actor, verb="opened source", at=at, changes={"kind": source.get_kind_display()})
    return source


def _refuse_double(source: Source) -> None:
    others = Source.objects.in_workspace(source.workspace_id).exclude(pk=source.pk)
    if others.filter(name__iexact=source.name).exists():
        raise ValidationError({"name": "Another source has this name."})
    address = source.settings.get("address", "")
    if source.kind == Source.Kind.MAIL and address:
        same = Source.objects.filter(
            kind=Source.Kind.MAIL, settings__address=address, deleted_at__isnull=True
        ).exclude(pk=source.pk)
        if same.exists():
            raise ValidationError(
                {"address": "Another source has this address: mail would not know where to go."}
            )


def _note(
    source: Source, *, actor: Actor, verb: str, at: datetime, changes: Mapping[str, Any] | None = None
) -> None:
    records.record_activity(
        workspace_id=source.workspace_id,
        actor=actor,
        verb=verb,
        at=at,
        changes={"name": source.name, **(changes or {})},
    )


@transaction.atomic
def change_source(
    *,
    source: Source,
    actor: Actor,
    at: datetime,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    product: Product | None = None,
    clears_product: bool = False,
) -> Source:
    """Change a source. Settings that are not given stay; a secret that is given empty stays as well.

    Raises
    ------
    ValidationError
        If a setting cannot be used.
    """
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    before = {"name": held.name, **held.settings}
    if settings is not None:
        kept, hidden = _split(held.kind, {**held.settings, **settings})
        if held.kind == "github" and _is_elsewhere(held.settings, kept):
            held.cursor = {}
        if held.kind == "mail" and [kept[each] for each in ("host", "user", "folder")] != [
            held.settings.get(each) for each in ("host", "user", "folder")
        ]:
            held.cursor = {}
        held.settings = kept
        if hidden:
            held.sealed = sealed.seal({**held.secrets, **hidden})
    if name is not None:
        held.name = " ".join(name.split())
    if product is not None or clears_product:
        held.product = product
    _refuse_double(held)
    held.next_run_at = at if held.is_pulled and held.is_on else None
    held.failures, held.last_error = 0, ""
    held.full_clean()
    held.save()
    after = {"name": held.name, **held.settings}
    changes = {key: [before.get(key), value] for key, value in after.items() if before.get(key) != value}
    if changes:
        _note(held, actor=actor, verb="changed source", at=at, changes=changes)
    return held


def _is_elsewhere(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    watched = ("repository", "api", "labels", "comments", "since")
    return any(before.get(name) != after[name] for name in watched)


@transaction.atomic
def switch_source(*, source: Source, on: bool, actor: Actor, at: datetime) -> Source:
    """Turn a source on or off. A form and a webhook that are off say so; what is polled waits."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    if held.is_on == on:
        return held
    held.paused_at = None if on else at
    held.next_run_at = at if on and held.is_pulled else None
    held.failures = 0 if on else held.failures
    held.save(update_fields=["paused_at", "next_run_at", "failures"])
    _note(held, actor=actor, verb="turned source on" if on else "turned source off", at=at)
    return held


@transaction.atomic
def renew_address(*, source: Source, actor: Actor, at: datetime) -> Source:
    """Give a form or a webhook a new address; the old one stops working at once.

    Raises
    ------
    ValidationError
        If the source has no address of its own.
    """
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    if held.kind not in WITH_TOKEN:
        raise ValidationError("This source has no address of its own.")
    token = keys.make(length=32)
    hidden = {**held.secrets, "token": token}
    if held.kind in WITH_SIGNATURE:
        hidden["secret"] = new_signing_secret() if held.kind == "hook" else keys.make(length=40)
    held.sealed, held.token_digest = sealed.seal(hidden), keys.digest(token)
    held.save(update_fields=["sealed", "token_digest"])
    _note(held, actor=actor, verb="renewed source address", at=at)
    return held


@transaction.atomic
def delete_source(*, source: Source, actor: Actor, at: datetime) -> Source:
    """Take a source away. What came through it stays; it can be put back."""
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    if held.deleted_at is None:
        held.deleted_at, held.next_run_at = at, None
        held.save(update_fields=["deleted_at", "next_run_at"])
        _note(held, actor=actor, verb="took source away", at=at)
    return held


@transaction.atomic
def restore_source(*, source: Source, actor: Actor, at: datetime) -> Source:
    """Put a source back that was taken away.

    Raises
    ------
    ValidationError
        If another one has taken its name or its address meanwhile.
    """
    held: Source = Source.objects.select_for_update().get(pk=source.pk)
    if held.deleted_at is not None:
        held.deleted_at = None
        _refuse_double(held)
        held.next_run_at = at if held.is_pulled and held.is_on else None
        held.save(update_fields=["deleted_at", "next_run_at"])
        _note(held, actor=actor, verb="put source back", at=at)
    return held


def prune(*, at: datetime) -> int:
    """Delete a batch of what was written down of old arrivals; return how many. Refused ones stay twice as long."""
    old = Q(at__lt=at - 2 * KEPT) | Q(at__lt=at - KEPT) & ~Q(outcome=Arrival.Outcome.REFUSED)
    ids = list(Arrival.objects.filter(old).order_by("pk").values_list("pk", flat=True)[:1000])
    Arrival.objects.filter(pk__in=ids).delete()
    return len(ids)
