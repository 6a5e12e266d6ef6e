"""What the views of this package share: addresses, chips, cells, the way back."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.core.records import selectors as records
from roadbed.core.workspaces.access import Access
from roadbed.modules.roadmap import selectors
from roadbed.modules.roadmap.models import Deed, Feature, Release, Status
from roadbed.modules.roadmap.models.strength import evidence_strength
from roadbed.web import formats, parts, responses, tables, toasts

STATUS_TONES = {
    Status.DEVELOPMENT: "accent",
    Status.BETA: "accent",
    Status.SHIPPED: "good",
    Status.DROPPED: "outline",
}


def base(access: Access) -> str:
    """The address of the roadmap."""
    return f"/w/{access.workspace.slug}/roadmap/"


def feature_url(access: Access, feature: Feature) -> str:
    """The address of a feature."""
    return f"{base(access)}features/{feature.key.lower()}/"


def release_url(access: Access, release: Release) -> str:
    """The address of a release."""
    return f"{base(access)}releases/{release.number}/"


def feature_or_404(access: Access, key: str) -> Feature:
    """Return the feature; a stranger's and a missing one look the same."""
    try:
        return selectors.access_feature(workspace_id=access.workspace.pk, key=key)
    except Feature.DoesNotExist as error:
        raise Http404 from error


def release_or_404(access: Access, number: int) -> Release:
    """Return the release; a stranger's and a missing one look the same."""
    try:
        return selectors.access_release(workspace_id=access.workspace.pk, number=number)
    except Release.DoesNotExist as error:
        raise Http404 from error


def status_chip(feature: Feature) -> SafeString:
    """The status, in its tone."""
    status = Status(feature.status)
    return parts.chip(status.label, tone=STATUS_TONES.get(status, ""))


def evidence_chip(feature: Feature) -> SafeString:
    """How strong its evidence is, in a word, with the reason on hover and in the thread."""
    strength = evidence_strength(getattr(feature, "tally", None))
    return format_html(
        '<span title="{}">{}</span>', strength.reason, parts.chip(strength.label, tone=strength.tone)
    )


def cells(access: Access, feature: Feature) -> dict[str, str]:
    """The finished cells of a feature, for the list and the tree."""
    tally = getattr(feature, "tally", None)
    currency = access.workspace.currency
    return {
        "title": parts.title(feature.title, url=feature_url(access, feature), key_text=feature.key),
        "status": status_chip(feature),
        "horizon": feature.get_horizon_display() if feature.horizon != "none" else parts.quiet("–"),
        "release": parts.link(feature.release.title, url=release_url(access, feature.release))
        if feature.release
        else parts.quiet("–"),
        "people": formats.number(tally.people if tally else 0),
        "accounts": formats.number(tally.accounts if tally else 0),
        "revenue": formats.money(tally.revenue, currency=currency) if tally and tally.revenue else "–",
        "strength": evidence_chip(feature),
        "latest": parts.when(tally.latest_at if tally else None, style="day"),
        "lane": feature.get_lane_display(),
        "level": feature.get_level_display(),
        "team": feature.team.name if feature.team else parts.quiet("–"),
        "owner": parts.person(feature.owner.name) if feature.owner else parts.quiet("nobody"),
        "target": parts.when(feature.target_end),
        "updated": parts.when(feature.updated_at),
        "product": feature.product.name if feature.product else parts.quiet("–"),
    }


def saved_views(access: Access, *, list_name: str, path: str) -> tuple[tables.SavedView, ...]:
    """The member's saved views of a list, as the table shows them."""
    place = f"/w/{access.workspace.slug}/views/"
    return tuple(
        tables.SavedView(
            name=view.name,
            url=f"{path}?{view.query}" if view.query else path,
            query=view.query,
            shared=view.is_shared,
            delete_url=f"{place}{view.pk}/delete/" if view.member_id == access.member.pk else "",
        )
        for view in records.saved_views(member=access.member, list_name=list_name)
    )


def undo_url(access: Access, deed: Deed | None) -> str:
    """Where a deed is taken back."""
    return f"{base(access)}deeds/{deed.pk}/undo/" if deed is not None else ""


def done(request: HttpRequest, access: Access, deed: Deed | None, *, otherwise: str) -> HttpResponse:
    """Return to where the deed came from, with what was done and a way to undo it."""
    if deed is None:
        toasts.add(request, "Nothing to change.", tone="")
    else:
        toasts.add(request, deed.summary, undo_url=undo_url(access, deed))
    return responses.back(request, otherwise=otherwise)


def switch(access: Access, current: str) -> list[dict[str, object]]:
    """The ways to look at the roadmap."""
    place = base(access)
    ways = (
        ("board", "Now next later", ""),
        ("tree", "Tree", "tree/"),
        ("list", "List", "list/"),
        ("releases", "Releases", "releases/"),
    )
    return [{"label": label, "url": place + path, "current": name == current} for name, label, path in ways]
