"""Imports and exports through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from ninja import Field, File, Form, Path, Query, Router, Schema, Status
from ninja.errors import HttpError
from ninja.files import UploadedFile

from roadbed.core.api.auth import access_of
from roadbed.core.api.paging import PageOut, PageQuery, page_by_id
from roadbed.core.api.problems import READ, WRITE, MissingError
from roadbed.core.files import services as files
from roadbed.core.tables import mapping, rejected, selectors, services, sources, targets, writing
from roadbed.core.tables.models import Import
from roadbed.core.tables.reading import UnreadableFileError
from roadbed.core.tables.responses import export_response
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role

router = Router(tags=["tables"])
ID_MAX = 2**53
ImportState = Literal[
    "draft", "checking", "queued", "running", "done", "cancelled", "failed", "undoing", "undone"
]
"""Where an import stands; the values of `Import.State`."""


class ColumnOut(Schema):
    """A column of the file and the field it becomes."""

    header: str
    field: str = Field(
        description="A field's name; + keeps the column under its own name, empty leaves it out."
    )


class ImportOut(Schema):
    """An import and how far it is."""

    id: int
    target: str
    file_name: str
    state: ImportState
    source: str
    product: str | None
    columns: list[ColumnOut]
    layout: dict[str, Any]
    options: dict[str, Any]
    rows_total: int | None
    rows_done: int
    created: int
    changed: int
    unchanged: int
    rejected: int
    made_along: dict[str, int]
    kept: int
    error: str
    dry_run: dict[str, Any] | None
    job: int | None
    created_at: datetime
    finished_at: datetime | None


class UploadIn(Schema):
    """What the file holds."""

    target: str = Field(max_length=40, description="feedback, accounts, people, needs, …")
    product: str = Field("", max_length=40, description="A product's slug.")
    source: str = Field("", max_length=60, description="Where the ids come from.")
    encoding: str = Field("", max_length=40)
    sheet: str = Field("", max_length=120)
    preset: str = Field(
        "", max_length=40, description="Whose export it is; found out by its columns otherwise."
    )


class MappingIn(Schema):
    """What is to change; what is left out stays."""

    mapping: dict[str, str] | None = Field(None, description="Header to field name.", max_length=2000)
    source: str | None = Field(None, max_length=60)
    product: str | None = Field(None, max_length=40, description="A slug; empty for none.")
    date_order: Literal["", "dmy", "mdy", "ymd"] | None = None
    decimal: Literal["", ".", ","] | None = None
    zone: str | None = Field(None, max_length=60)


class RunIn(Schema):
    """Whether to write."""

    dry_run: bool = False


def _out(run: Import) -> dict[str, Any]:
    return {
        "id": run.pk,
        "target": run.target,
        "file_name": run.file_name,
        "state": run.state,
        "source": run.external_source,
        "product": run.product.slug if run.product else None,
        "columns": [
            {"header": header, "field": name} for header, name in zip(run.columns, run.mapping, strict=True)
        ],
        "layout": run.layout,
        "options": run.options,
        "rows_total": run.rows_total,
        "rows_done": run.rows_done,
        "created": run.created_count,
        "changed": run.changed_count,
        "unchanged": run.unchanged_count,
        "rejected": run.rejected_count,
        "made_along": run.made_along,
        "kept": run.kept_count,
        "error": run.error,
        "dry_run": run.dry_run,
        "job": run.job_id,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }


def _find(access: Access, import_id: int) -> Import:
    if import_id > ID_MAX:
        raise MissingError
    return selectors.access_import(
        workspace_id=access.workspace.pk, import_id=import_id, user_id=access.member.user_id
    )


def _product(access: Access, slug: str) -> Product | None:
    if not slug:
        return None
    found = Product.objects.filter(workspace=access.workspace, slug=slug.replace("\x00", "")).first()
    if found is None:
        raise HttpError(422, "There is no product with this slug.")
    return found


@router.get(
    "imports", response={200: PageOut[ImportOut], **READ}, operation_id="list_imports", url_name="imports"
)
def list_imports(request: HttpRequest, workspace: Path[str], query: Query[PageQuery]) -> dict[str, Any]:
    """List imports, newest first."""
    access = access_of(request, role=Role.MAKER)
    rows, following = page_by_id(
        selectors.list_imports(workspace_id=access.workspace.pk, user_id=access.member.user_id), query
    )
    return {"items": [_out(row) for row in rows], "next": following}


@router.post(
    "imports", response={201: ImportOut, **WRITE}, operation_id="create_import", url_name="imports-new"
)
def create_import(
    request: HttpRequest, workspace: Path[str], file: File[UploadedFile], data: Form[UploadIn]
) -> Status[dict[str, Any]]:
    """Upload a file (multipart) and get a guess of its columns. Nothing is imported yet."""
    access = access_of(request, role=Role.MAKER)
    try:
        run = services.create_import(
            workspace=access.workspace,
            target=data.target,
            name=file.name or "file",
            chunks=file.chunks(),
            actor=access.actor,
            at=timezone.now(),
            product=_product(access, data.product),
            source=data.source.replace("\x00", ""),
            layout={"encoding": data.encoding, "sheet": data.sheet},
            preset=data.preset.replace("\x00", ""),
        )
    except targets.UnknownTargetError as error:
        names = ", ".join(each.name for each in targets.all_targets())
        raise HttpError(422, f"This cannot be imported. What can: {names}.") from error
    except (
        UnreadableFileError,
        mapping.MappingError,
        targets.UnknownPresetError,
        files.FileTooLargeError,
    ) as error:
        raise HttpError(422, str(error)) from error
    return Status(201, _out(run))


@router.get(
    "imports/{int:import_id}", response={200: ImportOut, **READ}, operation_id="get_import", url_name="import"
)
def get_import(request: HttpRequest, workspace: Path[str], import_id: int) -> dict[str, Any]:
    """Read one import."""
    return _out(_find(access_of(request, role=Role.MAKER), import_id))


@router.patch(
    "imports/{int:import_id}",
    response={200: ImportOut, **WRITE},
    operation_id="map_import",
    url_name="import-map",
)
def map_import(request: HttpRequest, workspace: Path[str], import_id: int, data: MappingIn) -> dict[str, Any]:
    """Say which column is which, before it runs."""
    access = access_of(request, role=Role.MAKER)
    run = _find(access, import_id)
    given = {name: getattr(data, name) for name in ("date_order", "decimal", "zone")}
    try:
        fields = mapping.by_name(
            target=targets.get(run.target), columns=run.columns, asked=data.mapping or {}, guessed=run.mapping
        )
        run = services.change_mapping(
            run=run,
            fields=fields,
            options={name: value for name, value in given.items() if value is not None},
            source=data.source.replace("\x00", "") if data.source is not None else None,
            product=run.product if data.product is None else _product(access, data.product),
        )
        mapping.check(target=targets.get(run.target), columns=run.columns, fields=run.mapping)
    except mapping.MappingError as error:
        raise HttpError(422, str(error)) from error
    except services.NotNowError as error:
        raise HttpError(409, str(error)) from error
    return _out(run)


def _deed(run: Import, deed: Any) -> dict[str, Any]:
    try:
        deed()
    except services.NotNowError as error:
        raise HttpError(409, str(error)) from error
    except (services.AmbiguousDatesError, mapping.MappingError, UnreadableFileError) as error:
        raise HttpError(422, str(error)) from error
    run.refresh_from_db()
    return _out(run)


@router.post(
    "imports/{int:import_id}/run",
    response={202: ImportOut, **WRITE},
    operation_id="run_import",
    url_name="import-run",
)
def run_import(
    request: HttpRequest, workspace: Path[str], import_id: int, data: RunIn
) -> Status[dict[str, Any]]:
    """Start the import as a job, go on with one that stopped, or only check it (`dry_run`)."""
    access = access_of(request, role=Role.MAKER)
    run = _find(access, import_id)
    if data.dry_run:
        return Status(202, _deed(run, lambda: services.start_check(run=run, actor=access.actor)))
    return Status(
        202, _deed(run, lambda: services.start_import(run=run, actor=access.actor, at=timezone.now()))
    )


@router.post(
    "imports/{int:import_id}/cancel",
    response={200: ImportOut, **WRITE},
    operation_id="cancel_import",
    url_name="import-cancel",
)
def cancel_import(request: HttpRequest, workspace: Path[str], import_id: int) -> dict[str, Any]:
    """Stop after the batch it is at. What is in stays."""
    run = _find(access_of(request, role=Role.MAKER), import_id)
    return _deed(run, lambda: services.cancel_import(run=run))


@router.post(
    "imports/{int:import_id}/undo",
    response={202: ImportOut, **WRITE},
    operation_id="undo_import",
    url_name="import-undo",
)
def undo_import(request: HttpRequest, workspace: Path[str], import_id: int) -> Status[dict[str, Any]]:
    """Take back what the import made and changed, as a job."""
    access = access_of(request, role=Role.MAKER)
    run = _find(access, import_id)
    return Status(202, _deed(run, lambda: services.start_undo(run=run, actor=access.actor)))


@router.get(
    "imports/{int:import_id}/rejects",
    response={200: None, **READ},
    operation_id="get_import_rejects",
    url_name="import-rejects",
    openapi_extra={
        "responses": {200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}}
    },
)
def get_rejects(
    request: HttpRequest, workspace: Path[str], import_id: int
) -> HttpResponse | StreamingHttpResponse:
    """Download the rejected rows as CSV, each with its reason."""
    run = _find(access_of(request, role=Role.MAKER), import_id)
    return StreamingHttpResponse(rejected.as_csv(run), content_type=writing.TYPES["csv"])


class ExportQuery(Schema):
    """Which rows, in which format."""

    format: Literal["csv", "tsv", "xlsx", "json", "ndjson"] = "csv"
    product: str = Field("", max_length=40, description="A product's slug.")


@router.get(
    "exports/{slug:name}",
    response={200: None, **READ},
    operation_id="export_list",
    url_name="export",
    openapi_extra={
        "responses": {
            200: {
                "description": "OK",
                "content": {
                    kind.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
                    for kind in writing.TYPES.values()
                },
            }
        }
    },
)
def export_list(
    request: HttpRequest, workspace: Path[str], name: str, query: Query[ExportQuery]
) -> HttpResponse | StreamingHttpResponse:
    """Download a whole list in the columns that importing knows."""
    access = access_of(request)
    product = _product(access, query.product)
    try:
        source = sources.get(name)
    except sources.UnknownSourceError as error:
        raise MissingError from error
    asked = sources.Asked(
        workspace_id=access.workspace.pk,
        product_id=product.pk if product else None,
        circles=access.circle_ids,
    )
    return export_response(source, asked, format=query.format)
