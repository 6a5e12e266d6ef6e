"""Outside a workspace: which one to open, a new one, and invitations."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from roadbed.core.accounts.actors import Actor
from roadbed.core.accounts.models import User
from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.forms import OpenForm
from roadbed.core.workspaces.models import Member
from roadbed.web import responses, toasts


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def _actor(user: User) -> Actor:
    return Actor(user_id=user.pk, name=user.display_name, via="page")


@never_cache
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the workspace visited last; to signing in; or to how the first person gets in."""
    if not request.user.is_authenticated:
        if not User.objects.exists():
            return responses.page(request, "workspaces/first_run.html")
        return redirect("account_login")
    found = selectors.workspaces_of(user_id=request.user.pk)
    return redirect(f"/w/{found[0].workspace.slug}/") if found else redirect("workspaces")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def workspaces(request: HttpRequest) -> HttpResponse:
    """List the person's workspaces, and open another."""
    user = _person(request)
    form = OpenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workspace = services.create_workspace(
                name=form.cleaned_data["name"],
                product=form.cleaned_data["product"],
                currency=form.cleaned_data["currency"],
                owner=user,
                actor=_actor(user),
                at=timezone.now(),
            )
            return redirect(f"/w/{workspace.slug}/")
        except ValidationError as error:
            form.add_error(None, error.messages)
    context = {
        "form": form,
        "memberships": selectors.workspaces_of(user_id=user.pk),
        "closed": selectors.closed_workspaces_of(user_id=user.pk),
    }
    return responses.page(
        request, "workspaces/workspaces.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
@login_required
def reopen(request: HttpRequest, slug: str) -> HttpResponse:
    """Let the members of a closed workspace in again."""
    user = _person(request)
    closed = {member.workspace.slug: member for member in selectors.closed_workspaces_of(user_id=user.pk)}
    if slug not in closed:
        raise Http404
    workspace = closed[slug].workspace
    services.reopen_workspace(workspace=workspace, actor=_actor(user), at=timezone.now())
    toasts.add(request, f"{workspace.name} is open again.")
    return redirect(f"/w/{workspace.slug}/")


@never_cache
@require_GET
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Say who asks the reader in, and offer to join."""
    found = services.find_invitation(secret=secret, at=timezone.now())
    user = request.user
    already = (
        found is not None
        and user.is_authenticated
        and Member.objects.filter(
            workspace=found.workspace, user_id=user.pk, removed_at__isnull=True
        ).exists()
    )
    known = found is not None and User.objects.filter(email__iexact=found.email).exists()
    context = {"invitation": found, "secret": secret, "already": already, "known": known}
    return responses.page(request, "workspaces/invitation.html", context, status=200 if found else 410)


@require_POST
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Join; who is not signed in yet makes an account or signs in first, and comes back."""
    page = reverse("invitation", kwargs={"secret": secret})
    found = services.find_invitation(secret=secret, at=timezone.now())
    if found is None:
        return redirect(page)
    if not request.user.is_authenticated:
        request.session["invitation"] = found.pk
        known = User.objects.filter(email__iexact=found.email).exists()
        entrance = reverse("account_login" if known else "account_signup")
        return redirect(f"{entrance}?{urlencode({'next': page, 'email': found.email})}")
    user = _person(request)
    try:
        services.accept_invitation(secret=secret, user=user, actor=_actor(user), at=timezone.now())
    except services.InvitationGoneError:
        return redirect(page)
    request.session.pop("invitation", None)
    toasts.add(request, f"Welcome to {found.workspace.name}.")
    return redirect(f"/w/{found.workspace.slug}/")
