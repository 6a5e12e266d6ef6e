"""The list of feedback, one piece, taking one in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.records import lists as record_lists
from roadbed.core.records import pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.forms.feedback import FactsForm, FeedbackForm
from roadbed.modules.insights.models import Feedback, Strength
from roadbed.modules.insights.models.readings import LANGUAGES
from roadbed.modules.insights.selectors import briefs, choices, doubles, themes
from roadbed.modules.insights.selectors import feedback as selectors
from roadbed.modules.insights.selectors import votes as vote_reads
from roadbed.modules.insights.services import readings
from roadbed.modules.insights.views import shared
from roadbed.web import filters, formats, pagination, parts, responses, tables, toasts

VOTES_SHOWN = 12
LIST_NAME = "insights.feedback"
COUNT_CAP = 1000
TONES = {"new": "accent", "skipped": "", "done": "good"}
COLUMNS = (
    tables.Column("text", "Feedback", main=True),
    tables.Column("who", "Who"),
    tables.Column("backs", "Backs"),
    tables.Column("state", "State", tight=True),
    tables.Column("intent", "Intent", tight=True),
    tables.Column("sentiment", "Sentiment", tight=True, shown=False),
    tables.Column("source", "Source", tight=True),
    tables.Column("rating", "Rating", numeric=True, sortable=True),
    tables.Column("tags", "Tags", shown=False),
    tables.Column("locale", "Language", shown=False, tight=True),
    tables.Column("said", "Said", sortable=True, tight=True),
    tables.Column("added", "Added", sortable=True, tight=True, shown=False),
)


def who_said(piece: Feedback) -> str:
    """Return who said it, as a person would."""
    names = [piece.person.title if piece.person else "", piece.account.title if piece.account else ""]
    return ", ".join(name for name in names if name) or "Anonymous"


def paged(
    *,
    workspace_id: int,
    state: filters.State,
    count_cap: int = COUNT_CAP,
    circles: Collection[int] = (),
) -> tuple[pagination.Page[Feedback], tuple[Feedback, ...]]:
    """Return a page of the list, and its rows whole.

    First only ids and the column of the order are read, from the index alone; then the fifty rows of the page.
    """
    rows = selectors.list_feedback(
        workspace_id=workspace_id,
        filters=choices.resolve(workspace_id=workspace_id, values=state.values),
        circles=circles,
    )
    order = pagination.order_for(state.sort, columns=lists.FEEDBACK_ORDER)
    found = pagination.paginate(
        rows.only("pk", order[0].removeprefix("-")), order=order, cursor=state.cursor, count_cap=count_cap
    )
    whole = selectors.rows_by_id(ids=[row.pk for row in found.rows])
    return found, tuple(whole[row.pk] for row in found.rows if row.pk in whole)


INTENT_TONES = {"problem": "bad", "request": "accent", "praise": "good", "question": "warn"}
SENTIMENT_TONES = {"negative": "bad", "neutral": "", "positive": "good"}


def _read_cells(piece: Feedback) -> dict[str, str]:
    """Return what was read in a piece as cells; a dash where it was not read, or nothing could be."""
    reading = getattr(piece, "reading", None)
    if reading is None:
        return {"intent": parts.quiet("–"), "sentiment": parts.quiet("–")}
    own: dict[str, str] = {}
    for name, tones in (("intent", INTENT_TONES), ("sentiment", SENTIMENT_TONES)):
        value = getattr(reading, name)
        label = getattr(reading, f"get_{name}_display")()
        own[name] = parts.chip(label, tone=tones[value]) if value else parts.quiet("–")
    return own


def _rows(access: Access, pieces: tuple[Feedback, ...], shown: frozenset[str]) -> tuple[tables.Row, ...]:
    ids = [piece.pk for piece in pieces]
    targets = selectors.targets_of(ids=ids) if "backs" in shown else {}
    tags = selectors.tags_of(ids=ids) if "tags" in shown else {}
    base = shared.place(access, "feedback/")
    found = []
    for piece in pieces:
        url = f"{base}{piece.number}/"
        backed = [
            parts.key(target.key, url=f"/w/{access.workspace.slug}/{target.key}/")
            for target in targets.get(piece.pk, [])[:4]
        ]
        walls = [parts.chip(piece.circle.name, tone="warn", icon="people")] if piece.circle else []
        cells: dict[str, str] = {
            "text": parts.joined([parts.title(piece.title, url=url, key_text=piece.key), *walls]),
            "who": who_said(piece),
            "backs": parts.joined(backed) if backed else parts.quiet("–"),
            "state": parts.chip(piece.get_state_display(), tone=TONES[piece.state]),
            **_read_cells(piece),
            "source": piece.source or "–",
            "rating": formats.number(piece.rating, digits=1 if piece.rating and piece.rating % 1 else 0),
            "tags": parts.chips(tags.get(piece.pk, [])) if tags.get(piece.pk) else SafeString(""),
            "locale": piece.locale or "–",
            "said": parts.when(piece.said_at, style="day"),
            "added": parts.when(piece.created_at, style="day"),
        }
        found.append(tables.Row(id=str(piece.number), label=piece.key, url=url, cells=cells))
    return tuple(found)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """What everybody said."""
    base = shared.place(access, "feedback/")
    options = choices.for_feedback(workspace_id=access.workspace.pk, circles=access.circle_ids)
    state = lists.FEEDBACK.parse(request.GET, path=base, options=options)
    found, pieces = paged(workspace_id=access.workspace.pk, state=state, circles=access.circle_ids)
    bulk = (
        tables.BulkAction("Link…", f"{base}many/link/", icon="link"),
        tables.BulkAction("Accept suggestions", f"{base}many/accept/", icon="check"),
        tables.BulkAction("Tag…", f"{base}many/tag/", icon="tag"),
        tables.BulkAction("State", f"{base}many/state/", name="state", options=tuple(Feedback.State.choices)),
        tables.BulkAction("Delete", f"{base}many/delete/", icon="trash", danger=True),
    )
    table = tables.Table(
        id="feedback",
        caption="Feedback",
        noun="pieces",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, pieces, tables.choose(COLUMNS, state=state)),
        bulk=bulk if access.can_make else (),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{base}export/",
        empty=tables.Empty(
            "No feedback yet",
            "Import what customers said from a file, or write down what somebody just told you.",
            action="Add the first" if access.can_contribute else "",
            url=f"{base}new/" if access.can_contribute else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base}
    return responses.page(request, "insights/feedback/index.html", context)


def piece_or_404(access: Access, number: int) -> Feedback:
    """Return the piece with that number; a stranger's and a missing one look the same."""
    found: Feedback = shared.found_or_404(
        selectors.access_feedback,
        workspace_id=access.workspace.pk,
        number=number,
        circles=access.circle_ids,
    )
    return found


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One piece: its words with what they are evidence for, who said it, and further wordings of the same."""
    piece = piece_or_404(access, number)
    now = timezone.now()
    quotes = selectors.quotes_of(piece)
    wordings = [
        {"piece": other, "runs": selectors.runs_of(text=other.text, quotes=selectors.quotes_of(other))}
        for other in selectors.wordings_of(piece)
    ]
    context: dict[str, Any] = {
        **pages.record_context(
            access=access,
            record=piece,
            now=now,
            hidden_kinds=("need", "feature"),
            # The chain is what everybody sees; a private piece is no bead of it.
            with_chain=not piece.is_private,
        ),
        "piece": piece,
        "base": shared.place(access, "feedback/"),
        "insights": shared.place(access),
        "runs": selectors.runs_of(text=piece.text, quotes=quotes),
        "quotes": quotes,
        "votes": list(vote_reads.votes_for(record=piece)[:VOTES_SHOWN]),
        "votes_count": vote_reads.votes_for(record=piece).count(),
        "wordings": wordings,
        "who": who_said(piece),
        "strengths": [(value, label, value + 1) for value, label in Strength.choices],
        "strength_default": int(Strength.USEFUL),
        "state_tone": TONES[piece.state],
        **_read_context(access, piece, now),
        "currency": access.workspace.currency,
        "attributes": sorted((str(name), value) for name, value in (piece.attributes or {}).items()),
        # Themes are everybody's; a private piece is in none.
        "theme_place": None if piece.is_private else themes.suggest(piece),
        "theme_choices": []
        if piece.is_private or not access.can_make
        else themes.fine_choices(workspace_id=access.workspace.pk),
    }
    return responses.page(request, "insights/feedback/show.html", context)


def _read_context(access: Access, piece: Feedback, now: datetime) -> dict[str, Any]:
    """Return what was read in a piece, what looks private and what says the same, for its page."""
    reading = readings.live(feedback=piece, at=now)
    return {
        "aspects": briefs.aspects_of(reading),
        "reading": reading,
        "language_name": LANGUAGES.get(reading.language, reading.language),
        "private": briefs.private_in(text=piece.text, reading=reading) if access.can_make else (),
        "doubles": doubles.of_piece(feedback=piece, circles=access.circle_ids) if access.can_make else [],
        "statement_count": len(reading.statements),
    }


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Take in one thing one person said."""
    now = timezone.now()
    base = shared.place(access, "feedback/")
    own = access.member.circles.all()
    options: dict[str, Any] = {"workspace_id": access.workspace.pk, "now": now, "circles": own}
    form = FeedbackForm(request.POST, **options) if request.method == "POST" else FeedbackForm(**options)
    if request.method == "POST" and form.is_valid():
        try:
            piece = services.add_feedback(
                workspace=access.workspace, **form.cleaned_data, actor=access.actor, at=now
            )
        except ValidationError as error:
            shared.add_errors(form, error)
        else:
            toasts.add(request, f"{piece.key} taken in")
            return HttpResponseRedirect(f"{base}{piece.number}/")
    context = {"form": form, "base": base, "piece": None}
    show_form = responses.form_page if request.method == "POST" else responses.page
    return show_form(request, "insights/feedback/form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change what is known about a piece; its words stay."""
    piece = piece_or_404(access, number)
    now = timezone.now()
    base = shared.place(access, "feedback/")
    initial = {
        "account_name": piece.account.title if piece.account else "",
        "person_name": piece.person.title if piece.person else "",
        "person_email": piece.person.email if piece.person else "",
        "source": piece.source,
        "url": piece.url,
        "said_at": timezone.localtime(piece.said_at),
        "rating": piece.rating,
        "locale": piece.locale,
        "product": piece.product,
    }
    form = FactsForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        workspace_id=access.workspace.pk,
        now=now,
    )
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        try:
            account, person = services.speakers(
                workspace=access.workspace,
                account_name=facts.pop("account_name"),
                person_name=facts.pop("person_name"),
                person_email=facts.pop("person_email"),
                actor=access.actor,
                at=now,
            )
            if facts["said_at"].replace(second=0, microsecond=0) == piece.said_at.replace(
                second=0, microsecond=0
            ):
                facts.pop("said_at")  # the field has no seconds; do not cut them off
            services.change_feedback(
                feedback=piece,
                changes={**facts, "account": account, "person": person},
                actor=access.actor,
                at=now,
            )
        except ValidationError as error:
            shared.add_errors(form, error)
        else:
            toasts.add(request, f"{piece.key} changed")
            return HttpResponseRedirect(f"{base}{piece.number}/")
    context = {"form": form, "base": base, "piece": piece}
    show_form = responses.form_page if request.method == "POST" else responses.page
    return show_form(request, "insights/feedback/form.html", context)


def picked(request: HttpRequest, access: Access) -> list[int]:
    """Return the numbers of the picked pieces; with ``everything=yes`` those that the list's filters leave."""
    query = record_lists.everything(request)
    if query is None:
        return record_lists.picked_ids(request)
    workspace_id = access.workspace.pk
    options = choices.for_feedback(workspace_id=workspace_id, circles=access.circle_ids)
    state = lists.FEEDBACK.parse(query, options=options)
    if state.errors:
        raise Http404
    rows = selectors.list_feedback(
        workspace_id=workspace_id,
        filters=choices.resolve(workspace_id=workspace_id, values=state.values),
        circles=access.circle_ids,
    )
    return list(
        rows.order_by("-said_at", "-pk").values_list("number", flat=True)[: services.MOST_AT_ONCE + 1]
    )
