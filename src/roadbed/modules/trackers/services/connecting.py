"""Connecting to a tracker: make, ask what it has, map, start, pause, take away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.core import net
from roadbed.core.accounts import keys, sealed
from roadbed.core.accounts.actors import Actor
from roadbed.core.records import services as records
from roadbed.core.workspaces.models import Member, Product, Workspace
from roadbed.modules.roadmap import facade as roadmap
from roadbed.modules.trackers.models import DIRECTIONS, FIELDS, Connection, kinds
from roadbed.modules.trackers.services import connectors
from roadbed.modules.trackers.services.connectors.base import Offer

MOST = 100
SECRET_MOST = 2_000
WORDS_MOST = 500
LABEL_MOST = 200
KNOWN_FIELDS = frozenset(name for name, _ in FIELDS)
KNOWN_DIRECTIONS = frozenset(name for name, _ in DIRECTIONS)


def _note(
    connection: Connection, *, actor: Actor, verb: str, at: datetime, changes: Mapping[str, Any] | None = None
) -> None:
    records.record_activity(
        workspace_id=connection.workspace_id,
        actor=actor,
        verb=verb,
        at=at,
        changes={"name": connection.name, **(changes or {})},
    )


def _split(kind: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    hidden = kinds.secret_names(kind)
    kept = kinds.clean(kind, {n: v for n, v in given.items() if n not in hidden}, check=net.check_url)
    secrets: dict[str, str] = {}
    for name in hidden:
        text = str(given.get(name) or "").strip()
        if len(text) > SECRET_MOST or any(ord(character) < 32 for character in text):
            raise ValidationError({name: f"At most {SECRET_MOST} characters, and no control characters."})
        if text:
            secrets[name] = text
    return kept, secrets


def _refuse_double(connection: Connection) -> None:
    others = Connection.objects.in_workspace(connection.workspace_id).exclude(pk=connection.pk)
    if others.filter(name__iexact=connection.name).exists():
        raise ValidationError({"name": "Another connection has this name."})


@transaction.atomic
def create_connection(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    settings: Mapping[str, Any],
    actor: Actor,
    at: datetime,
    product: Product | None = None,
) -> Connection:
    """Make a connection. It does nothing until it is started.

    Raises
    ------
    ValidationError
        If a setting cannot be used.
    """
    if kind not in kinds.KINDS:
        raise ValidationError({"kind": f"One of {', '.join(kinds.KINDS)} is wanted."})
    if Connection.objects.in_workspace(workspace.pk).count() >= MOST:
        raise ValidationError(f"{MOST} connections are the most.")
    kept, secrets = _split(kind, settings)
    missing = {
        each.name: f"{each.label} is wanted."
        for each in kinds.KINDS[kind]
        if each.is_secret and each.is_required and each.name not in secrets
    }
    if missing:
        raise ValidationError(missing)
    secrets.setdefault("hook", keys.make(length=40))
    secrets["address"] = keys.make(length=32)
    connection = Connection(
        workspace=workspace,
        product=product,
        kind=kind,
        name=" ".join(name.split()),
        settings=kept,
        sealed=sealed.seal(secrets),
        token_digest=keys.digest(secrets["address"]),
        directions={name: "both" for name, _ in FIELDS},
        incoming={"which": "none", "open_only": True, "level": "feature", "lane": "product"},
        outgoing={"which": "none", "when_deleted": "leave"},
        created_at=at,
        created_by_id=actor.user_id,
    )
    _refuse_double(connection)
    connection.full_clean()
    connection.save(force_insert=True)
    _note(
        connection,
        actor=actor,
        verb="connected tracker",
        at=at,
        changes={"kind": connection.get_kind_display()},
    )
    return connection


@transaction.atomic
def change_connection(
    *,
    connection: Connection,
    actor: Actor,
    at: datetime,
    name: str | None = None,
    settings: Mapping[str, Any] | None = None,
    product: Product | None = None,
    clears_product: bool = False,
) -> Connection:
    """Change where a connection leads. Settings that are not given stay, and so do secrets that are given empty.

    Raises
    ------
    ValidationError
        If a setting cannot be used, or the project would become another one while issues are bound.
    """
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    before = {"name": held.name, **held.settings}
    if settings is not None:
        kept, secrets = _split(held.kind, {**held.settings, **settings})
        places = [each for each in ("repository", "project", "team", "address", "api") if each in kept]
        elsewhere = [each for each in places if each != "api" and kept[each] != held.settings.get(each)]
        if elsewhere and held.bindings.exists():
            raise ValidationError(
                {elsewhere[0]: "Issues of the old one are bound. Make a new connection for another project."}
            )
        held.settings, held.cursor = kept, {} if elsewhere else held.cursor
        if secrets:
            held.sealed = sealed.seal({**held.secrets, **secrets})
    if name is not None:
        held.name = " ".join(name.split())
    if product is not None or clears_product:
        held.product = product
    _refuse_double(held)
    held.failures, held.last_error, held.waits_until = 0, "", None
    held.next_run_at = at if held.is_on else None
    held.full_clean()
    held.save()
    after = {"name": held.name, **held.settings}
    changes = {key: [before.get(key), value] for key, value in after.items() if before.get(key) != value}
    if changes:
        _note(held, actor=actor, verb="changed tracker", at=at, changes=changes)
    return held


def ask(*, connection: Connection, now: Callable[[], datetime]) -> Offer:
    """Ask the tracker what it has, and fill in what nobody has mapped yet.

    Raises
    ------
    TrackerError, WaitError
        If it refuses, does not answer, or asks us to wait.
    """
    offer = connectors.connect(connection, now=now).offer()
    with transaction.atomic():
        held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
        held.offered = {
            "who": offer.who,
            "project": offer.project,
            "url": offer.url,
            "fields": list(offer.fields),
            "statuses": [name for name, _ in offer.statuses],
            "users": [[user.id, user.name, user.email] for user in offer.users],
            "can_write": offer.can_write,
            "notes": list(offer.notes),
            "asked_at": now().isoformat(),
        }
        for name, ours in offer.statuses:
            held.statuses_in.setdefault(name, ours)
        for status, _ in roadmap.CHOICES["status"]:
            likely = [name for name, ours in offer.statuses if ours == status]
            if status not in held.statuses_out:
                held.statuses_out[status] = likely[0] if likely else _near(status, offer)
        _fill_people(held, offer)
        held.save(update_fields=["offered", "statuses_in", "statuses_out", "people"])
    connection.refresh_from_db()
    return offer


NEAR = {
    "idea": ("discovery", "planned"),
    "discovery": ("idea", "planned"),
    "planned": ("idea", "discovery"),
    "development": ("planned",),
    "beta": ("development", "planned"),
    "shipped": (),
    "dropped": ("shipped",),
}
"""Where a tracker has no word for a status, the next best."""


def _near(status: str, offer: Offer) -> str:
    for other in NEAR[status]:
        for name, ours in offer.statuses:
            if ours == other:
                return name
    return ""


def _fill_people(connection: Connection, offer: Offer) -> None:
    """Map whom the tracker names by the address or the name of a member."""
    members = Member.objects.filter(workspace=connection.workspace, removed_at__isnull=True).select_related(
        "user"
    )
    by_email = {each.user.email.casefold(): each.user.email for each in members}
    by_name = {each.name.casefold(): each.user.email for each in members}
    for user in offer.users:
        if user.id in connection.people:
            continue
        email = by_email.get(user.email.casefold()) or by_name.get(user.name.casefold())
        if email:
            connection.people[user.id] = email


@transaction.atomic
def map_connection(
    *, connection: Connection, asked: Mapping[str, Any], actor: Actor, at: datetime
) -> Connection:
    """Say which way fields travel, which status is which, who is who, and what comes in and goes out.

    Parameters
    ----------
    asked : mapping
        Any of ``directions``, ``statuses_in``, ``statuses_out``, ``people``, ``incoming``, ``outgoing``.

    Raises
    ------
    ValidationError
        If a name or a word is not known.
    """
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    before = {name: getattr(held, name) for name in asked}
    for name, value in asked.items():
        if not isinstance(value, Mapping) or len(value) > WORDS_MOST:
            raise ValidationError({name: f"At most {WORDS_MOST} pairs are wanted."})
        setattr(held, name, _CHECKS[name](held, value))
    after = {name: getattr(held, name) for name in asked}
    if after == before:
        return held
    held.save(update_fields=list(asked))
    _note(held, actor=actor, verb="mapped tracker", at=at,
          changes={name: [before[name], after[name]] for name in asked if before[name] != after[name]})  # fmt: skip
    return held


def _directions(held: Connection, value: Mapping[str, Any]) -> dict[str, str]:
    for name, direction in value.items():
        if name not in KNOWN_FIELDS or direction not in KNOWN_DIRECTIONS:
            raise ValidationError({"directions": f"There is no field {name}, or no direction {direction}."})
    return {**held.directions, **value}


def _statuses(*, ours: Mapping[str, Any] | tuple[Any, ...], name: str) -> None:
    known = {value for value, _ in roadmap.CHOICES["status"]}
    for status in ours:
        if status and status not in known:
            raise ValidationError({name: f"There is no status {status}."})


def _statuses_in(held: Connection, value: Mapping[str, Any]) -> dict[str, str]:
    _statuses(ours=tuple(value.values()), name="statuses_in")
    return {str(word)[:LABEL_MOST]: str(status) for word, status in value.items() if status}


def _statuses_out(held: Connection, value: Mapping[str, Any]) -> dict[str, str]:
    _statuses(ours=value, name="statuses_out")
    return {status: str(word)[:LABEL_MOST] for status, word in value.items()}


def _people(held: Connection, value: Mapping[str, Any]) -> dict[str, str]:
    members = Member.objects.filter(workspace_id=held.workspace_id, removed_at__isnull=True)
    known = {email.casefold() for email in members.values_list("user__email", flat=True)}
    for user, email in value.items():
        if email and str(email).casefold() not in known:
            raise ValidationError({"people": f"{email} is no member of this workspace ({user})."})
    return {str(user)[:LABEL_MOST]: str(email) for user, email in value.items() if email}


def _words(value: Any) -> list[str]:
    rows = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    return [" ".join(str(each).split())[:LABEL_MOST] for each in rows[:50] if str(each).strip()]


def _known(value: Any, name: str, *, where: str) -> list[str]:
    found = _words(value)
    known = {each for each, _ in roadmap.CHOICES[name]}
    for each in found:
        if each not in known:
            raise ValidationError({where: f"There is no {name} {each}."})
    return found


def _incoming(held: Connection, value: Mapping[str, Any]) -> dict[str, Any]:
    which = value.get("which", "none")
    if which not in {"none", "all", "labelled"}:
        raise ValidationError({"incoming": "None, all or labelled is wanted."})
    if which == "labelled" and not _words(value.get("labels")):
        raise ValidationError({"incoming": "Name a label at least."})
    levels = value.get("levels") or {}
    _known(list(levels.values()) if isinstance(levels, Mapping) else [], "level", where="incoming")
    return {
        "which": which,
        "labels": _words(value.get("labels")),
        "kinds": _words(value.get("kinds")),
        "open_only": bool(value.get("open_only", True)),
        "level": (_known([value.get("level") or "feature"], "level", where="incoming"))[0],
        "lane": (_known([value.get("lane") or "product"], "lane", where="incoming"))[0],
        "levels": {str(kind)[:LABEL_MOST]: str(level) for kind, level in levels.items()}
        if isinstance(levels, Mapping)
        else {},
    }


def _outgoing(held: Connection, value: Mapping[str, Any]) -> dict[str, Any]:
    which, deleted = value.get("which", "none"), value.get("when_deleted", "leave")
    if which not in {"none", "filter"} or deleted not in {"leave", "close"}:
        raise ValidationError({"outgoing": "None or filter, and leave or close, are wanted."})
    return {
        "which": which,
        "own_product": bool(value.get("own_product", False)),
        "lanes": _known(value.get("lanes"), "lane", where="outgoing"),
        "levels": _known(value.get("levels"), "level", where="outgoing"),
        "statuses": _known(value.get("statuses"), "status", where="outgoing"),
        "tag": " ".join(str(value.get("tag") or "").split())[:60],
        "when_deleted": deleted,
    }


_CHECKS: dict[str, Callable[[Connection, Mapping[str, Any]], dict[str, Any]]] = {
    "directions": _directions,
    "statuses_in": _statuses_in,
    "statuses_out": _statuses_out,
    "people": _people,
    "incoming": _incoming,
    "outgoing": _outgoing,
}


@transaction.atomic
def switch_connection(*, connection: Connection, on: bool, actor: Actor, at: datetime) -> Connection:
    """Start a connection, pause it, or go on with it.

    Raises
    ------
    ValidationError
        If it was never asked what it has: nothing could be translated.
    """
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.is_on == on:
        return held
    if on and not held.offered.get("fields"):
        raise ValidationError("Test the connection first, so that it is known what the tracker has.")
    if on:
        held.started_at, held.paused_at = held.started_at or at, None
    else:
        held.paused_at = at
    held.next_run_at = at if on else None
    held.failures = 0 if on else held.failures
    held.save(update_fields=["started_at", "paused_at", "next_run_at", "failures"])
    _note(held, actor=actor, verb="started tracker" if on else "paused tracker", at=at)
    return held


@transaction.atomic
def delete_connection(*, connection: Connection, actor: Actor, at: datetime) -> None:
    """Take a connection away. Features and issues stay as they are; which was which is kept, should it come back."""
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.deleted_at is not None:
        return
    held.deleted_at, held.next_run_at = at, None
    held.save(update_fields=["deleted_at", "next_run_at"])
    _note(held, actor=actor, verb="took tracker away", at=at)


@transaction.atomic
def restore_connection(*, connection: Connection, actor: Actor, at: datetime) -> Connection:
    """Put a connection back, paused.

    Raises
    ------
    ValidationError
        If another one has its name by now.
    """
    held: Connection = Connection.objects.select_for_update().get(pk=connection.pk)
    if held.deleted_at is None:
        return held
    held.deleted_at = None
    held.paused_at = held.paused_at or (at if held.started_at else None)
    _refuse_double(held)
    held.save(update_fields=["deleted_at", "paused_at"])
    _note(held, actor=actor, verb="put tracker back", at=at)
    return held
