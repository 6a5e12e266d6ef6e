"""The filters and orders of the roadmap's lists: pages, API and downloads read the same declaration."""

from __future__ import annotations

from roadbed.core.records import selectors as records
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Department, Member, Product, Team, Workspace
from roadbed.modules.roadmap.models import (
    Horizon,
    Lane,
    Level,
    Objective,
    Release,
    Risk,
    Size,
    Status,
    Tie,
    Work,
)
from roadbed.web import filters


def _options(choices: list[tuple[str, str]]) -> tuple[filters.Option, ...]:
    return tuple(filters.Option(value, label) for value, label in choices)


FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search features", search=True),
        filters.Choice("product", "Product"),
        filters.MultiChoice("status", "Status", options=_options(Status.choices), pinned=True),
        filters.MultiChoice("lane", "Lane", options=_options(Lane.choices), pinned=True),
        filters.MultiChoice("level", "Level", options=_options(Level.choices)),
        filters.MultiChoice("horizon", "Horizon", options=_options(Horizon.choices)),
        filters.Choice("release", "Release", pinned=True),
        filters.MultiChoice("work", "Kind of work", options=_options(Work.choices[1:])),
        filters.MultiChoice("size", "Size", options=_options(Size.choices[1:])),
        filters.Choice("team", "Team"),
        filters.Choice("owner", "Owner"),
        filters.Boolean("open", "Open", yes="open", no="shipped or dropped"),
        filters.Boolean("answers", "Need", yes="answers a need", no="answers none"),
        filters.NumberRange("impact", "Impact"),
        filters.NumberRange("people", "People"),
        filters.NumberRange("revenue", "Revenue"),
        filters.MultiChoice("tag", "Tag"),
        filters.Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        filters.SortOption("impact", "Impact"),
        filters.SortOption("people", "People"),
        filters.SortOption("accounts", "Customers"),
        filters.SortOption("revenue", "Revenue"),
        filters.SortOption("strength", "Strength"),
        filters.SortOption("latest", "Last heard"),
        filters.SortOption("updated", "Changed"),
        filters.SortOption("created", "Added"),
        filters.SortOption("title", "Title", first="asc"),
    ),
    default_sort="-updated",
)
ORDER = {
    "impact": "tally__impact",
    "people": "tally__people",
    "accounts": "tally__accounts",
    "revenue": "tally__revenue",
    "strength": "tally__strength",
    "latest": "tally__latest_at",
    "updated": "updated_at",
    "created": "created_at",
    "title": "title",
}
RELEASE_FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search releases", search=True),
        filters.Choice("product", "Product"),
        filters.Choice("state", "State", options=_options(Release.State.choices), pinned=True),
    ),
    sorts=(filters.SortOption("ships", "Ships"), filters.SortOption("title", "Name", first="asc")),
    default_sort="-ships",
)
RELEASE_ORDER = {"ships": "ship_date", "title": "title"}
MOST_OPTIONS = 200


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows; six queries."""
    return options_in(access.workspace)


def options_in(workspace: Workspace) -> dict[str, list[filters.Option]]:
    """Return the choices of a workspace, for whoever looks at it."""
    members = Member.objects.select_related("user").filter(workspace=workspace, removed_at__isnull=True)
    releases = (
        Release.objects.in_workspace(workspace.pk)
        .filter(kind="release")
        .order_by("-ship_date", "-pk")[:MOST_OPTIONS]
    )
    return {
        "product": [
            filters.Option(one.slug, one.name)
            for one in Product.objects.filter(workspace=workspace, archived_at__isnull=True)
        ],
        "release": [filters.Option(str(one.number), one.title) for one in releases],
        "team": [filters.Option(str(one.pk), one.name) for one in Team.objects.filter(workspace=workspace)],
        "owner": [filters.Option(str(one.pk), one.name) for one in members.order_by("pk")[:MOST_OPTIONS]],
        "department": [
            filters.Option(str(one.pk), one.name) for one in Department.objects.filter(workspace=workspace)
        ],
        "tag": [
            filters.Option(name, name) for name in records.tag_names(workspace_id=workspace.pk)[:MOST_OPTIONS]
        ],
    }


DEPENDENCY_FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search dependencies", search=True),
        filters.Boolean("open", "Open", yes="still waiting", no="not waiting", pinned=True),
        filters.Boolean("across", "Teams", yes="across teams", no="within a team", pinned=True),
        filters.Boolean("external", "Outside", yes="promised outside", no="our own"),
        filters.MultiChoice("tie", "How", options=_options(Tie.choices)),
        filters.Choice("lane", "Lane", options=_options(Lane.choices)),
        filters.Choice("team", "Team"),
    ),
    sorts=(filters.SortOption("added", "Added"),),
    default_sort="-added",
)
DEPENDENCY_ORDER = {"added": "created_at"}
OBJECTIVE_FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search objectives", search=True),
        filters.Choice("state", "State", options=_options(Objective.State.choices), pinned=True),
        filters.Choice("product", "Product"),
        filters.Choice("department", "Department"),
    ),
    sorts=(filters.SortOption("ends", "Ends"), filters.SortOption("title", "Title", first="asc")),
    default_sort="-ends",
)
OBJECTIVE_ORDER = {"ends": "last_date", "title": "title"}
RISK_FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search risks", search=True),
        filters.Choice("state", "State", options=_options(Risk.State.choices), pinned=True),
        filters.Choice("product", "Product"),
    ),
    sorts=(filters.SortOption("probability", "Chance"), filters.SortOption("title", "Title", first="asc")),
    default_sort="-probability",
)
RISK_ORDER = {"probability": "probability", "title": "title"}
