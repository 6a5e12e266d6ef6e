"""Reads of connections, what they hold together, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from roadbed.core.workspaces.models import Member
from roadbed.modules.trackers.models import Binding, Conflict, Connection, Entry, Run

ID_MAX = 2**53
APART = (Binding.State.GONE, Binding.State.MOVED, Binding.State.ORPHAN)
"""Pairs that came apart, about which a person is to decide."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a connection holds together."""

    live: int = 0
    apart: int = 0
    held: int = 0
    conflicts: int = 0


def list_connections(*, workspace_id: int, filters: Mapping[str, Any]) -> QuerySet[Connection]:
    """Return the connections that fit."""
    rows: QuerySet[Connection] = Connection.objects.in_workspace(workspace_id).select_related("product")
    if text := filters.get("q"):
        rows = rows.filter(name__icontains=text)
    if kinds := filters.get("kind"):
        rows = rows.filter(kind__in=kinds)
    return rows


def access_connection(*, workspace_id: int, connection_id: int, with_deleted: bool = False) -> Connection:
    """Return the connection, or raise `Connection.DoesNotExist`, for strangers too."""
    if connection_id > ID_MAX:
        raise Connection.DoesNotExist
    rows = (
        Connection.objects.filter(workspace_id=workspace_id)
        if with_deleted
        else Connection.objects.in_workspace(workspace_id)
    )
    found: Connection = rows.select_related("workspace", "product").get(pk=connection_id)
    return found


def named(*, workspace_id: int, name: str) -> Connection | None:
    """Return the connection of that name."""
    found: Connection | None = (
        Connection.objects.in_workspace(workspace_id)
        .filter(name__iexact=name)
        .select_related("workspace", "product")
        .first()
    )
    return found


def totals_of(*, connection_ids: Collection[int]) -> dict[int, Totals]:
    """Return what each connection holds together, in two queries."""
    rows = (
        Binding.objects.filter(connection_id__in=connection_ids)
        .values("connection_id")
        .annotate(
            live=Count("pk", filter=Q(state=Binding.State.LIVE)),
            apart=Count("pk", filter=Q(state__in=APART)),
            held=Count("pk", filter=Q(state=Binding.State.LIVE) & ~Q(held={})),
        )
    )
    clashes = dict(
        Conflict.objects.filter(binding__connection_id__in=connection_ids, settled_at__isnull=True)
        .values_list("binding__connection_id")
        .annotate(count=Count("pk"))
    )
    found = {
        row["connection_id"]: Totals(
            live=row["live"],
            apart=row["apart"],
            held=row["held"],
            conflicts=clashes.get(row["connection_id"], 0),
        )
        for row in rows
    }
    return {pk: found.get(pk, Totals()) for pk in connection_ids}


def runs_of(*, connection: Connection) -> QuerySet[Run]:
    """Return what was done, the newest first."""
    return Run.objects.filter(connection=connection)


def access_run(*, connection: Connection, run_id: int) -> Run:
    """Return a run of the connection, or raise `Run.DoesNotExist`."""
    if run_id > ID_MAX:
        raise Run.DoesNotExist
    return Run.objects.get(connection=connection, pk=run_id)


def entries_of(*, run: Run, deed: str = "") -> QuerySet[Entry]:
    """Return the deeds of a run, in their order."""
    rows = Entry.objects.filter(run=run).select_related("record")
    return rows.filter(deed=deed) if deed else rows


def last_dry_run(*, connection: Connection) -> Run | None:
    """Return the newest dry run."""
    return Run.objects.filter(connection=connection, kind=Run.Kind.DRY).first()


def bindings_of(*, connection: Connection, state: str = "") -> QuerySet[Binding]:
    """Return the pairs of a connection; `held` are those of which some field does not travel."""
    rows = Binding.objects.filter(connection=connection).select_related("record")
    if state == "held":
        return rows.filter(state=Binding.State.LIVE).exclude(held={})
    if state == "apart":
        return rows.filter(state__in=APART)
    return rows.filter(state=state) if state else rows


def access_binding(*, workspace_id: int, binding_id: int) -> Binding:
    """Return the pair, or raise `Binding.DoesNotExist`, for strangers too."""
    if binding_id > ID_MAX:
        raise Binding.DoesNotExist
    return Binding.objects.select_related("connection__workspace", "record").get(
        pk=binding_id, connection__workspace_id=workspace_id, connection__deleted_at__isnull=True
    )


def conflicts(*, workspace_id: int, filters: Mapping[str, Any] | None = None) -> QuerySet[Conflict]:
    """Return the open conflicts of a workspace."""
    asked = filters or {}
    rows = Conflict.objects.filter(
        binding__connection__workspace_id=workspace_id,
        binding__connection__deleted_at__isnull=True,
        settled_at__isnull=True,
    ).select_related("binding__connection", "binding__record")
    if connection_id := asked.get("connection"):
        rows = rows.filter(binding__connection_id=connection_id)
    if fields := asked.get("field"):
        rows = rows.filter(field__in=fields)
    return rows


def conflicts_by_id(*, workspace_id: int, ids: Collection[int]) -> list[Conflict]:
    """Return the open conflicts of these ids that are the workspace's."""
    return list(conflicts(workspace_id=workspace_id).filter(pk__in=[each for each in ids if each <= ID_MAX]))


def apart(*, workspace_id: int) -> QuerySet[Binding]:
    """Return the pairs of a workspace that came apart."""
    return Binding.objects.filter(
        connection__workspace_id=workspace_id, connection__deleted_at__isnull=True, state__in=APART
    ).select_related("connection", "record")


def waiting_count(*, workspace_id: int) -> int:
    """Return how many decisions wait for a person."""
    return conflicts(workspace_id=workspace_id).count() + apart(workspace_id=workspace_id).count()


def issues_of(*, workspace_id: int, record_ids: Collection[int]) -> dict[int, list[Binding]]:
    """Return the issues of features, in one query."""
    found: dict[int, list[Binding]] = {}
    rows = (
        Binding.objects.filter(
            connection__workspace_id=workspace_id,
            connection__deleted_at__isnull=True,
            record_id__in=record_ids,
        )
        .exclude(state__in=[Binding.State.CUT, Binding.State.CREATING])
        .select_related("connection")
        .annotate(clashes=Count("conflicts", filter=Q(conflicts__settled_at__isnull=True)))
    )
    for row in rows.order_by("pk"):
        if row.record_id is not None:
            found.setdefault(row.record_id, []).append(row)
    return found


def last_change(*, workspace_id: int) -> Any:
    """Return when anything was last kept in step; None where nothing ever was."""
    rows = Connection.objects.in_workspace(workspace_id)
    return rows.aggregate(last=Max("last_good_at"))["last"]


def member_choices(*, workspace_id: int) -> list[tuple[str, str]]:
    """Return the members by their address, for mapping."""
    rows = Member.objects.filter(workspace_id=workspace_id, removed_at__isnull=True).select_related("user")
    return [(each.user.email, each.name) for each in rows.order_by("user__email")]
