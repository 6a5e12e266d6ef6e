"""The filters and orders of the roadmap's lists: pages, API and downloads read the same declaration."""

from __future__ import annotations

from roadbed.core.records import selectors as records
from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member, Product, Team
from roadbed.modules.roadmap.models import Horizon, Lane, Level, Release, Status
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
    """Return the choices that only the database knows; five queries."""
    workspace = access.workspace
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
        "tag": [
            filters.Option(name, name) for name in records.tag_names(workspace_id=workspace.pk)[:MOST_OPTIONS]
        ],
    }
