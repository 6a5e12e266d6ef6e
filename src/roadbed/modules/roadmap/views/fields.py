"""The fields of a feature that are changed where they are read: on its page, and in the cells of the tree."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Team
from roadbed.modules.roadmap.models import Feature, Horizon, Release, Status
from roadbed.modules.roadmap.views import shared
from roadbed.web import edits, icons

LABELS = {
    "title": "Title",
    "status": "Status",
    "horizon": "Horizon",
    "release": "Release",
    "team": "Team",
    "owner": "Owner",
}
MOST_OPTIONS = 200
Options = tuple[tuple[str, str], ...]


def _options(access: Access, name: str) -> Options:
    """The choices of a field; empty for words."""
    workspace = access.workspace.pk
    if name == "status":
        return tuple((str(value), str(label)) for value, label in Status.choices)
    if name == "horizon":
        return tuple((str(value), str(label)) for value, label in Horizon.choices)
    if name == "release":
        releases = (
            Release.objects.in_workspace(workspace).filter(kind="release").order_by("-ship_date", "-pk")
        )
        return (("", "none"), *((str(one.number), one.title) for one in releases[:MOST_OPTIONS]))
    if name == "team":
        teams = Team.objects.filter(workspace_id=workspace)[:MOST_OPTIONS]
        return (("", "none"), *((str(one.pk), one.name) for one in teams))
    if name == "owner":
        members = Member.objects.select_related("user").filter(
            workspace_id=workspace, removed_at__isnull=True
        )
        return (("", "nobody"), *((str(one.pk), one.name) for one in members.order_by("pk")[:MOST_OPTIONS]))
    return ()


def _value(feature: Feature, name: str) -> str:
    if name == "release":
        return str(feature.release.number) if feature.release else ""
    if name in {"team", "owner"}:
        return str(getattr(feature, f"{name}_id") or "")
    return str(getattr(feature, name) or "")


def edit(
    access: Access,
    feature: Feature,
    name: str,
    *,
    error: str = "",
    in_cell: bool = False,
    is_open: bool = False,
) -> edits.InlineEdit:
    """Return the field with its choices, ready to be changed."""
    place = f"{shared.feature_url(access, feature)}set/"
    options = _options(access, name)
    return edits.InlineEdit(
        id=f"cell-{feature.pk}-{name}" if in_cell else f"feature-{name}",
        label=f"{LABELS[name]} of {feature.key}",
        name=name,
        value=_value(feature, name),
        url=(f"{place}?cell=yes" if in_cell else place) if access.can_make else "",
        kind="select" if options else "text",
        options=options,
        version=feature.version,
        error=error,
        is_open=is_open,
    )


def cell(access: Access, feature: Feature, name: str, shown: str) -> SafeString:
    """Return what a cell shows, with the field behind it: its form is fetched when it is pressed.

    A form in each cell would cost more than the whole table.
    """
    if not access.can_make:
        return format_html("{}", shown)
    place = f"{shared.feature_url(access, feature)}set/?cell=yes&field={name}"
    label = f"{LABELS[name]} of {feature.key}: change"
    if name == "title":
        return format_html(
            '<inline-edit id="cell-{}-title" class="is-block">{}<button type="button" class="inline-edit__show" '
            'hx-get="{}" hx-target="closest inline-edit" hx-swap="outerHTML" aria-label="{}">{}</button></inline-edit>',
            feature.pk,
            shown,
            place,
            label,
            icons.icon("edit"),
        )
    return format_html(
        '<inline-edit id="cell-{}-{}"><button type="button" class="inline-edit__show" hx-get="{}" '
        'hx-target="closest inline-edit" hx-swap="outerHTML" title="{}">{}</button></inline-edit>',
        feature.pk,
        name,
        place,
        label,
        shown,
    )


def shown(access: Access, feature: Feature, name: str) -> str:
    """Return a field as a cell of the tree reads it: plain words where a link would be pressed by mistake."""
    if name == "release":
        return feature.release.title if feature.release else "–"
    return shared.cells(access, feature, shown={name})[name]
