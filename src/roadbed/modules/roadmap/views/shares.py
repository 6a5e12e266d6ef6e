"""Links to the roadmap for people outside: making them, ending them, and what stands behind them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.gates.shared_links import Door, quiet
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Workspace
from roadbed.core.workspaces.roles import Role
from roadbed.modules.roadmap import selectors, services
from roadbed.modules.roadmap.forms import lists
from roadbed.modules.roadmap.forms.shares import ShareForm
from roadbed.modules.roadmap.models import Share
from roadbed.modules.roadmap.views import asking, shared
from roadbed.modules.roadmap.views.calendars import calendar
from roadbed.web import responses

DOOR = Door(
    name="roadmap.share",
    cookie="roadmap_share",
    salt="roadbed.roadmap.share",
    template="roadmap/shared_door.html",
)


def filters_of(workspace: Workspace, query: str) -> dict[str, Any]:
    """Return what a share's query asks for; what has gone since (a release, a team) does not narrow."""
    state = lists.FILTERS.parse(QueryDict(query), path="", options=lists.options_in(workspace))
    return dict(state.values)


@page(role=Role.MAKER)
@require_GET
def index(request: HttpRequest, access: Access) -> HttpResponse:
    """Every link."""
    now = timezone.now()
    context = {
        "lines": [
            {
                "share": one,
                "is_open": one.is_open(now),
                "url": f"{shared.base(access)}shares/{one.pk}/",
                "by": one.created_by.display_name if one.created_by else "",
            }
            for one in selectors.shares_of(workspace_id=access.workspace.pk)
        ],
        "base": shared.base(access),
    }
    return responses.page(request, "roadmap/shares.html", context)


@page(role=Role.MAKER)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Make a link. Its address is shown once: only its hash is kept."""
    back = f"{shared.base(access)}shares/"
    query = request.GET.urlencode()
    total, hidden = selectors.without_public_name(
        workspace_id=access.workspace.pk, filters=filters_of(access.workspace, query)
    )
    context: dict[str, Any] = {
        "heading": "Share this roadmap",
        "back": back,
        "crumb": "Links",
        "crumb_url": back,
        "intro": f"{total} features; customers see the {total - hidden} that have a public name.",
        "deed": "Make the link",
        "hidden": {},
    }
    if request.method == "GET":
        form = ShareForm(workspace=access.workspace, initial={"query": query, "audience": "clients"})
        return responses.page(request, "roadmap/asking.html", {**context, "form": form})
    form = ShareForm(request.POST, workspace=access.workspace)
    if form.is_valid():
        data = form.cleaned_data
        last = data["expires"]
        expires_at = (
            timezone.make_aware(datetime.combine(last + timedelta(days=1), time.min)) if last else None
        )
        try:
            share, secret = services.create_share(
                workspace=access.workspace,
                name=data["name"],
                form=data["form"],
                audience=data["audience"],
                query=data["query"],
                password=data["password"],
                expires_at=expires_at,
                actor=access.actor,
                at=timezone.now(),
            )
        except ValidationError as error:
            asking.put_errors(form, error)
        else:
            made = {"share": share, "address": address_of(request, share, secret), "back": back}
            return responses.page(request, "roadmap/share_made.html", made)
    return responses.form_page(request, "roadmap/asking.html", {**context, "form": form})


def address_of(request: HttpRequest, share: Share, secret: str) -> str:
    """Return the whole address of a share."""
    ending = "calendar.ics" if share.form == Share.Form.CALENDAR else ""
    return request.build_absolute_uri(f"/s/{secret}/{ending}")


@page(role=Role.MAKER)
@require_POST
def revoke(request: HttpRequest, access: Access, share_id: int) -> HttpResponse:
    """Let a link lead nowhere any more."""
    try:
        share = selectors.access_share(workspace_id=access.workspace.pk, share_id=share_id)
    except Share.DoesNotExist as error:
        raise Http404 from error
    return shared.deed(
        request,
        access,
        lambda: services.revoke_share(share=share, actor=access.actor, at=timezone.now()),
        otherwise=f"{shared.base(access)}shares/",
        message=f"{share.name} leads nowhere any more.",
    )


def _share_or_404(token: str, form: str) -> Share:
    share = selectors.find_share(token=token, at=timezone.now())
    if share is None or share.form != form:
        raise Http404
    return share


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """The shared roadmap, for whoever has its address (and its password, where it has one)."""
    share = _share_or_404(token, Share.Form.PAGE)
    stopped = DOOR.stop(request, share)
    if stopped is not None:
        return stopped
    items = selectors.shared_items(share=share, filters=filters_of(share.workspace, share.query))
    context = {
        "share": share,
        "columns": selectors.by_horizon(items),
        "is_inside": share.audience == Share.Audience.INSIDE,
        "today": timezone.localdate(),
    }
    return quiet(render(request, "roadmap/shared.html", context))


@require_http_methods(["GET", "HEAD"])
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The releases, milestones and hard dates as a calendar."""
    share = _share_or_404(token, Share.Form.CALENDAR)
    days = selectors.calendar_days(share=share, filters=filters_of(share.workspace, share.query))
    text = calendar(name=share.name, days=days)
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="roadmap.ics"'
    return quiet(answer)
