"""Webhooks: endpoints, their secrets, and what was delivered."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.notify import selectors
from roadbed.core.notify.forms import EndpointForm
from roadbed.core.notify.models import Delivery, Endpoint
from roadbed.core.notify.services import webhooks
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import pagination, responses, toasts

ID_MAX = 2**53


def _list_url(access: Access) -> str:
    return f"/w/{access.workspace.slug}/settings/webhooks/"


def _url(access: Access, endpoint: Endpoint) -> str:
    return f"{_list_url(access)}{endpoint.pk}/"


def _find(access: Access, endpoint_id: int) -> Endpoint:
    found = (
        selectors.endpoints(access=access).filter(pk=endpoint_id).first() if endpoint_id <= ID_MAX else None
    )
    if found is None:
        raise Http404
    return found


@page(role=Role.OWNER)
@require_GET
def show_all(request: HttpRequest, access: Access) -> HttpResponse:
    """List the endpoints."""
    context = {"endpoints": list(selectors.endpoints(access=access)), "list_url": _list_url(access)}
    return responses.page(request, "notify/webhooks.html", context)


@page(role=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Add an endpoint."""
    return _edit(request, access, None)


@page(role=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Change an endpoint."""
    return _edit(request, access, _find(access, endpoint_id))


def _edit(request: HttpRequest, access: Access, endpoint: Endpoint | None) -> HttpResponse:
    context = {"endpoint": endpoint, "list_url": _list_url(access)}
    if request.method == "POST":
        form = EndpointForm(request.POST)
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in ("url", "events", "description")}
            try:
                if endpoint is None:
                    endpoint = webhooks.create_endpoint(
                        workspace=access.workspace, actor=access.actor, at=timezone.now(), **values
                    )
                else:
                    webhooks.change_endpoint(
                        endpoint=endpoint, actor=access.actor, at=timezone.now(), **values
                    )
            except ValidationError as error:
                for name, messages in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, messages)
            else:
                return redirect(_url(access, endpoint))
        return responses.form_page(request, "notify/webhook_form.html", {**context, "form": form})
    if endpoint is None:
        form = EndpointForm()
    else:
        values = {
            "url": endpoint.url,
            "description": endpoint.description,
            "events": ", ".join(endpoint.events),
        }
        form = EndpointForm(initial=values)
    return responses.page(request, "notify/webhook_form.html", {**context, "form": form})


@page(role=Role.OWNER)
@require_GET
def show(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Show an endpoint with its secret and its deliveries."""
    endpoint = _find(access, endpoint_id)
    found = pagination.paginate(
        selectors.deliveries(endpoint=endpoint), order=("-pk",), cursor=request.GET.get("after", ""), size=25
    )
    now = timezone.now()
    context = {
        "endpoint": endpoint,
        "list_url": _list_url(access),
        "endpoint_url": _url(access, endpoint),
        "page": found,
        "both_sign": endpoint.old_secret_until is not None and endpoint.old_secret_until > now,
        "next_url": f"{request.path}?after={found.next}" if found.next else "",
    }
    return responses.page(request, "notify/webhook.html", context)


@page(role=Role.OWNER)
@require_POST
def test(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Send a test event."""
    endpoint = _find(access, endpoint_id)
    sent = webhooks.send_test(endpoint=endpoint, actor=access.actor, at=timezone.now())
    if sent is None:
        toasts.add(request, "It is turned off; turn it on first.", tone="warn")
    else:
        toasts.add(request, "A test is on its way. Open this page again to see what came back.", tone="")
    return redirect(_url(access, endpoint))


@page(role=Role.OWNER)
@require_POST
def rotate(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Make a new secret."""
    endpoint = webhooks.rotate_secret(
        endpoint=_find(access, endpoint_id), actor=access.actor, at=timezone.now()
    )
    toasts.add(request, "There is a new secret. For a day the old one signs too.")
    return redirect(_url(access, endpoint))


@page(role=Role.OWNER)
@require_POST
def switch(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Turn an endpoint on or off."""
    endpoint = _find(access, endpoint_id)
    webhooks.switch_endpoint(endpoint=endpoint, on=not endpoint.is_on, actor=access.actor, at=timezone.now())
    return redirect(_url(access, endpoint))


@page(role=Role.OWNER)
@require_POST
def delete(request: HttpRequest, access: Access, endpoint_id: int) -> HttpResponse:
    """Take an endpoint away."""
    endpoint = _find(access, endpoint_id)
    webhooks.delete_endpoint(endpoint=endpoint, actor=access.actor, at=timezone.now())
    toasts.add(request, "The webhook is taken away.")
    return redirect(_list_url(access))


@page(role=Role.OWNER)
@require_POST
def replay(request: HttpRequest, access: Access, endpoint_id: int, delivery_id: int) -> HttpResponse:
    """Send a delivery once more."""
    endpoint = _find(access, endpoint_id)
    delivery = (
        Delivery.objects.select_related("endpoint").filter(endpoint=endpoint, pk=delivery_id).first()
        if delivery_id <= ID_MAX
        else None
    )
    if delivery is None:
        raise Http404
    webhooks.replay(delivery=delivery, at=timezone.now())
    toasts.add(request, "It is on its way again.", tone="")
    return redirect(_url(access, endpoint))
