"""The first page, the pages that let people in, and what programs ask the server about its health."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from roadbed.core.accounts import services
from roadbed.web import responses, toasts

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show one button, and sign its person in when it is pressed. Used, old and unknown links look the same."""
    now = timezone.now()
    if request.method == "POST":
        user = services.use_sign_in_link(secret=secret, at=now)
        if user is not None:
            login(request, user, backend=BACKEND)
            # So that this person can set up a passkey at once, without proving again who they are.
            record_authentication(request, user, method="code")
            return redirect("home")
    link = services.find_sign_in_link(secret=secret, at=now)
    context = {"person": link.user if link else None}
    return responses.page(request, "accounts/sign_in_link.html", context, status=200 if link else 410)


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponseRedirect:
    """Sign another browser of one's own out."""
    session = UserSession.objects.filter(pk=session_id, user_id=request.user.pk).first()
    if session is not None and session.session_key != request.session.session_key:
        session.end()
        toasts.add(request, "That browser is signed out.")
    return redirect("usersessions_list")
