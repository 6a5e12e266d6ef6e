"""Customer organisations."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.evidence import told
from roadbed.core.records import lists as record_lists
from roadbed.core.records import pages
from roadbed.core.records import services as records
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.insights import services
from roadbed.modules.insights.forms import lists
from roadbed.modules.insights.forms.customers import AccountForm
from roadbed.modules.insights.models import Account, rules
from roadbed.modules.insights.selectors import choices
from roadbed.modules.insights.selectors import customers as selectors
from roadbed.modules.insights.selectors import feedback as pieces
from roadbed.modules.insights.selectors import wishes as wish_reads
from roadbed.modules.insights.views import shared
from roadbed.web import edits, formats, pagination, parts, responses, tables, toasts
from roadbed.web.receipts import Receipt

LIST_NAME = "insights.accounts"
COLUMNS = (
    tables.Column("name", "Account", main=True, sortable=True),
    tables.Column("plan", "Plan", tight=True),
    tables.Column("country", "Country", tight=True),
    tables.Column("revenue", "Revenue", numeric=True, sortable=True, hint="A year"),
    tables.Column("people", "People", numeric=True),
    tables.Column("feedback", "Feedback", numeric=True),
    tables.Column("latest", "Last heard", tight=True),
    tables.Column("domain", "Domain", shown=False),
    tables.Column("added", "Added", sortable=True, shown=False, tight=True),
)


def _rows(access: Access, accounts: tuple[Account, ...]) -> tuple[tables.Row, ...]:
    ids = [account.pk for account in accounts]
    voices, people = selectors.voices_of(ids=ids, by="account"), selectors.people_per_account(ids=ids)
    base, currency = shared.place(access, "accounts/"), access.workspace.currency
    found = []
    for account in accounts:
        heard = voices.get(account.pk, selectors.Voices())
        url = f"{base}{account.number}/"
        listed = shared.place(access, f"feedback/?account={account.key}")
        cells: dict[str, str] = {
            "name": parts.title(account.title, url=url, key_text=account.key),
            "plan": account.plan or "–",
            "country": account.country or "–",
            "revenue": formats.money(account.revenue, currency=currency),
            "people": formats.number(people.get(account.pk, 0)),
            "feedback": parts.link(formats.number(heard.pieces), url=listed) if heard.pieces else "0",
            "latest": parts.when(heard.latest_at, style="day"),
            "domain": account.domain or "–",
            "added": parts.when(account.created_at, style="day"),
        }
        found.append(tables.Row(id=str(account.number), label=account.key, url=url, cells=cells))
    return tuple(found)


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """The customers of the workspace."""
    base, workspace_id = shared.place(access, "accounts/"), access.workspace.pk
    options = choices.for_accounts(workspace_id=workspace_id)
    state = lists.ACCOUNTS.parse(request.GET, path=base, options=options)
    rows = selectors.list_accounts(
        workspace_id=workspace_id, filters=choices.resolve(workspace_id=workspace_id, values=state.values)
    )
    order = pagination.order_for(state.sort, columns=lists.ACCOUNTS_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="accounts",
        caption="Accounts",
        noun="accounts",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=_rows(access, found.rows),
        views=record_lists.saved_views(access, list_name=LIST_NAME, base=base),
        save_view_url=f"/w/{access.workspace.slug}/views/?list={LIST_NAME}",
        export_url=f"{base}export/",
        empty=tables.Empty(
            "No accounts yet",
            "An account is a customer organisation. Feedback that names one makes it; a file brings many.",
            action="Add the first" if access.can_make else "",
            url=f"{base}new/" if access.can_make else "",
        ),
    )
    context = {"table": table, "state": state, "list_name": LIST_NAME, "base": base}
    return responses.page(request, "insights/accounts/index.html", context)


def account_or_404(access: Access, number: int) -> Account:
    """Return the account with that number; a stranger's and a missing one look the same."""
    found: Account = shared.found_or_404(
        selectors.access_account, workspace_id=access.workspace.pk, number=number
    )
    return found


def _edit(
    access: Access, account: Account, name: str, *, typed: str | None = None, error: str = ""
) -> edits.InlineEdit:
    value = getattr(account, name)
    label = {"plan": "Plan", "country": "Country", "revenue": "Revenue a year", "domain": "Domain"}[name]
    text = "" if value is None else f"{value.normalize():f}" if name == "revenue" else str(value)
    shown = (
        formats.money_exact(value, currency=access.workspace.currency)
        if name == "revenue" and value is not None
        else text
    )
    return edits.InlineEdit(
        id=f"account-{name}",
        label=label,
        name=name,
        value=text if typed is None else typed,
        url=shared.place(access, f"accounts/{account.number}/set/") if access.can_make else "",
        display=shown if access.can_make else shown or "–",
        kind="number" if name == "revenue" else "text",
        version=account.version,
        error=error,
    )


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """One account: what it said, what it wants, who its people are, which needs it backs."""
    account = account_or_404(access, number)
    now = timezone.now()
    heard = selectors.voices_of(ids=[account.pk], by="account").get(account.pk, selectors.Voices())
    count = selectors.people_per_account(ids=[account.pk]).get(account.pk, 0)
    said = list(
        pieces.list_feedback(workspace_id=access.workspace.pk, filters={"account": account.key})
        .select_related("person")
        .order_by("-said_at", "-pk")[:20]
    )
    own_people = selectors.list_people(workspace_id=access.workspace.pk, filters={"account": account.key})
    members = list(own_people.order_by("pk").values_list("pk", flat=True)[:500])
    wishes, wishes_count = wish_reads.wishes_of(
        said_by=[
            Q(feedback__account_id=account.pk),
            Q(feedback__account__isnull=True, feedback__person_id__in=members),
        ],
        voted_by=Q(person__account_id=account.pk),
        workspace_id=access.workspace.pk,
        workspace=access.workspace.slug,
        circles=access.circle_ids,
    )
    listed = shared.place(access, f"feedback/?account={account.key}")
    context: dict[str, Any] = {
        **pages.record_context(access=access, record=account, now=now, with_chain=False),
        "account": account,
        "base": shared.place(access, "accounts/"),
        "insights": shared.place(access),
        "facts": [
            {
                "label": "Revenue a year",
                "value": formats.money(account.revenue, currency=access.workspace.currency)
                if account.revenue is not None
                else "unknown",
            },
            {
                "label": "Feedback",
                "figure": Receipt(
                    formats.number(heard.pieces),
                    f"Feedback of {account.title}",
                    method="Pieces of feedback that name this account and are not deleted.",
                    more_url=listed,
                ),
            },
            {
                "label": "People",
                "figure": Receipt(
                    formats.number(count),
                    f"People of {account.title}",
                    method="People whose account this is.",
                    more_url=shared.place(access, f"people/?account={account.key}"),
                ),
            },
            {"label": "Last heard", "value": formats.age(heard.latest_at, now=now)},
        ],
        "edits": [_edit(access, account, name) for name in ("plan", "country", "revenue", "domain")],
        "said": said,
        "heard": heard,
        "listed": listed,
        "backs": pieces.targets_of(ids=[piece.pk for piece in said]),
        "people": list(own_people.order_by("title")[:20]),
        "people_count": count,
        "wishes": wishes,
        "wishes_count": wishes_count,
        "told": told.told_to(
            workspace_id=access.workspace.pk, workspace=access.workspace.slug, person_ids=members
        ),
        "segments": selectors.segments_with(account=account),
        "twins": selectors.twins_of(account=account) if access.can_make else [],
        "attributes": sorted((str(name), value) for name, value in (account.attributes or {}).items()),
    }
    return responses.page(request, "insights/accounts/show.html", context)


@page(role=Role.MAKER)
@require_POST
def set_fact(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change one fact where it is read."""
    account = account_or_404(access, number)
    name = next((one for one in ("plan", "country", "revenue", "domain") if one in request.POST), "")
    if not name:
        return responses.back(request, otherwise=shared.place(access, f"accounts/{number}/"))
    typed = request.POST[name].strip()
    try:
        field: Any = Account._meta.get_field(name)
        value = field.to_python(typed or (None if name == "revenue" else ""))
        services.change_account(account=account, changes={name: value}, actor=access.actor, at=timezone.now())
    except ValidationError as error:
        edit = _edit(
            access, account_or_404(access, number), name, typed=typed, error=" ".join(error.messages)
        )
        return responses.page(request, "components/inline_edit.html", {"edit": edit}, status=422)
    if not responses.wants_fragment(request):
        return responses.back(request, otherwise=shared.place(access, f"accounts/{number}/"))
    return responses.page(request, "components/inline_edit.html", {"edit": _edit(access, account, name)})


def _form(request: HttpRequest, access: Access, account: Account | None) -> HttpResponse:
    base, now = shared.place(access, "accounts/"), timezone.now()
    form = AccountForm(
        request.POST if request.method == "POST" else None,
        instance=account or Account(workspace=access.workspace),
        initial={"version": account.version} if account else {},
    )
    if request.method == "POST" and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in AccountForm.Meta.fields}
        try:
            if account is None:
                facts["name"] = facts.pop("title")
                done = services.create_account(
                    workspace=access.workspace, **facts, actor=access.actor, at=now
                )
            else:
                done = services.change_account(
                    account=account,
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
    context = {"form": form, "base": base, "account": account, "rules": rules.OPERATORS}
    show_form = responses.form_page if request.method == "POST" else responses.page
    return show_form(request, "insights/accounts/form.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, access: Access) -> HttpResponse:
    """Add an account."""
    return _form(request, access, None)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change an account."""
    return _form(request, access, account_or_404(access, number))
