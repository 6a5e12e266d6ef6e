"""The filters and orders of a ranking: page, API and download read the same declaration."""

from __future__ import annotations

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Product
from roadbed.web import filters

FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search", search=True),
        filters.Choice(
            "inside",
            "Place",
            options=(
                filters.Option("sure", "Surely in"),
                filters.Option("open", "A coin flip"),
                filters.Option("out", "Surely out"),
            ),
            pinned=True,
        ),
        filters.Boolean("scored", "Scored", yes="scored", no="left out"),
        filters.Choice("product", "Product"),
    ),
    sorts=(
        filters.SortOption("rank", "Rank", first="asc"),
        filters.SortOption("top", "Chance of a place"),
        filters.SortOption("first", "Chance to lead"),
        filters.SortOption("score", "Score"),
        filters.SortOption("worth", "Benefit"),
        filters.SortOption("cost", "Cost"),
    ),
    default_sort="rank",
)
ORDER = {
    "rank": "position",
    "top": "top",
    "first": "first",
    "score": "score",
    "worth": "worth",
    "cost": "cost",
}


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows."""
    rows = Product.objects.filter(workspace=access.workspace, archived_at__isnull=True)
    return {"product": [filters.Option(one.slug, one.name) for one in rows]}
