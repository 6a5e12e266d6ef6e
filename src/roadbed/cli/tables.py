"""`roadbed import` and `roadbed export`: tables in and out, at the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from roadbed.core.tables.models import Import
    from roadbed.core.workspaces.models import Product, Workspace

FAILED, UNKNOWN, SOME_REJECTED = 1, 3, 4
SHOWN_REJECTS = 5
IMPORT_EPILOG = """\
Examples:

  roadbed import feedback.csv --into feedback --dry-run
  roadbed import reviews.csv --into feedback --preset play
  roadbed import tickets.xlsx --into feedback --sheet Open --map "Ticket no=external_id" --source helpdesk
  roadbed import accounts.csv --into accounts --rejects rejected.csv --json
  roadbed import --resume 12

Exit codes: 0 every row is in · 1 the file or its mapping cannot be used · 2 the command was not understood ·
3 no such workspace, product, target or import · 4 some rows were rejected (see --rejects); all others are in.
"""
EXPORT_EPILOG = """\
Examples:

  roadbed export feedback --format csv -o feedback.csv
  roadbed export accounts --format xlsx -o accounts.xlsx
  roadbed export needs --product dispatch --format ndjson | jq .title

Exit codes: 0 done · 1 the file could not be written · 2 the command was not understood ·
3 no such workspace, product or list.
"""

app = typer.Typer()


def _fail(code: int, message: str, *, fix: str = "") -> NoReturn:
    from roadbed.cli.exits import Exit, end

    end(Exit(code), message, fix=fix)


def _place(workspace: str, product: str) -> tuple[Workspace, Product | None]:
    """Return the workspace (the only one, if none is named) and the product."""
    from django.db.models import Q

    from roadbed.core.workspaces.models import Product, Workspace

    known = list(Workspace.objects.order_by("slug"))
    found = [each for each in known if not workspace or each.slug == workspace]
    names = ", ".join(each.slug for each in known)
    if not known:
        _fail(UNKNOWN, "There is no workspace yet.", fix="Make one: roadbed up, or roadbed demo.")
    if len(found) != 1:
        what = f"There is no workspace “{workspace}”." if workspace else "There are several workspaces."
        _fail(UNKNOWN, what, fix=f"Name one with --workspace: {names}.")
    if not product:
        return found[0], None
    products = Product.objects.filter(workspace=found[0])
    chosen = products.filter(Q(slug=product) | Q(name__iexact=product)).first()
    if chosen is None:
        listed = ", ".join(products.values_list("slug", flat=True)) or "none yet"
        _fail(UNKNOWN, f"There is no product “{product}”.", fix=f"There are: {listed}.")
    return found[0], chosen


@contextmanager
def _progress(label: str, *, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is: a bar for a person, one JSON line a batch for a program; both on standard error."""
    if as_json:

        def tell(done: int, total: int) -> None:
            print(json.dumps({"rows_done": done, "rows_total": total}), file=sys.stderr, flush=True)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _pairs(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given:
        column, mark, name = each.rpartition("=")
        if not mark or not column:
            raise typer.BadParameter(f"“{each}” is not of the form COLUMN=FIELD", param_hint="--map")
        pairs[column.strip()] = name.strip()
    return pairs


@app.command("import", epilog=IMPORT_EPILOG)
def import_table(
    file: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="CSV, TSV, XLSX, JSON, NDJSON or Microsoft Project XML.",
        ),
    ] = None,
    into: Annotated[
        str, typer.Option("--into", help="What the rows are: feedback, accounts, people, needs…")
    ] = "",
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="Its short name, where there are several.")
    ] = "",
    product: Annotated[
        str, typer.Option("--product", "-p", help="The product that the rows are about.")
    ] = "",
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="In place of the guess; COLUMN= leaves it out, + keeps it."
        ),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", help="Where the ids come from; made of the file's name otherwise.")
    ] = "",
    preset: Annotated[
        str,
        typer.Option(
            "--preset", help="Whose export it is, such as zendesk; found out by its columns otherwise."
        ),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Find out what would happen, and write nothing.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", metavar="FILE", help="Write rejected rows here, with the reason."),
    ] = None,
    encoding: Annotated[str, typer.Option("--encoding", help="Such as utf-8, utf-16, cp1252.")] = "",
    delimiter: Annotated[
        str, typer.Option("--delimiter", help="What parts the columns; tab for a tab.")
    ] = "",
    sheet: Annotated[str, typer.Option("--sheet", help="Which sheet of a workbook.")] = "",
    header: Annotated[
        int | None, typer.Option("--header", min=0, help="The row that names the columns; 0 for none.")
    ] = (None),
    date_order: Annotated[
        str, typer.Option("--date-order", help="dmy, mdy or ymd, where the file does not decide.")
    ] = "",
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="Of times that name none, such as Europe/Berlin.")
    ] = "",
    resume: Annotated[
        int, typer.Option("--resume", metavar="NUMBER", help="Go on with an import that stopped.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON, progress as lines of JSON.")
    ] = False,
) -> None:
    """Read a table into the workspace. Importing it again changes what differs and doubles nothing."""
    if date_order not in {"", "dmy", "mdy", "ymd"}:
        raise typer.BadParameter("choose dmy, mdy or ymd", param_hint="--date-order")
    if not resume and (file is None or not into):
        raise typer.BadParameter("name a file and what it holds: roadbed import FILE --into feedback")
    asked = _pairs(map_ or [])
    from roadbed.cli.environment import prepare

    prepare()
    place, chosen = _place(workspace, product)
    layout = {
        "encoding": encoding,
        "delimiter": "\t" if delimiter in {"tab", "\\t"} else delimiter,
        "sheet": sheet,
        "header": header,
    }
    options = {"date_order": date_order, "zone": time_zone}
    run = (
        _resumed(place, resume)
        if resume
        else _made(place, chosen, file, into, asked, source, layout, options, preset)
    )
    result = _checked(run, as_json=as_json) if dry_run else _imported(run, as_json=as_json)
    if rejects is not None and not dry_run:
        _write_rejects(run, rejects)
    if as_json:
        print(json.dumps(result, ensure_ascii=False, default=str))
    else:
        _tell(result, dry_run=dry_run, rejects=rejects)
    if result["rejected"]:
        raise typer.Exit(SOME_REJECTED)


def _made(
    place: Workspace,
    product: Product | None,
    file: Path | None,
    into: str,
    asked: dict[str, str],
    source: str,
    layout: dict[str, Any],
    options: dict[str, Any],
    preset: str,
) -> Import:
    from django.utils import timezone

    from roadbed.core.files import services as files
    from roadbed.core.tables import mapping, services, targets
    from roadbed.core.tables.reading import UnreadableFileError

    if file is None:
        raise typer.BadParameter("name a file")
    try:
        return services.create_import(
            workspace=place,
            target=into,
            name=file.name,
            chunks=files.chunks_of(file),
            actor=_actor(),
            at=timezone.now(),
            product=product,
            source=source,
            layout=layout,
            asked=asked,
            options=options,
            preset=preset,
        )
    except targets.UnknownPresetError as error:
        _fail(UNKNOWN, str(error))
    except targets.UnknownTargetError:
        names = ", ".join(each.name for each in targets.all_targets())
        _fail(UNKNOWN, f"“{into}” cannot be imported.", fix=f"What can: {names}.")
    except (UnreadableFileError, mapping.MappingError, files.FileTooLargeError) as error:
        _fail(FAILED, f"{file}: {error}")


def _resumed(place: Workspace, number: int) -> Import:
    from roadbed.core.tables.models import Import

    run = Import.objects.filter(workspace=place, pk=number).first()
    if run is None:
        _fail(UNKNOWN, f"There is no import {number} in {place.name}.")
    return run


def _actor() -> Any:
    import getpass

    from roadbed.core.accounts.actors import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "terminal"
    return Actor(user_id=None, name=f"{name} (terminal)", via="cli")


def _imported(run: Import, *, as_json: bool) -> dict[str, Any]:
    from django.utils import timezone

    from roadbed.core.tables import mapping, services
    from roadbed.core.tables.reading import UnreadableFileError

    actor = _actor()
    _spare_memory()
    try:
        run = services.start_import(run=run, actor=actor, at=timezone.now(), is_inline=True)
        with _progress(f"Importing {run.file_name}", as_json=as_json) as tell:
            run = services.run_import(run=run, actor=actor, now=timezone.now, told=tell)
    except services.AmbiguousDatesError as error:
        _fail(FAILED, str(error), fix="Add --date-order dmy, mdy or ymd.")
    except (services.NotNowError, mapping.MappingError, UnreadableFileError) as error:
        _fail(
            FAILED,
            str(error),
            fix="See the columns and fields with --dry-run, and set them with --map COLUMN=FIELD.",
        )
    if run.state == run.State.FAILED:
        _fail(
            FAILED,
            run.error,
            fix=f"{run.rows_done:,} rows are in. Go on with: roadbed import --resume {run.pk}",
        )
    return {
        "import": run.pk,
        "file": run.file_name,
        "target": run.target,
        "state": run.state,
        "source": run.external_source,
        "preset": run.options.get("preset", ""),
        "mapping": dict(zip(run.columns, run.mapping, strict=True)),
        "rows": run.rows_done,
        "created": run.created_count,
        "changed": run.changed_count,
        "unchanged": run.unchanged_count,
        "rejected": run.rejected_count,
        "made_along": run.made_along,
        "rejects": list(run.rejects.values("row", "reason")[:SHOWN_REJECTS]),
    }


def _spare_memory() -> None:
    """Read the database through its own cache alone: mapped into memory, a large one would all count as ours."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA mmap_size=0")


def _checked(run: Import, *, as_json: bool) -> dict[str, Any]:
    from django.utils import timezone

    from roadbed.core.tables import mapping, services
    from roadbed.core.tables.services import imports

    try:
        imports.settle(run).put(run)
        with _progress(f"Checking {run.file_name}", as_json=as_json) as tell:
            found = services.check_import(run=run, actor=_actor(), now=timezone.now, told=tell)
    except services.AmbiguousDatesError as error:
        _fail(FAILED, str(error), fix="Add --date-order dmy, mdy or ymd.")
    except mapping.MappingError as error:
        columns = ", ".join(run.columns)
        _fail(FAILED, str(error), fix=f"Columns: {columns}. Set one with --map COLUMN=FIELD.")
    finally:
        file = run.file
        run.delete()
        file.content.delete(save=False)
        file.delete()
    return {
        "file": run.file_name,
        "target": run.target,
        "source": run.external_source,
        "preset": run.options.get("preset", ""),
        "mapping": dict(zip(run.columns, run.mapping, strict=True)),
        **found,
    }


def _write_rejects(run: Import, path: Path) -> None:
    from roadbed.core.tables import rejected

    try:
        with path.open("wb") as file:
            for chunk in rejected.as_csv(run):
                file.write(chunk)
    except OSError as error:
        _fail(FAILED, f"{path} cannot be written: {error.strerror}.")


def _tell(result: dict[str, Any], *, dry_run: bool, rejects: Path | None) -> None:
    """Say in words what happened, or would."""
    from roadbed.core.records import kinds
    from roadbed.core.tables import targets
    from roadbed.core.tables.mapping import KEEP, LEAVE

    target = targets.get(result["target"])
    if result["preset"]:
        print(f"Read as {target.preset(result['preset']).label}.")
    if dry_run:
        for column, name in result["mapping"].items():
            meaning = {KEEP: "kept under its own name", LEAVE: "left out"}.get(name)
            print(f"  {column[:40]:<40} → {meaning or target.field(name).label}")
    would = "would be " if dry_run else ""
    print(
        f"{result['rows']:,} rows of {result['file']}: {result['created']:,} {would}new, "
        f"{result['changed']:,} {would}changed, {result['unchanged']:,} as they were, "
        f"{result['rejected']:,} {would}rejected."
    )
    for kind, count in result["made_along"].items():
        known = kinds.get(kind)
        print(f"Along with them: {count:,} new {(known.label if count == 1 else known.plural).lower()}.")
    print(
        f"Its ids are kept under the source “{result['source']}”: give --source {result['source']} next time."
    )
    for each in result["rejects"][:SHOWN_REJECTS]:
        print(f"  {each['reason']}", file=sys.stderr)
    more = result["rejected"] - min(len(result["rejects"]), SHOWN_REJECTS)
    if more > 0:
        hint = "" if rejects or dry_run else " Write them to a file with --rejects FILE."
        print(f"  … and {more:,} more.{hint}", file=sys.stderr)


@app.command("export", epilog=EXPORT_EPILOG)
def export_table(
    what: Annotated[str, typer.Argument(metavar="LIST", help="feedback, accounts, people, needs…")],
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="Its short name, where there are several.")
    ] = "",
    product: Annotated[str, typer.Option("--product", "-p", help="Only what belongs to this product.")] = "",
    format_: Annotated[str, typer.Option("--format", "-f", help="csv, tsv, xlsx, json or ndjson.")] = "csv",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Standard output otherwise.")
    ] = None,
) -> None:
    """Write a list as a table that `roadbed import` reads back."""
    from roadbed.cli.environment import prepare

    prepare()
    from roadbed.core.tables import sources, writing

    if format_ not in writing.FORMATS:
        raise typer.BadParameter(f"choose {', '.join(writing.FORMATS)}", param_hint="--format")
    place, chosen = _place(workspace, product)
    try:
        source = sources.get(what)
    except sources.UnknownSourceError:
        names = ", ".join(each.name for each in sources.all_sources())
        _fail(UNKNOWN, f"“{what}” cannot be exported.", fix=f"What can: {names}.")
    asked = sources.Asked(workspace_id=place.pk, product_id=chosen.pk if chosen else None)
    try:
        chunks = source.write(asked, format=format_)
        if output is None:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
        else:
            with output.open("wb") as file:
                for chunk in chunks:
                    file.write(chunk)
    except BrokenPipeError:
        raise typer.Exit(0) from None
    except OSError as error:
        _fail(FAILED, f"{output} cannot be written: {error.strerror}.")
