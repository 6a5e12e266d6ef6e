"""Data sources, and exposures and facts mapped over them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, File, Path, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status as Answer

from roadbed.analytics.sources.places import SourceError
from roadbed.core.api.auth import access_of
from roadbed.core.files.services import FileTooLargeError
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.roles import Role
from roadbed.modules.experiments import selectors, services
from roadbed.modules.experiments.api.flags import plain
from roadbed.modules.experiments.api.schemas import READ_PROBLEMS, WRITE_PROBLEMS, Json
from roadbed.modules.experiments.models import (
    LONGEST_SQL,
    DataFile,
    DataSource,
    ExposureSource,
    FactSource,
    Place,
)

router = Router(tags=["metrics"])
KEY = r"^[a-z][a-z0-9_]{0,39}$"
Columns = list[str]


class DataSourceOut(Schema):
    """A place that tables are read from. Its password is never shown."""

    key: str
    kind: Place
    name: str
    settings: Json
    files: list[str]
    changed_at: datetime

    @staticmethod
    def resolve_files(source: DataSource) -> list[str]:
        """The tables of files that were uploaded."""
        return [each.table for each in source.files.all()]


class DataSourceIn(Schema):
    """A new place: `folder` for files; `host`, `port`, `database`, `user`, `schema`, `ssl` for PostgreSQL."""

    key: str = Field(pattern=KEY)
    kind: Literal["files", "postgres"]
    name: str = Field(min_length=1, max_length=80)
    settings: Json = Field(default_factory=dict)
    password: str = Field("", max_length=500)


class DataSourceFields(Schema):
    """What may change; a password that is left empty stays."""

    name: str | None = Field(None, min_length=1, max_length=80)
    settings: Json | None = None
    password: str = Field("", max_length=500)


class MappedIn(Schema):
    """What exposures and facts share: a table or SQL, the unit and the time."""

    data_source: str = Field(max_length=40)
    name: str = Field("", max_length=80)
    table: str = Field("", max_length=200)
    sql: str = Field("", max_length=LONGEST_SQL)
    unit: str = Field(min_length=1, max_length=120)
    unit_type: str = Field("user", min_length=1, max_length=60)
    at: str = Field(min_length=1, max_length=120, description="The column that tells when.")


class ExposureSourceIn(MappedIn):
    """Which columns tell who was shown what."""

    variant: str = Field(min_length=1, max_length=120)
    experiment: str = Field("", max_length=120)
    dimensions: Columns = Field(default_factory=list, max_length=30)


class FactSourceIn(MappedIn):
    """Which columns tell what units did."""

    values: Columns = Field(default_factory=list, max_length=30)
    filters: Columns = Field(default_factory=list, max_length=30)


class MappedOut(Schema):
    """What was mapped."""

    key: str
    name: str
    data_source: str
    table: str
    sql: str
    unit: str
    unit_type: str
    at: str
    version: int

    @staticmethod
    def resolve_data_source(mapped: Any) -> str:
        """The key of its data source."""
        return str(mapped.data_source.key)


class ExposureSourceOut(MappedOut):
    """Who was shown what."""

    variant: str
    experiment: str
    dimensions: Columns


class FactSourceOut(MappedOut):
    """What units did."""

    values: Columns
    filters: Columns


class TriedColumn(Schema):
    """A column and what it is used as."""

    name: str
    type: str
    used_as: str


class TriedOut(Schema):
    """The first rows, as texts, and what stands in the way."""

    columns: list[TriedColumn]
    rows: list[list[str]]
    problems: list[str]


def source_or_404(access: Access, key: str) -> DataSource:
    """Return the data source; a stranger's and a missing one look the same."""
    return selectors.access_data_source(workspace_id=access.workspace.pk, key=key)


def _given(access: Access, body: Schema) -> tuple[DataSource, dict[str, Any]]:
    given = body.dict()
    plain(given)
    key = given.pop("data_source")
    source = DataSource.objects.filter(workspace=access.workspace, key=key, removed_at__isnull=True).first()
    if source is None:
        raise ValidationError({"data_source": f"There is no data source {key}."})
    return source, given


@router.get(
    "data-sources",
    response={200: list[DataSourceOut], **READ_PROBLEMS},
    operation_id="list_data_sources",
    url_name="data-sources",
)
def list_sources(request: HttpRequest, workspace: Path[str]) -> list[DataSource]:
    """List the places that tables are read from."""
    return selectors.data_sources_of(workspace_id=access_of(request, role=Role.MAKER).workspace.pk)


@router.post(
    "data-sources",
    response={201: DataSourceOut, **WRITE_PROBLEMS},
    operation_id="create_data_source",
    url_name="data-sources",
)
def create_source(request: HttpRequest, workspace: Path[str], body: DataSourceIn) -> Answer[DataSource]:
    """Add a folder of files, or a PostgreSQL database that is only read."""
    access = access_of(request, role=Role.OWNER)
    plain(body.dict())
    made = services.create_data_source(
        workspace=access.workspace, **body.dict(), actor=access.actor, at=timezone.now()
    )
    return Answer(201, made)


@router.patch(
    "data-sources/{source}",
    response={200: DataSourceOut, **WRITE_PROBLEMS},
    operation_id="change_data_source",
    url_name="data-source",
)
def change_source(
    request: HttpRequest, workspace: Path[str], source: str, body: DataSourceFields
) -> DataSource:
    """Change where a source leads; a password must come again with another host, port or user."""
    access = access_of(request, role=Role.OWNER)
    plain(body.dict())
    return services.change_data_source(
        source=source_or_404(access, source), **body.dict(), actor=access.actor, at=timezone.now()
    )


@router.delete(
    "data-sources/{source}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_data_source",
    url_name="data-source",
)
def remove_source(request: HttpRequest, workspace: Path[str], source: str) -> Answer[None]:
    """Take a source away that no metric reads; its password is forgotten."""
    access = access_of(request, role=Role.OWNER)
    services.remove_data_source(source=source_or_404(access, source), actor=access.actor, at=timezone.now())
    return Answer(204, None)


class DataFileOut(Schema):
    """A file that was uploaded."""

    table: str


@router.post(
    "data-sources/{source}/files",
    response={201: DataFileOut, **WRITE_PROBLEMS},
    operation_id="upload_data_file",
    url_name="data-files",
)
def upload(
    request: HttpRequest, workspace: Path[str], source: str, file: File[UploadedFile]
) -> Answer[DataFile]:
    """Add a Parquet or CSV file to a source of files; one of the same name takes the place of the older."""
    access = access_of(request, role=Role.OWNER)
    found = source_or_404(access, source)
    try:
        made = services.add_file(
            source=found,
            name=file.name or "file",
            chunks=file.chunks(),
            actor=access.actor,
            at=timezone.now(),
        )
    except FileTooLargeError as error:
        raise ValidationError({"file": str(error)}) from error
    return Answer(201, made)


@router.get(
    "exposure-sources",
    response={200: list[ExposureSourceOut], **READ_PROBLEMS},
    operation_id="list_exposure_sources",
    url_name="exposure-sources",
)
def list_exposures(request: HttpRequest, workspace: Path[str]) -> list[ExposureSource]:
    """List what tells exposures."""
    return selectors.exposure_sources_of(workspace_id=access_of(request, role=Role.MAKER).workspace.pk)


@router.put(
    "exposure-sources/{source}",
    response={200: ExposureSourceOut, **WRITE_PROBLEMS},
    operation_id="put_exposure_source",
    url_name="exposure-source",
)
def put_exposures(
    request: HttpRequest, workspace: Path[str], source: str, body: ExposureSourceIn
) -> ExposureSource:
    """Map exposures, or change how they are mapped."""
    access = access_of(request, role=Role.MAKER)
    place, fields = _given(access, body)
    return services.put_exposure_source(
        workspace=access.workspace, key=source, data_source=place, fields=fields, actor=access.actor,
        at=timezone.now(),
    )  # fmt: skip


@router.delete(
    "exposure-sources/{source}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_exposure_source",
    url_name="exposure-source",
)
def remove_exposures(request: HttpRequest, workspace: Path[str], source: str) -> Answer[None]:
    """Take an exposure source away."""
    access = access_of(request, role=Role.MAKER)
    found = selectors.access_exposure_source(workspace_id=access.workspace.pk, key=source)
    services.remove_mapped(mapped=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)


@router.get(
    "fact-sources",
    response={200: list[FactSourceOut], **READ_PROBLEMS},
    operation_id="list_fact_sources",
    url_name="fact-sources",
)
def list_facts(request: HttpRequest, workspace: Path[str]) -> list[FactSource]:
    """List what tells facts."""
    return selectors.fact_sources_of(workspace_id=access_of(request, role=Role.MAKER).workspace.pk)


@router.put(
    "fact-sources/{source}",
    response={200: FactSourceOut, **WRITE_PROBLEMS},
    operation_id="put_fact_source",
    url_name="fact-source",
)
def put_facts(request: HttpRequest, workspace: Path[str], source: str, body: FactSourceIn) -> FactSource:
    """Map facts, or change how they are mapped."""
    access = access_of(request, role=Role.MAKER)
    place, fields = _given(access, body)
    return services.put_fact_source(
        workspace=access.workspace, key=source, data_source=place, fields=fields, actor=access.actor,
        at=timezone.now(),
    )  # fmt: skip


@router.delete(
    "fact-sources/{source}",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="remove_fact_source",
    url_name="fact-source",
)
def remove_facts(request: HttpRequest, workspace: Path[str], source: str) -> Answer[None]:
    """Take a fact source away that no metric reads."""
    access = access_of(request, role=Role.MAKER)
    found = selectors.access_fact_source(workspace_id=access.workspace.pk, key=source)
    services.remove_mapped(mapped=found, actor=access.actor, at=timezone.now())
    return Answer(204, None)


def _tried(mapped: ExposureSource | FactSource) -> dict[str, Any]:
    try:
        found = services.attempt_mapped(mapped)
    except SourceError as error:
        raise ValidationError(str(error)) from error
    return {
        "columns": [{"name": one.name, "type": one.type, "used_as": one.used_as} for one in found.columns],
        "rows": [list(row) for row in found.rows],
        "problems": list(found.problems),
    }


@router.post(
    "exposure-source-trials",
    response={200: TriedOut, **WRITE_PROBLEMS},
    operation_id="try_exposure_source",
    url_name="exposure-source-trial",
)
def try_exposures(request: HttpRequest, workspace: Path[str], body: ExposureSourceIn) -> dict[str, Any]:
    """Read the first rows of what would be mapped; nothing is kept."""
    access = access_of(request, role=Role.MAKER)
    place, fields = _given(access, body)
    return _tried(services.draft_exposure_source(data_source=place, fields=fields))


@router.post(
    "fact-source-trials",
    response={200: TriedOut, **WRITE_PROBLEMS},
    operation_id="try_fact_source",
    url_name="fact-source-trial",
)
def try_facts(request: HttpRequest, workspace: Path[str], body: FactSourceIn) -> dict[str, Any]:
    """Read the first rows of what would be mapped; nothing is kept."""
    access = access_of(request, role=Role.MAKER)
    place, fields = _given(access, body)
    return _tried(services.draft_fact_source(data_source=place, fields=fields))


class ExposureLogIn(Schema):
    """Whether evaluations are written down as exposures: of one flag, or of all of an environment."""

    flag: str | None = Field(None, max_length=128, description="A flag’s key; left out: all flags.")
    on: bool


@router.put(
    "flag-environments/{environment}/exposure-log",
    response={204: None, **WRITE_PROBLEMS},
    operation_id="put_exposure_log",
    url_name="exposure-log",
)
def put_log(
    request: HttpRequest, workspace: Path[str], environment: str, body: ExposureLogIn
) -> Answer[None]:
    """Begin or end to write evaluations down as exposures, beside the answers: no answer waits for it."""
    access = access_of(request, role=Role.MAKER)
    plain(body.dict())
    place = selectors.access_environment(workspace_id=access.workspace.pk, key=environment)
    flag = selectors.access_flag(workspace_id=access.workspace.pk, key=body.flag) if body.flag else None
    services.log_exposures(environment=place, flag=flag, on=body.on, actor=access.actor, at=timezone.now())
    return Answer(204, None)
