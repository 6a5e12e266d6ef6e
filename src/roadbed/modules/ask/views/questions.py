"""Questions that are kept: the list, one of them, and the deeds on it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.records import lists as record_lists
from roadbed.core.records import markdown, pages
from roadbed.core.records.services import StaleRecordError
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.ask import services
from roadbed.modules.ask.forms import AnswerForm, QuestionForm
from roadbed.modules.ask.models import Question, State
from roadbed.modules.ask.selectors import kept
from roadbed.modules.ask.views.ask import base
from roadbed.web import filters, pagination, parts, responses, tables, toasts

LIST_NAME = "ask.questions"
TONES = {State.OPEN: "warn", State.ANSWERED: "good", State.CLOSED: ""}
COLUMNS = (
    tables.Column("title", "Question", main=True, sortable=True),
    tables.Column("state", "State", tight=True),
    tables.Column("owner", "Who finds it out"),
    tables.Column("due", "By", sortable=True, tight=True),
    tables.Column("helpful", "Helped", numeric=True, hint="How many said that the answer helped"),
    tables.Column("asked", "Asked", sortable=True, tight=True),
)
FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search questions", search=True),
        filters.MultiChoice(
            "state",
            "State",
            options=[filters.Option(value, label) for value, label in State.choices],
            pinned=True,
        ),
        filters.Choice("owner", "Who finds it out", pinned=True),
        filters.Boolean("late", "Late", yes="overdue", no="not overdue"),
    ),
    sorts=(
        filters.SortOption("asked", "Asked"),
        filters.SortOption("due", "By", first="asc"),
        filters.SortOption("title", "Question", first="asc"),
    ),
    default_sort="-asked",
)
ORDER = {"asked": "created_at", "due": "due_date", "title": "title"}


def _options(access: Access) -> dict[str, list[filters.Option]]:
    members = kept.members_of(workspace_id=access.workspace.pk)
    return {"owner": [filters.Option(str(one.pk), one.user.display_name) for one in members]}


def _row(question: Any, access: Access) -> tables.Row:
    url = f"{base(access)}questions/{question.number}/"
    late = question.is_open and question.due_date is not None and question.due_date < timezone.localdate()
    due = parts.when(question.due_date, style="day") if question.due_date else parts.quiet("–")
    return tables.Row(
        id=str(question.pk),
        label=question.key,
        url=url,
        cells={
            "title": parts.title(question.title, url=url, key_text=question.key),
            "state": parts.chip(question.get_state_display(), tone=TONES[State(question.state)]),
            "owner": parts.person(question.owner.user.display_name)
            if question.owner
            else parts.quiet("nobody yet"),
            "due": parts.joined([due, parts.chip("late", tone="bad")]) if late else due,
            "helpful": f"{question.helpful} of {question.helpful + question.unhelpful}"
            if question.helpful + question.unhelpful
            else "–",
            "asked": parts.when(question.created_at, style="day"),
        },
    )


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The questions of the workspace."""
    place = f"{base(access)}questions/"
    state = FILTERS.parse(request.GET, path=place, options=_options(access))
    rows = kept.list_questions(
        workspace_id=access.workspace.pk, filters=state.values, today=timezone.localdate()
    )
    found = pagination.paginate(
        rows, order=pagination.order_for(state.sort, columns=ORDER), cursor=state.cursor
    )
    table = tables.Table(
        id="questions",
        caption="Questions",
        noun="questions",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(_row(question, access) for question in found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=place),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        empty=tables.Empty(
            "No questions yet",
            "Ask something. What no record answers can be given to a person, with a day.",
            action="Ask",
            url=base(access),
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base(access)}
    return responses.page(request, "ask/questions.html", context)


def question_or_404(access: Access, number: int) -> Question:
    """Return the question with that number; a stranger's and a missing one look the same."""
    try:
        return kept.access_question(workspace_id=access.workspace.pk, number=number)
    except Question.DoesNotExist as error:
        raise Http404 from error


def _show(
    request: HttpRequest, access: Access, question: Question, *, form: AnswerForm | None = None
) -> HttpResponse:
    now, slug = timezone.now(), access.workspace.slug
    if form is None:
        form = AnswerForm(
            workspace_id=access.workspace.pk,
            initial={"answer": question.answer, "version": question.version},
        )
    context = {
        **pages.record_context(access=access, record=question, now=now, with_chain=False),
        "question": question,
        "tone": TONES[State(question.state)],
        "is_late": question.is_open
        and question.due_date is not None
        and question.due_date < timezone.localdate(),
        "details": markdown.render(question.details, workspace=slug),
        "answer": markdown.render(question.answer, workspace=slug),
        "sources": kept.sources_of(question=question, workspace=slug, circles=access.circle_ids),
        "ratings": kept.ratings_of(question=question, member=access.member),
        "form": form,
        "answering": bool(form.errors),
        "base": base(access),
        "url": f"{base(access)}questions/{question.number}/",
    }
    status = 422 if form.errors else 200
    return responses.page(request, "ask/question.html", context, status=status)


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One question with its answer, what that rests on, and whom it helped."""
    return _show(request, access, question_or_404(access, number))


@page(role=Role.CONTRIBUTOR)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, access: Access) -> HttpResponse:
    """Ask a person: write the question down, with who finds it out and by when."""
    form = QuestionForm(
        request.POST or None,
        workspace_id=access.workspace.pk,
        initial={"title": " ".join(request.GET.get("q", "").replace("\x00", " ").split())[:300]},
    )
    if request.method == "POST" and form.is_valid():
        values = form.values()
        question = services.ask_people(
            workspace=access.workspace,
            text=values.pop("title"),
            **values,
            actor=access.actor,
            at=timezone.now(),
        )
        whom = question.owner.user.display_name if question.owner else "nobody yet"
        toasts.add(request, f"{question.key} is asked; it is for {whom} to find out.")
        return HttpResponseRedirect(f"{base(access)}questions/{question.number}/")
    status = 422 if form.errors else 200
    context = {"form": form, "base": base(access)}
    return responses.page(request, "ask/form.html", context, status=status)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change the words, the owner or the day."""
    question = question_or_404(access, number)
    initial = {
        "title": question.title,
        "details": question.details,
        "owner": question.owner_id,
        "due_date": question.due_date,
        "version": question.version,
    }
    form = QuestionForm(request.POST or None, workspace_id=access.workspace.pk, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_question(
                question=question,
                changes=form.values(),
                expected_version=form.cleaned_data["version"],
                actor=access.actor,
                at=timezone.now(),
            )
        except StaleRecordError as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return HttpResponseRedirect(f"{base(access)}questions/{question.number}/")
    context = {"form": form, "question": question, "base": base(access)}
    status = 422 if form.errors else 200
    return responses.page(request, "ask/form.html", context, status=status)


@page(role=Role.CONTRIBUTOR)
@require_POST
def answer(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Answer in one's own words, with the records that it rests on."""
    question = question_or_404(access, number)
    form = AnswerForm(request.POST, workspace_id=access.workspace.pk)
    if form.is_valid():
        try:
            services.answer_question(
                question=question,
                answer=form.cleaned_data["answer"],
                by=access.member,
                sources=form.cleaned_data["sources"],
                expected_version=form.cleaned_data["version"],
                actor=access.actor,
                at=timezone.now(),
            )
        except StaleRecordError as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, " ".join(error.messages))
        else:
            toasts.add(request, f"{question.key} is answered.")
            return HttpResponseRedirect(f"{base(access)}questions/{question.number}/")
    return _show(request, access, question_or_404(access, number), form=form)


@page(role=Role.MAKER)
@require_POST
def close(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Stop looking for an answer."""
    question = question_or_404(access, number)
    url = f"{base(access)}questions/{question.number}/"
    try:
        services.close_question(question=question, actor=access.actor, at=timezone.now())
        toasts.add(request, f"Closed {question.key}.", undo_url=f"{url}reopen/")
    except services.NotOpenError as error:
        toasts.add(request, " ".join(error.messages))
    return responses.back(request, otherwise=url)


@page(role=Role.MAKER)
@require_POST
def reopen(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Look for an answer again."""
    question = question_or_404(access, number)
    try:
        services.reopen_question(question=question, actor=access.actor, at=timezone.now())
    except services.NotOpenError as error:
        toasts.add(request, " ".join(error.messages))
    return responses.back(request, otherwise=f"{base(access)}questions/{question.number}/")


@page(role=Role.CONTRIBUTOR)
@require_POST
def rate(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Say whether the answer helped."""
    question = question_or_404(access, number)
    helpful = request.POST.get("helpful") == "yes"
    try:
        services.rate_answer(
            question=question, member=access.member, is_helpful=helpful, actor=access.actor, at=timezone.now()
        )
    except ValidationError as error:
        toasts.add(request, " ".join(error.messages))
    return responses.back(request, otherwise=f"{base(access)}questions/{question.number}/")
