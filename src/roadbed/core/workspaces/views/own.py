"""What a member decides for themselves: profile, view, product, tokens."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from roadbed.core.workspaces import selectors, services
from roadbed.core.workspaces.access import Access, page
from roadbed.core.workspaces.forms import ProfileForm, TokenForm
from roadbed.core.workspaces.models import ApiToken, Product, View
from roadbed.web import context as browser
from roadbed.web import responses, toasts

YEAR = 60 * 60 * 24 * 365


@page()
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest, access: Access) -> HttpResponse:
    """Show and change what the person is called and how they like their pages."""
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=access.member.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.update_profile(
                member=access.member, **form.cleaned_data, actor=access.actor, at=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            toasts.add(request, "Your profile is kept.")
            response: HttpResponse = redirect(request.path)
            # The first paint reads these two, before anybody asks the database.
            theme, keys = form.cleaned_data["theme"], "on" if form.cleaned_data["shortcuts"] else "off"
            for name, value in ((browser.THEME_COOKIE, theme), (browser.SHORTCUTS_COOKIE, keys)):
                response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure())
            return response
    status = 422 if request.method == "POST" else 200
    return responses.page(request, "workspaces/profile.html", {"form": form}, status=status)


@page()
@require_safe
def security(request: HttpRequest, access: Access) -> HttpResponse:
    """Lead to the pages of password, second step, passkeys and sessions."""
    return responses.page(request, "workspaces/security.html", {})


@page()
@require_POST
def switch_view(request: HttpRequest, access: Access) -> HttpResponse:
    """Look from the business or the technical side."""
    wanted = request.POST.get("view", "")
    if wanted not in View.values:
        raise Http404
    services.switch_view(member=access.member, view=View(wanted), actor=access.actor, at=timezone.now())
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")


@page()
@require_POST
def switch_product(request: HttpRequest, access: Access) -> HttpResponse:
    """Work on one product, or on all."""
    slug = request.POST.get("product", "")
    product = None
    if slug:
        product = Product.objects.filter(
            workspace=access.workspace, slug=slug, archived_at__isnull=True
        ).first()
        if product is None:
            raise Http404
    services.switch_product(member=access.member, product=product, actor=access.actor, at=timezone.now())
    return responses.back(request, otherwise=f"/w/{access.workspace.slug}/")


def _tokens_context(access: Access, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    return {"tokens": selectors.tokens(member=access.member), "now": now, "form": TokenForm(), **more}


@never_cache
@page()
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest, access: Access) -> HttpResponse:
    """List one's own tokens; a new one's secret is on the page that answers, and nowhere else, ever."""
    if request.method != "POST":
        return responses.page(request, "workspaces/tokens.html", _tokens_context(access))
    form, now = TokenForm(request.POST), timezone.now()
    if form.is_valid():
        try:
            token, secret = services.create_token(
                member=access.member,
                name=form.cleaned_data["name"],
                scope=ApiToken.Scope(form.cleaned_data["scope"]),
                expires_at=form.expires_at(now=now),
                actor=access.actor,
                at=now,
            )
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            return responses.page(
                request, "workspaces/tokens.html", _tokens_context(access, secret=secret, made=token)
            )
    return responses.form_page(request, "workspaces/tokens.html", _tokens_context(access, form=form))


@page()
@require_POST
def revoke_token(request: HttpRequest, access: Access, token_id: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = ApiToken.objects.select_related("member").filter(member=access.member, pk=token_id).first()
    if token is None:
        raise Http404
    services.revoke_token(token=token, actor=access.actor, at=timezone.now())
    toasts.add(request, f"The token {token.name} is revoked.")
    return redirect("settings-tokens", workspace=access.workspace.slug)
