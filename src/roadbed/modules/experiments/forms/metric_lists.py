"""The filters and orders of the list of metrics: the page and the API read the same declaration."""

from __future__ import annotations

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments.models import MetricKind
from roadbed.web import filters

MOST_OPTIONS = 200
FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search metrics", search=True),
        filters.MultiChoice(
            "kind",
            "Kind",
            options=tuple(filters.Option(value, label) for value, label in MetricKind.choices),
            pinned=True,
        ),
        filters.Boolean("guardrail", "Guardrail", yes="guardrails", no="no guardrails", pinned=True),
        filters.Choice("owner", "Owner"),
        filters.Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        filters.SortOption("updated", "Changed"),
        filters.SortOption("created", "Added"),
        filters.SortOption("title", "Title", first="asc"),
    ),
    default_sort="-updated",
)
ORDER = {"updated": "updated_at", "created": "created_at", "title": "title"}


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows; one query."""
    members = Member.objects.select_related("user").filter(
        workspace=access.workspace, removed_at__isnull=True
    )
    return {"owner": [filters.Option(str(one.pk), one.name) for one in members.order_by("pk")[:MOST_OPTIONS]]}
