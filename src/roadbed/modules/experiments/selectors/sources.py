"""Finding data sources, and what was mapped over them."""

from __future__ import annotations

from roadbed.modules.experiments.models import (
    DataSource,
    Environment,
    ExposureLog,
    ExposureSource,
    FactSource,
    MetricVersion,
)


def data_sources_of(*, workspace_id: int) -> list[DataSource]:
    """Return the places that a workspace reads from."""
    rows = DataSource.objects.filter(workspace_id=workspace_id, removed_at__isnull=True)
    return list(rows.prefetch_related("files__file"))


def access_data_source(*, workspace_id: int, key: str) -> DataSource:
    """Return a data source, or raise `DataSource.DoesNotExist`, for strangers too."""
    return DataSource.objects.get(workspace_id=workspace_id, key=key, removed_at__isnull=True)


def exposure_sources_of(*, workspace_id: int) -> list[ExposureSource]:
    """Return what tells exposures."""
    return list(ExposureSource.objects.in_workspace(workspace_id).select_related("data_source"))


def access_exposure_source(*, workspace_id: int, key: str) -> ExposureSource:
    """Return an exposure source, or raise `ExposureSource.DoesNotExist`, for strangers too."""
    found: ExposureSource = (
        ExposureSource.objects.in_workspace(workspace_id).select_related("data_source").get(key=key)
    )
    return found


def fact_sources_of(*, workspace_id: int) -> list[FactSource]:
    """Return what tells facts."""
    return list(FactSource.objects.in_workspace(workspace_id).select_related("data_source"))


def access_fact_source(*, workspace_id: int, key: str) -> FactSource:
    """Return a fact source, or raise `FactSource.DoesNotExist`, for strangers too."""
    found: FactSource = (
        FactSource.objects.in_workspace(workspace_id).select_related("data_source").get(key=key)
    )
    return found


def users_of_fact_source(*, workspace_id: int, key: str) -> list[MetricVersion]:
    """Return the newest definitions that read a fact source."""
    rows = MetricVersion.objects.filter(
        metric__workspace_id=workspace_id, metric__deleted_at__isnull=True
    ).select_related("metric")
    return [each for each in rows if each.number == each.metric.latest and key in sources_in(each)]


def sources_in(version: MetricVersion) -> set[str]:
    """Return the keys of the fact sources that a definition names."""
    said = version.definition
    parts = [said.get("facts") or {}, said.get("per") or {}]
    return {str(part["source"]) for part in parts if part.get("source")} | (
        {str(said["population"])} if said.get("population") else set()
    )


def environments_with_logs(*, workspace_id: int) -> list[tuple[Environment, list[ExposureLog]]]:
    """Return the environments with what is written down as exposures in each; two queries."""
    environments = list(Environment.objects.filter(workspace_id=workspace_id, removed_at__isnull=True))
    logs = list(
        ExposureLog.objects.filter(environment__in=environments)
        .select_related("flag")
        .order_by("flag__flag_key")
    )
    return [(each, [one for one in logs if one.environment_id == each.pk]) for each in environments]
