"""The pages of imports: list, upload, mapping with preview, progress, result; and the download of lists."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.files import services as files
from roadbed.core.jobs.models import Job
from roadbed.core.jobs.views import progress_of
from roadbed.core.records import kinds
from roadbed.core.tables import mapping, rejected, selectors, services, sources, targets, writing
from roadbed.core.tables.forms import LayoutForm, MappingForm, UploadForm
from roadbed.core.tables.models import Import
from roadbed.core.tables.reading import UnreadableFileError
from roadbed.core.tables.reading.sheets import sheet_names
from roadbed.core.tables.responses import export_response
from roadbed.core.tables.services.imports import PreviewRow
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Product
from roadbed.core.workspaces.roles import Role
from roadbed.web import filters, formats, pagination, parts, responses, tables, toasts

State = Import.State
TONES = {State.DONE: "good", State.FAILED: "bad", State.CANCELLED: "warn", State.RUNNING: "accent"}
ID_MAX = 2**53
SHOWN_REJECTS = 50
REFUSALS = (mapping.MappingError, services.AmbiguousDatesError, services.NotNowError, UnreadableFileError)
FILTERS = filters.FilterSet(filters=(), sorts=(filters.SortOption("id", "Newest"),), default_sort="-id")
COLUMNS = (
    tables.Column("file", "File", main=True),
    tables.Column("target", "Into"),
    tables.Column("state", "State"),
    tables.Column("created", "New", numeric=True),
    tables.Column("changed", "Changed", numeric=True),
    tables.Column("rejected", "Rejected", numeric=True),
    tables.Column("who", "By"),
    tables.Column("when", "When", tight=True),
)


def _base(access: Access) -> str:
    return f"/w/{access.workspace.slug}/import/"


def _find(access: Access, import_id: int) -> Import:
    if import_id > ID_MAX:
        raise Http404
    try:
        return selectors.access_import(
            workspace_id=access.workspace.pk, import_id=import_id, user_id=access.member.user_id
        )
    except Import.DoesNotExist as error:
        raise Http404 from error


def _url(access: Access, run: Import) -> str:
    return f"{_base(access)}{run.pk}/"


def _label(run: Import) -> str:
    try:
        return targets.get(run.target).label
    except targets.UnknownTargetError:
        return run.target


def _row(access: Access, run: Import) -> tables.Row:
    url = _url(access, run)
    return tables.Row(
        id=str(run.pk),
        label=run.file_name,
        url=url,
        cells={
            "file": parts.title(run.file_name, url=url),
            "target": _label(run),
            "state": parts.chip(str(State(run.state).label), tone=TONES.get(State(run.state), "")),
            "created": formats.number(run.created_count),
            "changed": formats.number(run.changed_count),
            "rejected": formats.number(run.rejected_count),
            "who": parts.person(run.created_by_name),
            "when": parts.when(run.created_at),
        },
    )


@page(role=Role.MAKER)
@require_GET
def show_all(request: HttpRequest, access: Access) -> HttpResponse:
    """List the imports of the workspace."""
    state = FILTERS.parse(request.GET, path=request.path)
    found = pagination.paginate(
        selectors.list_imports(workspace_id=access.workspace.pk, user_id=access.member.user_id),
        order=("-pk",),
        cursor=state.cursor,
    )
    table = tables.Table(
        id="imports",
        caption="Imports",
        noun="imports",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(access, run) for run in found.rows),
        empty=tables.Empty(
            "Nothing was imported yet",
            "Bring a file of feedback from your help desk, survey or app store. You see first what it becomes.",
            action="Import a file",
            url=f"{_base(access)}new/",
        ),
    )
    lists = [
        (each.label, f"/w/{access.workspace.slug}/export/{each.name}/") for each in sources.all_sources()
    ]
    return responses.page(request, "tables/list.html", {"table": table, "state": state, "lists": lists})


@page(role=Role.MAKER)
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, access: Access) -> HttpResponse:
    """Take a file in."""
    wanted = request.GET.get("into", "")
    initial = {"target": wanted, "product": access.member.product_id}
    form = UploadForm(
        request.POST or None, request.FILES or None, workspace=access.workspace, initial=initial
    )
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES, workspace=access.workspace)
        if form.is_valid():
            file: UploadedFile = form.cleaned_data["file"]
            product: Product | None = form.cleaned_data["product"]
            try:
                run = services.create_import(
                    workspace=access.workspace,
                    target=form.cleaned_data["target"],
                    name=file.name or "file",
                    chunks=file.chunks(),
                    actor=access.actor,
                    at=timezone.now(),
                    product=product,
                    preset=form.cleaned_data["preset"],
                )
            except targets.UnknownPresetError as error:
                form.add_error("preset", str(error))
            except (UnreadableFileError, mapping.MappingError, files.FileTooLargeError) as error:
                form.add_error("file", str(error))
            else:
                return redirect(_url(access, run))
        return responses.form_page(
            request, "tables/upload.html", {"form": form, "targets": targets.all_targets()}
        )
    return responses.page(request, "tables/upload.html", {"form": form, "targets": targets.all_targets()})


@page(role=Role.MAKER)
@require_GET
def show(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Show an import where it stands: its mapping, its progress, or what became of it."""
    run = _find(access, import_id)
    if run.is_draft:
        return _mapping_page(request, access, run)
    return responses.page(request, "tables/import.html", _result(access, run))


def _result(access: Access, run: Import) -> dict[str, Any]:
    job = Job.objects.filter(pk=run.job_id or 0, workspace_id=access.workspace.pk).first()
    made = [
        (kinds.get(kind).label.lower() if count == 1 else kinds.get(kind).plural.lower(), count)
        for kind, count in run.made_along.items()
    ]
    facts = [
        {"label": "New", "value": formats.number(run.created_count)},
        {"label": "Changed", "value": formats.number(run.changed_count)},
        {"label": "As they were", "value": formats.number(run.unchanged_count)},
        {"label": "Rejected", "value": formats.number(run.rejected_count)},
        *({"label": f"New {name} along with them", "value": formats.number(count)} for name, count in made),
        {"label": "Source of the ids", "value": run.external_source},
        {"label": "Product", "value": run.product.name if run.product else "–"},
    ]
    is_stuck = run.is_active and (job is None or job.is_over) and run.state != State.UNDOING
    return {
        "run": run,
        "label": _label(run),
        "job": progress_of(access=access, job=job) if job is not None and run.is_active else None,
        "facts": facts,
        "rejects": list(run.rejects.all()[:SHOWN_REJECTS]),
        "more": max(0, run.rejected_count - SHOWN_REJECTS),
        "url": _url(access, run),
        "base": _base(access),
        "tone": TONES.get(State(run.state), ""),
        "can_resume": run.state in {State.CANCELLED, State.FAILED} or is_stuck,
        "can_undo": run.can_undo,
        "can_cancel": run.is_active and run.state != State.UNDOING,
    }


def _mapping_page(
    request: HttpRequest,
    access: Access,
    run: Import,
    *,
    form: MappingForm | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    target = targets.get(run.target)
    shown: list[PreviewRow] = []
    sheets: tuple[str, ...] = ()
    try:
        shown = services.preview(run=run)
        sheets = sheet_names(files.path_of(run.file)) if run.layout["format"] == "xlsx" else ()
    except (*REFUSALS, OSError) as error:
        problem = problem or str(error)
    choices = [(each.name, f"{each.label} *" if each.required else each.label) for each in target.fields]
    rest = [(mapping.KEEP, "Keep as a further fact")] if target.keeps_other_columns else []
    columns = [
        {
            "place": place,
            "header": header,
            "chosen": run.mapping[place],
            "choices": [*choices, *rest, (mapping.LEAVE, "Leave out")],
            "samples": [row.cells[place] for row in shown if place < len(row.cells) and row.cells[place]][:3],
        }
        for place, header in enumerate(run.columns)
    ]
    named = [each for each in target.fields if each.name in run.mapping]
    preview = [
        {
            "number": row.number,
            "problem": row.problem,
            "values": [_shown(row.values.get(each.name)) for each in named],
        }
        for row in shown
    ]
    context = {
        "run": run,
        "label": target.label,
        "preset": next(
            (each.label for each in target.presets if each.name == run.options.get("preset", "")), ""
        ),
        "form": form or MappingForm(run=run),
        "layout": LayoutForm(run=run, sheets=sheets),
        "columns": columns,
        "named": named,
        "preview": preview,
        "problem": problem,
        "dry": run.dry_run,
        "url": _url(access, run),
        "base": _base(access),
        "size": formats.size(run.file.size),
    }
    return responses.page(request, "tables/mapping.html", context, status=status)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "hour") else f"{value:%Y-%m-%d}"
    text = ", ".join(value) if isinstance(value, list) else str(value)
    return f"{text[:119]}…" if len(text) > 120 else text


@page(role=Role.MAKER)
@require_POST
def change_mapping(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Keep the mapping, and go on with what the button says: look again, check, or run."""
    run = _find(access, import_id)
    if not run.is_draft:
        return _refused(request, access, run, "This import can no longer be changed.")
    form = MappingForm(request.POST, run=run)
    if not form.is_valid():
        return _mapping_page(request, access, run, form=form, status=422)
    try:
        run = services.change_mapping(
            run=run,
            fields=form.columns(),
            options=form.options(),
            source=form.cleaned_data["source"],
            product=form.cleaned_data["product"],
        )
        then = request.POST.get("then", "")
        if then == "run":
            services.start_import(run=run, actor=access.actor, at=timezone.now())
        elif then == "check":
            services.start_check(run=run, actor=access.actor)
    except REFUSALS as error:
        run.refresh_from_db()
        return _mapping_page(request, access, _find(access, run.pk), problem=str(error), status=422)
    return redirect(_url(access, run))


@page(role=Role.MAKER)
@require_POST
def change_layout(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Read the file another way."""
    run = _find(access, import_id)
    if not run.is_draft:
        return _refused(request, access, run, "This import can no longer be changed.")
    sheets = sheet_names(files.path_of(run.file)) if run.layout["format"] == "xlsx" else ()
    form = LayoutForm(request.POST, run=run, sheets=sheets)
    if not form.is_valid():
        problem = " ".join(str(message) for messages in form.errors.values() for message in messages)
        return _mapping_page(request, access, run, problem=problem, status=422)
    try:
        run = services.change_layout(run=run, asked=form.cleaned_data)
    except REFUSALS as error:
        return _mapping_page(request, access, _find(access, import_id), problem=str(error), status=422)
    return redirect(_url(access, run))


def _refused(request: HttpRequest, access: Access, run: Import, reason: str) -> HttpResponse:
    toasts.add(request, reason, tone="bad")
    return redirect(_url(access, run))


@page(role=Role.MAKER)
@require_POST
def check(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Queue a dry run of the mapping as it is kept."""
    found = _find(access, import_id)
    try:
        services.start_check(run=found, actor=access.actor)
    except REFUSALS as error:
        return _refused(request, access, found, str(error))
    return redirect(_url(access, found))


@page(role=Role.MAKER)
@require_POST
def run(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Start the import, or go on with one that stopped."""
    found = _find(access, import_id)
    try:
        services.start_import(run=found, actor=access.actor, at=timezone.now())
    except REFUSALS as error:
        return _refused(request, access, found, str(error))
    return redirect(_url(access, found))


@page(role=Role.MAKER)
@require_POST
def cancel(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Ask a running import to stop."""
    found = _find(access, import_id)
    try:
        services.cancel_import(run=found)
    except REFUSALS as error:
        return _refused(request, access, found, str(error))
    toasts.add(request, "It stops after the rows it is at. What is in stays, and can be undone.")
    return redirect(_url(access, found))


@page(role=Role.MAKER)
@require_POST
def undo(request: HttpRequest, access: Access, import_id: int) -> HttpResponse:
    """Queue the undoing of an import."""
    found = _find(access, import_id)
    try:
        services.start_undo(run=found, actor=access.actor)
    except REFUSALS as error:
        return _refused(request, access, found, str(error))
    return redirect(_url(access, found))


@page(role=Role.MAKER)
@require_GET
def rejects(request: HttpRequest, access: Access, import_id: int) -> HttpResponseBase:
    """Download the rejected rows with their reasons."""
    found = _find(access, import_id)
    response = StreamingHttpResponse(rejected.as_csv(found), content_type=writing.TYPES["csv"])
    response["Content-Disposition"] = f'attachment; filename="rejected-{found.pk}.csv"'
    return response


@page()
@require_GET
def export(request: HttpRequest, access: Access, name: str) -> HttpResponseBase:
    """Download a whole list; ``?as=`` says in which format, ``?product=`` of which product."""
    format_ = request.GET.get("as", "csv")
    try:
        source = sources.get(name)
    except sources.UnknownSourceError as error:
        raise Http404 from error
    if format_ not in writing.FORMATS:
        raise Http404
    slug = request.GET.get("product", "")
    product = Product.objects.filter(workspace=access.workspace, slug=slug).first() if slug else None
    if slug and product is None:
        raise Http404
    asked = sources.Asked(
        workspace_id=access.workspace.pk,
        product_id=product.pk if product else None,
        circles=access.circle_ids,
    )
    return export_response(source, asked, format=format_)
