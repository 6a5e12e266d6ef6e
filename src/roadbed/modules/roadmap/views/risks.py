"""What may go wrong: a list, one risk, and what it hits."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from roadbed.core.records import markdown, pages
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms.objectives import RiskForm
from roadbed.modules.roadmap.models import Risk
from roadbed.modules.roadmap.views import asking, shared
from roadbed.modules.roadmap.views.effort import days, range_bar
from roadbed.web import pagination, parts, responses, tables

COLUMNS = (
    tables.Column("title", "Risk", main=True),
    tables.Column("probability", "Chance", numeric=True, sortable=True),
    tables.Column("days", "Costs each", numeric=True, hint="Person-days, P10 to P90"),
    tables.Column("hits", "Hits", numeric=True),
    tables.Column("state", "State", tight=True),
    tables.Column("owner", "Owner", tight=True),
)
TONES = {Risk.State.OPEN: "warn", Risk.State.HAPPENED: "bad", Risk.State.AVERTED: "good"}


def risk_url(access: Access, risk: Risk) -> str:
    """The address of a risk."""
    return f"{shared.base(access)}risks/{risk.number}/"


def state_chip(risk: Risk) -> str:
    """What became of it."""
    state = Risk.State(risk.state)
    return parts.chip(state.label, tone=TONES[state])


@page()
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every risk, the likeliest first."""
    path = f"{shared.base(access)}risks/"
    state = lists.RISK_FILTERS.parse(request.GET, path=path, options=lists.options_for(access))
    rows = selectors.filter_risks(workspace_id=access.workspace.pk, filters=state.values)
    order = pagination.order_for(state.sort, columns=lists.RISK_ORDER)
    found = pagination.paginate(rows, order=order, cursor=state.cursor)
    table = tables.Table(
        id="risks",
        caption="Risks",
        noun="risks",
        columns=COLUMNS,
        state=state,
        page=found,
        rows=tuple(
            tables.Row(
                id=str(one.pk),
                label=one.key,
                url=risk_url(access, one),
                cells={
                    "title": parts.title(one.title, url=risk_url(access, one), key_text=one.key),
                    "probability": f"{one.probability}%",
                    "days": f"{days(one.low)} – {days(one.high)} d",
                    "hits": str(len(one.hits.all())),
                    "state": state_chip(one),
                    "owner": parts.person(one.owner.name) if one.owner else parts.quiet("–"),
                },
            )
            for one in found.rows
        ),
        empty=tables.Empty(
            "No risks yet",
            "A risk is something that happens or does not, and costs the features that it hits days.",
            action="Write the first" if access.can_make else "",
            url=f"{path}new/" if access.can_make else "",
        ),
    )
    context = {
        "table": table,
        "state": state,
        "switch": shared.switch(access, "risks"),
        "base": shared.base(access),
    }
    return responses.page(request, "roadmap/risks.html", context)


def risk_or_404(access: Access, number: int) -> Risk:
    """Return the risk; a stranger's and a missing one look the same."""
    try:
        return selectors.access_risk(workspace_id=access.workspace.pk, number=number)
    except Risk.DoesNotExist as error:
        raise Http404 from error


@page()
@require_GET
def show(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """A risk: how likely, what it costs, what it hits, and what is done about it."""
    risk = risk_or_404(access, number)
    label = f"{days(risk.low)} to {days(risk.high)} days, even odds at {days(risk.likely)}"
    context = {
        **pages.record_context(access=access, record=risk, now=timezone.now(), with_chain=False),
        "risk": risk,
        "url": risk_url(access, risk),
        "base": shared.base(access),
        "chip": state_chip(risk),
        "bar": range_bar(risk.low, risk.likely, risk.high, most=risk.high * 1.15, label=label),
        "words": label,
        "hits": [
            {"feature": one, "url": shared.feature_url(access, one), "chip": shared.status_chip(one)}
            for one in risk.hits.all()
            if not one.is_deleted
        ],
        "notes": markdown.render(risk.description, workspace=access.workspace.slug),
    }
    return responses.page(request, "roadmap/risk.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Write down a risk."""

    def save(data: dict[str, Any]) -> asking.Done:
        risk, deed = services.create_risk(
            workspace=access.workspace,
            draft=services.RiskDraft(**data),
            actor=access.actor,
            at=timezone.now(),
        )
        return asking.Done(deed.summary, url=risk_url(access, risk), deed=deed)

    return asking.ask(
        request,
        access,
        form_class=RiskForm,
        heading="New risk",
        intro="When it happens, every feature that it hits takes that many days more.",
        back=f"{shared.base(access)}risks/",
        crumb="Risks",
        crumb_url=f"{shared.base(access)}risks/",
        initial={
            "state": Risk.State.OPEN,
            "hits": request.GET.get("hits", "")[:20],
            "product": access.member.product_id,
        },
        save=save,
    )


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, access: Access, number: int) -> HttpResponse:
    """Change a risk, or say what became of it."""
    risk = risk_or_404(access, number)

    def save(data: dict[str, Any]) -> asking.Done:
        hits = data.pop("hits")
        deed = services.change_risk(risk=risk, changes=data, hits=hits, actor=access.actor, at=timezone.now())
        return asking.Done(deed.summary if deed else f"Changed {risk.key}.", deed=deed)

    initial = {name: getattr(risk, name) for name in RiskForm.base_fields if name != "hits"}
    initial["hits"] = ", ".join(one.key for one in risk.hits.all())
    return asking.ask(
        request,
        access,
        form_class=RiskForm,
        heading=f"Change {risk.key}",
        back=risk_url(access, risk),
        crumb=risk.key,
        crumb_url=risk_url(access, risk),
        initial=initial,
        save=save,
    )
