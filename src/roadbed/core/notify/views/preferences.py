"""When mail comes, and the link in a mail that stops it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from roadbed.core.notify.forms import PreferenceForm
from roadbed.core.notify.models import Topic
from roadbed.core.notify.services import mails, notices
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.models import Member
from roadbed.web import responses, toasts

FIELDS = (*Topic.values, "hour", "weekday")


@page()
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, access: Access) -> HttpResponse:
    """Choose how often mail comes, and when."""
    preference = notices.preference_of(member=access.member)
    if request.method == "POST":
        form = PreferenceForm(request.POST)
        if form.is_valid():
            for name in FIELDS:
                setattr(preference, name, form.cleaned_data[name])
            notices.save_preference(preference=preference)
            toasts.add(request, "Kept.")
            return redirect(request.path)
        return responses.form_page(request, "notify/preferences.html", _context(access, form))
    form = PreferenceForm(initial={name: getattr(preference, name) for name in FIELDS})
    return responses.page(request, "notify/preferences.html", _context(access, form))


def _context(access: Access, form: PreferenceForm) -> dict[str, object]:
    return {
        "form": form,
        "topics": [form[name] for name in Topic.values],
        "address": access.member.user.email,
        "zone": access.member.user.time_zone,
    }


# The mail programs' own button posts without a session (RFC 8058); the signed token is what speaks.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, and then stop mail to the member that the token names."""
    named = mails.read_token(token)
    member = (
        Member.objects.select_related("workspace").filter(pk=named[0], removed_at__isnull=True).first()
        if named
        else None
    )
    if named is None or member is None:
        raise Http404
    done = request.method == "POST"
    if done:
        notices.turn_mail_off(member=member, topic=named[1])
    return render(request, "notify/unsubscribe.html", {"workspace": member.workspace, "done": done})
