"""The people who say things."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.evidence import told
from roadbed.core.records import lists as record_lists
from roadbed.core.records import pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.forms.customers import PersonForm
from roadbed.modules.insights.models import Account, Person
from roadbed.modules.insights.selectors import choices
from roadbed.modules.insights.selectors import customers as selectors
from roadbed.modules.insights.selectors import feedback as pieces
from roadbed.modules.insights.selectors import wishes as wish_reads
from roadbed.modules.insights.views import shared
from roadbed.web import formats, pagination, parts, responses, tables, toasts

LIST_NAME = "insights.people"
COLUMNS = (
    tables.Column("name", "Person", main=True, sortable=True),
    tables.Column("account", "Account"),
    tables.Column("job", "Job"),
    tables.Column("email", "E-mail", shown=False),
    tables.Column("feedback", "Feedback", numeric=True),
    tables.Column("latest", "Last heard", tight=True),
    tables.Column("added", "Added", sortable=True, shown=False, tight=True),
)


def _rows(access: Access, people: tuple[Person, ...]) -> tuple[tables.Row, ...]:
    voices = selectors.voices_of(ids=[person.pk for person in people], by="person")
    base = shared.place(access, "people/")
    found = []
    for person in people:
        heard = voices.get(person.pk, selectors.Voices())
        url = f"{base}{person.number}/"
        account = person.account
        home = shared.place(access, f"accounts/{account.number}/") if account else ""
        cells: dict[str, str] = {
            "name": parts.title(person.title, url=url, key_text=person.key),
            "account": parts.link(account.title, url=home) if account else "–",
            "job": person.job_title or "–",
            "email": person.email or "–",
            "feedback": formats.number(heard.pieces),
            "latest": parts.when(heard.latest_at, style="day"),
            "added": parts.when(person.created_at, style="day"),
        }
        found.append(tables.Row(id=str(person.number), label=person.key, url=url, cells=cells))
    return tuple(found)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Everybody who said something, or may."""
    base, workspace_id = shared.place(access, "people/"), access.workspace.pk
    options = choices.for_people(workspace_id=workspace_id)
    state = lists.PEOPLE.parse(request.GET, path=base, options=options)
    rows = selectors.list_people(
        workspace_id=workspace_id, filters=choices.resolve(workspace_id=workspace_id, values=state.values)
    )
    order = pagination.order_for(state.sort, columns=lists.PEOPLE_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor, count_cap=1000)
    table = tables.Table(
        id="people",
        caption="People",
        noun="people",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{base}export/",
        empty=tables.Empty(
            "Nobody yet",
            "Feedback that names a person makes one; a file brings many.",
            action="Add the first" if access.can_make else "",
            url=f"{base}new/" if access.can_make else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base}
    return responses.page(request, "insights/people/index.html", context)


def person_or_404(access: Access, number: int) -> Person:
    """Return the person with that number; a stranger's and a missing one look the same."""
    found: Person = shared.found_or_404(
        selectors.access_person, workspace_id=access.workspace.pk, number=number
    )
    return found


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One person: what they said and what they want."""
    person = person_or_404(access, number)
    said = list(
        pieces.list_feedback(workspace_id=access.workspace.pk, filters={"person": person.key})
        .select_related("account")
        .order_by("-said_at", "-pk")[:20]
    )
    heard = selectors.voices_of(ids=[person.pk], by="person").get(person.pk, selectors.Voices())
    wishes, wishes_count = wish_reads.wishes_of(
        said_by=[Q(feedback__person_id=person.pk)],
        voted_by=Q(person_id=person.pk),
        workspace_id=access.workspace.pk,
        workspace=access.workspace.slug,
        circles=access.circle_ids,
    )
    context: dict[str, Any] = {
        **pages.record_context(access=access, record=person, now=timezone.now(), with_chain=False),
        "person": person,
        "base": shared.place(access, "people/"),
        "insights": shared.place(access),
        "said": said,
        "heard": heard,
        "listed": shared.place(access, f"feedback/?person={person.key}"),
        "backs": pieces.targets_of(ids=[piece.pk for piece in said]),
        "wishes": wishes,
        "wishes_count": wishes_count,
        "told": told.told_to(
            workspace_id=access.workspace.pk, workspace=access.workspace.slug, person_ids=[person.pk]
        ),
        "attributes": sorted((str(name), value) for name, value in (person.attributes or {}).items()),
    }
    return responses.page(request, "insights/people/show.html", context)


def _account_named(access: Access, text: str) -> Account | None:
    if not text.strip():
        return None
    own = Account.objects.in_workspace(access.workspace.pk)
    found: Account | None = own.by_key(text.strip()).first()
    if found is None:
        found = own.filter(kind="account", title__iexact=text.strip()).first()
    if found is None:
        raise ValidationError({"account_key": f"There is no account “{text.strip()[:60]}”. Add it first."})
    return found


def _form(request: HttpRequest, access: Access, person: Person | None) -> HttpResponse:
    base, now = shared.place(access, "people/"), timezone.now()
    home = person.account.title if person and person.account else request.GET.get("account", "")
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        instance=person or Person(workspace=access.workspace),
        initial={"version": person.version if person else None, "account_key": home},
    )
    if request.method == "POST" and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in PersonForm.Meta.fields}
        try:
            facts["account"] = _account_named(access, form.cleaned_data["account_key"])
            if person is None:
                facts["name"] = facts.pop("title")
                done = services.create_person(workspace=access.workspace, **facts, actor=access.actor, at=now)
            else:
                done = services.change_person(
                    person=person,
                    changes=facts,
                    actor=access.actor,
                    at=now,
                    expected_version=form.cleaned_data["version"],
                )
        except ValidationError as error:
            shared.add_errors(form, error)
        except records.StaleRecordError as error:
            form.add_error(None, str(error))
        else:
            toasts.add(request, f"{done.key} saved")
            return HttpResponseRedirect(f"{base}{done.number}/")
    context = {"form": form, "base": base, "person": person}
    show_form = responses.form_page if request.method == "POST" else responses.page
    return show_form(request, "insights/people/form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a person."""
    return _form(request, access, None)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a person."""
    return _form(request, access, person_or_404(access, number))
