"""Finding flags, environments, drafts and revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q

from roadbed.core.records.models import RecordQuerySet
from roadbed.modules.experiments.models import (
    Environment,
    EnvironmentKey,
    Flag,
    FlagDraft,
    FlagRevision,
    FlagSegment,
    FlagState,
    Holdout,
)


def flag_body(flag: Flag) -> str:
    """Return the words that search finds a flag by."""
    return f"{flag.flag_key} {flag.description}"


def describe_flag(flag: Flag) -> Mapping[str, str]:
    """Return what pages of other modules show of a flag."""
    return {"Key": flag.flag_key, "Purpose": flag.get_purpose_display()}


def environments_of(*, workspace_id: int) -> list[Environment]:
    """Return the environments of a workspace, in their order."""
    return list(Environment.objects.filter(workspace_id=workspace_id, removed_at__isnull=True))


def access_environment(*, workspace_id: int, key: str) -> Environment:
    """Return an environment, or raise `Environment.DoesNotExist`, for strangers too."""
    return Environment.objects.get(workspace_id=workspace_id, key=key, removed_at__isnull=True)


def access_flag(*, workspace_id: int, key: str) -> Flag:
    """Return a flag by the key of its record (FL-7) or by the key that code asks for; else `Flag.DoesNotExist`."""
    rows = Flag.objects.in_workspace(workspace_id).select_related("owner__user", "product")
    found: Flag | None = rows.by_key(key).first() if key.upper().startswith("FL-") else None
    if found is None:
        found = rows.get(flag_key=key)
    return found


def filter_flags(*, workspace_id: int, filters: Mapping[str, Any]) -> RecordQuerySet[Flag]:
    """Return the flags that pass the filters of the list page, with their states."""
    rows = Flag.objects.in_workspace(workspace_id).select_related("owner__user")
    if text := filters.get("q"):
        rows = rows.filter(
            Q(title__icontains=text) | Q(flag_key__icontains=text) | Q(description__icontains=text)
        )
    if types := filters.get("type"):
        rows = rows.filter(type__in=types)
    if purposes := filters.get("purpose"):
        rows = rows.filter(purpose__in=purposes)
    if owner := filters.get("owner"):
        rows = rows.filter(owner_id=owner)
    if environment := filters.get("on"):
        live = FlagState.objects.filter(flag=OuterRef("pk"), environment__key=environment, is_on=True)
        rows = rows.filter(Exists(live))
    if (draft := filters.get("draft")) is not None:
        waits = Exists(FlagDraft.objects.filter(flag=OuterRef("pk")))
        rows = rows.filter(waits if draft else ~waits)
    archived = filters.get("archived")
    if archived is not None:
        rows = rows.filter(archived_at__isnull=not archived)
    states = FlagState.objects.select_related("environment")
    return rows.prefetch_related(Prefetch("states", queryset=states), "drafts")


def state_of(*, flag: Flag, environment: Environment) -> FlagState:
    """Return how a flag stands in an environment."""
    return FlagState.objects.get(flag=flag, environment=environment)


def states_of(flag: Flag) -> list[FlagState]:
    """Return how a flag stands in each environment, in the order of the environments."""
    rows = FlagState.objects.filter(flag=flag, environment__removed_at__isnull=True)
    return list(rows.select_related("environment").order_by("environment__position", "environment_id"))


def draft_of(*, flag: Flag, environment: Environment) -> FlagDraft | None:
    """Return the draft of a flag in an environment, with its reviews, if there is one."""
    rows = FlagDraft.objects.filter(flag=flag, environment=environment)
    return rows.prefetch_related("reviews__member__user").first()


def revisions_of(*, flag: Flag, environment: Environment) -> Sequence[FlagRevision]:
    """Return everything that was live of a flag in an environment, the newest first."""
    return list(FlagRevision.objects.filter(flag=flag, environment=environment)[:200])


def keys_of(environment: Environment) -> list[EnvironmentKey]:
    """Return the keys of an environment that still open it."""
    return list(environment.keys.filter(revoked_at__isnull=True))


def segments_of(*, workspace_id: int) -> list[FlagSegment]:
    """Return the segments of a workspace."""
    return list(FlagSegment.objects.filter(workspace_id=workspace_id))


def holdouts_of(*, workspace_id: int) -> list[Holdout]:
    """Return the holdouts of a workspace."""
    return list(Holdout.objects.filter(workspace_id=workspace_id))


def waiting_for_review(*, workspace_id: int) -> list[FlagDraft]:
    """Return the drafts that wait for a review, the longest waiting first."""
    rows = FlagDraft.objects.filter(
        environment__workspace_id=workspace_id, asked_at__isnull=False, flag__deleted_at__isnull=True
    )
    return list(rows.select_related("flag", "environment").order_by("asked_at"))
