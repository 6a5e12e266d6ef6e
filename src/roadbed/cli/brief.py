"""`roadbed brief`: what customers need, in the terminal or as one file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from roadbed.cli.exits import Exit, end
from roadbed.cli.output import print_json, say

if TYPE_CHECKING:
    from roadbed.core.workspaces.models import Workspace
    from roadbed.modules.insights.selectors.outline import Outline, Rank
    from roadbed.modules.insights.selectors.outline_scope import Scope


class UnknownError(LookupError):
    """There is no workspace, product or segment of that name; the fix says which there are."""

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix


def brief(
    *,
    product: Annotated[
        str, typer.Option("--product", "-p", help="Only needs of this product (its short name or its name).")
    ] = "",
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="The workspace's short name, where there are several.")
    ] = "",
    segment: Annotated[
        str,
        typer.Option(
            "--segment", "-s", help="Only what accounts of this segment said (its key or its name)."
        ),
    ] = "",
    since: Annotated[
        str,
        typer.Option("--since", metavar="DATE", help="Only what was said on or after this day (2026-01-31)."),
    ] = "",
    rank: Annotated[
        str, typer.Option("--rank", help="people, accounts, revenue, trend or opportunity.")
    ] = "people",
    top: Annotated[int, typer.Option("--top", "-n", min=1, max=100, help="How many needs.")] = 10,
    quotes: Annotated[
        int, typer.Option("--quotes", min=0, max=10, help="How many quotes each need shows.")
    ] = 3,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outline as JSON and nothing else.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one HTML file that needs nothing else."),
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Write an A4 PDF.")] = None,
) -> None:
    """Outline what customers need and expect, with the words it rests on.

    Examples:

        roadbed brief --product dispatch

        roadbed brief --product dispatch --segment S-2 --since 2026-01-01 --rank trend

        roadbed brief --workspace northwind --top 20 --json

        roadbed brief --product dispatch --pdf needs.pdf --html needs.html
    """
    since_day = _day(since)
    if rank not in {"people", "accounts", "revenue", "trend", "opportunity"}:
        raise typer.BadParameter(
            "choose people, accounts, revenue, trend or opportunity", param_hint="--rank"
        )
    from roadbed.cli import environment

    environment.prepare()
    from django.db import DatabaseError

    try:
        outline = _read(
            workspace=workspace,
            product=product,
            segment=segment,
            since=since_day,
            rank=rank,  # type: ignore[arg-type]  # checked above
            top=top,
            quotes=quotes,
        )
    except UnknownError as error:
        end(Exit.FAILURE, error.message, fix=error.fix)
    except DatabaseError as error:
        end(Exit.FAILURE, f"the database cannot be read: {error}", fix="`roadbed doctor` says what is wrong.")
    written = _write(outline, html=html, markdown=markdown, pdf=pdf)
    if as_json:
        _print_json(outline)
    elif not written:
        _print_text(outline)


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}” is not a date such as 2026-01-31", param_hint="--since") from None


def _read(
    *,
    workspace: str,
    product: str,
    segment: str,
    since: dt.date | None,
    rank: Rank,
    top: int,
    quotes: int,
) -> Outline:
    from django.utils import timezone

    from roadbed.modules.insights.selectors import outline

    place = _workspace(workspace)
    scope = _scope(place, product=product, segment=segment, since=since)
    question = outline.Question(scope=scope, rank=rank, limit=top, quotes=quotes)
    return outline.read_outline(workspace=place, question=question, now=timezone.now())


def _workspace(slug: str) -> Workspace:
    from roadbed.core.workspaces.models import Workspace

    known = list(Workspace.objects.order_by("slug"))
    found = [one for one in known if not slug or one.slug == slug]
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.slug for one in known)
    if not known:
        raise UnknownError(
            "there is no workspace yet", fix="Run `roadbed demo`, or make one in `roadbed up`."
        )
    if slug:
        raise UnknownError(f"there is no workspace “{slug}”", fix=f"There are: {names}.")
    raise UnknownError("there are several workspaces", fix=f"Choose one with --workspace: {names}.")


def _scope(place: Workspace, *, product: str, segment: str, since: dt.date | None) -> Scope:
    from django.db.models import Q

    from roadbed.core.workspaces.models import Product
    from roadbed.modules.insights.models import Segment
    from roadbed.modules.insights.selectors.outline_scope import Scope

    product_id, kept = None, None
    if product:
        products = Product.objects.filter(workspace=place)
        wanted = products.filter(Q(slug=product) | Q(name__iexact=product)).first()
        if wanted is None:
            names = ", ".join(products.values_list("slug", flat=True)) or "none yet"
            raise UnknownError(f"there is no product “{product}”", fix=f"There are: {names}.")
        product_id = wanted.pk
    if segment:
        segments = Segment.objects.in_workspace(place.pk)
        kept = segments.by_key(segment).first() or segments.filter(title__iexact=segment).first()
        if kept is None:
            names = (
                ", ".join(f"{one.key} {one.title}" for one in segments.order_by("title")[:20]) or "none yet"
            )
            raise UnknownError(f"there is no segment “{segment}”", fix=f"There are: {names}.")
    return Scope(workspace_id=place.pk, product_id=product_id, segment=kept, since=since)


def _write(outline: Outline, *, html: Path | None, markdown: Path | None, pdf: Path | None) -> list[Path]:
    from roadbed.modules.insights.services import outline_documents as documents

    written = []
    for path, make in (
        (markdown, documents.as_markdown),
        (html, documents.as_html),
        (pdf, documents.as_pdf),
    ):
        if path is None:
            continue
        content: Any = make(outline)
        try:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        except OSError as error:
            end(
                Exit.FAILURE,
                f"{path} could not be written: {error.strerror}",
                fix="Name a file in a folder that is there.",
            )
        say(f"wrote {path}")
        written.append(path)
    return written


def _print_json(outline: Outline) -> None:
    from roadbed.modules.insights.services import outline_words

    print_json(outline_words.as_facts(outline))


def _print_text(outline: Outline) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from roadbed.modules.insights.services import outline_words as words

    # What customers wrote goes in as `Text`, which is never read as markup.
    console = Console(highlight=False)
    console.print(Text(words.title(outline), style="bold"))
    told = " · ".join(f"{name.lower()}: {value}" for name, value in words.scope_words(outline))
    console.print(Text(f"{words.full_day(outline.made_at)} · {told}", style="dim"))
    console.print(Text(words.coverage_words(outline.coverage), style="dim"))
    if outline.silent:
        console.print(Text(words.silent_words(outline), style="dim"))
    if not outline.entries:
        console.print()
        console.print(Text("No need has feedback behind it in this scope yet."))
    tones = {"rising": "yellow", "falling": "green"}
    for entry in outline.entries:
        console.print()
        head = Text(f"{entry.rank}{'=' if entry.tied else ''}. ", style="bold cyan")
        console.print(head.append(entry.title, style="bold").append(f"  {entry.key}", style="dim"))
        line = Text(words.people_words(entry.figures, currency=outline.workspace.currency) + "; ")
        line.append(words.trend_words(entry.trend), style=tones.get(entry.trend.direction, ""))
        body = [line.append(".")]
        if entry.expectation:
            body.append(Text("They expect: ", style="dim").append(entry.expectation, style="not dim"))
        rating = words.rating_words(entry)
        if rating:
            body.append(Text(f"Rated {rating}", style="dim"))
        for quote in entry.quotes:
            body.append(Text(f"“{quote.text}”", style="italic"))
            body.append(Text(f"  {words.citation_words(quote)} · {quote.key}", style="dim"))
        told = ", ".join(
            f"{one.key} {one.title}" + (f" ({one.status})" if one.status else "") for one in entry.answers
        )
        body.append(Text("Answered by: ", style="dim").append(told or "nothing yet", style="not dim"))
        for part in body:
            console.print(Padding(part, (0, 0, 0, 3)))
    if outline.next_offset is not None:
        console.print()
        console.print(Text(f"{outline.total - outline.next_offset} more; see them with --top.", style="dim"))
