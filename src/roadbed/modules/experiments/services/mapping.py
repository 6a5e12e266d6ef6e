"""Mapping exposures and facts over data sources, and trying them before anything is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from roadbed.analytics.sources.places import SourceError
from roadbed.core.accounts.actors import Actor
from roadbed.core.records.services import record_activity
from roadbed.core.workspaces.models import Workspace
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import DataSource, ExposureSource, FactSource, Place
from roadbed.modules.experiments.services import places

if TYPE_CHECKING:  # engines of queries take seconds to load: whoever asks does so, not every start
    from roadbed.analytics.sources.trying import Tried

COMMON = ("name", "table", "sql", "unit", "unit_type", "at")
EXPOSURE_FIELDS = (*COMMON, "variant", "experiment", "dimensions")
FACT_FIELDS = (*COMMON, "values", "filters")
Mapped = ExposureSource | FactSource


def refuse_used(source: FactSource) -> None:
    """Refuse to take a fact source away that a metric reads.

    Raises
    ------
    ValidationError
        With the metrics that do.
    """
    users = selectors.users_of_fact_source(workspace_id=source.workspace_id, key=source.key)
    if users:
        named = ", ".join(each.metric.key for each in users[:5])
        raise ValidationError(f"{source.name} is read by {named}.")


@transaction.atomic
def put_exposure_source(
    *,
    workspace: Workspace,
    key: str,
    data_source: DataSource,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> ExposureSource:
    """Map exposures, or change how they are mapped.

    Raises
    ------
    ValidationError
        If a field refuses, or the query does more than read.
    """
    held: ExposureSource | None = ExposureSource.objects.in_workspace(workspace.pk).filter(key=key).first()
    made = held or ExposureSource(workspace=workspace, key=key, version=0)
    _put(made, data_source, EXPOSURE_FIELDS, fields, actor=actor, at=at)
    return made


@transaction.atomic
def put_fact_source(
    *,
    workspace: Workspace,
    key: str,
    data_source: DataSource,
    fields: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> FactSource:
    """Map facts, or change how they are mapped.

    Raises
    ------
    ValidationError
        If a field refuses, or the query does more than read.
    """
    held: FactSource | None = FactSource.objects.in_workspace(workspace.pk).filter(key=key).first()
    made = held or FactSource(workspace=workspace, key=key, version=0)
    _put(made, data_source, FACT_FIELDS, fields, actor=actor, at=at)
    return made


def _put(
    mapped: Any,
    source: DataSource,
    names: tuple[str, ...],
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    fill(mapped, source, names, fields)
    if not mapped.name:
        mapped.name = mapped.key
    mapped.version += 1
    mapped.changed_at = at
    mapped.full_clean()
    mapped.save()
    noun = mapped._meta.verbose_name
    record_activity(
        workspace_id=mapped.workspace_id,
        actor=actor,
        verb=f"added {noun}" if mapped.version == 1 else f"changed {noun}",
        at=at,
        changes={"source": mapped.key, "from": source.key, **{name: getattr(mapped, name) for name in names}},
    )


def fill(mapped: Any, source: DataSource, names: tuple[str, ...], fields: Mapping[str, Any]) -> None:
    """Set what is mapped, and check that a query only reads.

    Raises
    ------
    ValidationError
        If it does more, or a list of columns is none.
    """
    mapped.data_source = source
    for name in names:
        if name not in fields:
            continue
        value = fields[name]
        if name in {"dimensions", "values", "filters"}:
            value = [one for one in dict.fromkeys(str(each).strip() for each in value or []) if one]
            if len(value) > 30 or any(len(each) > 120 or "\x00" in each for each in value):
                raise ValidationError({name: "At most 30 columns can be named."})
        else:
            value = str(value or "").strip()
        setattr(mapped, name, value)
    if mapped.sql:
        from roadbed.analytics.sources import sql

        try:
            mapped.sql = sql.check(
                mapped.sql, dialect="postgres" if source.kind == Place.POSTGRES else "duckdb"
            )
        except SourceError as error:
            raise ValidationError({"sql": str(error)}) from error


def draft_exposure_source(*, data_source: DataSource, fields: Mapping[str, Any]) -> ExposureSource:
    """Return exposures as they would be mapped, to be tried.

    Raises
    ------
    ValidationError
        If the query does more than read.
    """
    made = ExposureSource(workspace_id=data_source.workspace_id, key="draft")
    fill(made, data_source, EXPOSURE_FIELDS, fields)
    return made


def draft_fact_source(*, data_source: DataSource, fields: Mapping[str, Any]) -> FactSource:
    """Return facts as they would be mapped, to be tried.

    Raises
    ------
    ValidationError
        If the query does more than read.
    """
    made = FactSource(workspace_id=data_source.workspace_id, key="draft")
    fill(made, data_source, FACT_FIELDS, fields)
    return made


def attempt(mapped: Mapped) -> Tried:
    """Read the first rows of what is mapped, saved or not.

    Raises
    ------
    SourceError
        If it cannot be read at all.
    """
    from roadbed.analytics.sources import trying

    if isinstance(mapped, ExposureSource):
        exposures = places.exposures_of(mapped)
        return trying.attempt(exposures.relation, exposures)
    facts = places.facts_of(mapped)
    return trying.attempt(facts.relation, facts)


@transaction.atomic
def remove_mapped(*, mapped: Mapped, actor: Actor, at: datetime) -> None:
    """Take an exposure source or a fact source away.

    Raises
    ------
    ValidationError
        If a metric still reads it.
    """
    if isinstance(mapped, FactSource):
        refuse_used(mapped)
    mapped.removed_at = at
    mapped.save(update_fields=["removed_at"])
    record_activity(
        workspace_id=mapped.workspace_id,
        actor=actor,
        verb=f"removed {mapped._meta.verbose_name}",
        at=at,
        changes={"source": mapped.key},
    )
