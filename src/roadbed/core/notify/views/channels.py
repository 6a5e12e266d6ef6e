"""Channels of departments."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from roadbed.core.notify import selectors
from roadbed.core.notify.forms import ChannelForm
from roadbed.core.notify.models import Channel
from roadbed.core.notify.services import channels
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.roles import Role
from roadbed.web import responses, toasts

ID_MAX = 2**53
FIELDS = ("name", "department", "kinds", "verbs", "tags", "to_inbox", "email", "endpoint")


def _list_url(access: Access) -> str:
    return f"/w/{access.workspace.slug}/settings/channels/"


def _find(access: Access, channel_id: int) -> Channel:
    channel = (
        selectors.channels(access=access).filter(pk=channel_id).first() if channel_id <= ID_MAX else None
    )
    if channel is None:
        raise Http404
    return channel


@page(role=Role.OWNER)
@require_GET
def show_all(request: HttpRequest, access: Access) -> HttpResponse:
    """List the channels."""
    context = {
        "channels": list(selectors.channels(access=access)),
        "list_url": _list_url(access),
        "departments": access.workspace.departments.exists(),
    }
    return responses.page(request, "notify/channels.html", context)


@page(role=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, access: Access) -> HttpResponse:
    """Add a channel."""
    return _edit(request, access, Channel(workspace=access.workspace))


@page(role=Role.OWNER)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, access: Access, channel_id: int) -> HttpResponse:
    """Change a channel."""
    return _edit(request, access, _find(access, channel_id))


def _edit(request: HttpRequest, access: Access, channel: Channel) -> HttpResponse:
    context = {"channel": channel, "list_url": _list_url(access)}
    if request.method == "POST":
        form = ChannelForm(request.POST, workspace=access.workspace)
        if form.is_valid():
            for name in FIELDS:
                setattr(channel, name, form.cleaned_data[name])
            try:
                channels.save_channel(channel=channel, actor=access.actor, at=timezone.now())
            except ValidationError as error:
                _take_over(form, error)
            else:
                toasts.add(request, f"“{channel}” is kept.")
                return redirect(_list_url(access))
        return responses.form_page(request, "notify/channel.html", {**context, "form": form})
    initial = {
        **{name: getattr(channel, name) for name in FIELDS if name not in {"department", "endpoint"}},
        "verbs": ", ".join(channel.verbs),
        "tags": ", ".join(channel.tags),
        "department": channel.department_id,
        "endpoint": channel.endpoint_id,
    }
    form = ChannelForm(initial=initial, workspace=access.workspace)
    return responses.page(request, "notify/channel.html", {**context, "form": form})


def _take_over(form: ChannelForm, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, messages in error.message_dict.items():
        for message in messages:
            form.add_error(name if name in form.fields else None, message)


@page(role=Role.OWNER)
@require_POST
def delete(request: HttpRequest, access: Access, channel_id: int) -> HttpResponse:
    """Take a channel away."""
    channel = _find(access, channel_id)
    channels.delete_channel(channel=channel, actor=access.actor, at=timezone.now())
    toasts.add(request, f"“{channel}” is taken away.")
    return redirect(_list_url(access))
