"""The filters and orders of the list of flags: the page and the API read the same declaration."""

from __future__ import annotations

from roadbed.core.workspaces.access import Access
from roadbed.core.workspaces.models import Member
from roadbed.modules.experiments import selectors
from roadbed.modules.experiments.models import (
    Decided,
    ExperimentState,
    FlagType,
    LookPlan,
    Metric,
    Purpose,
)
from roadbed.web import filters

MOST_OPTIONS = 200


def _options(choices: list[tuple[str, str]]) -> tuple[filters.Option, ...]:
    return tuple(filters.Option(value, label) for value, label in choices)


FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search flags", search=True),
        filters.Choice("on", "On in", pinned=True),
        filters.MultiChoice("purpose", "Purpose", options=_options(Purpose.choices), pinned=True),
        filters.MultiChoice("type", "Type", options=_options(FlagType.choices)),
        filters.Boolean("draft", "Draft", yes="with a draft", no="without a draft", pinned=True),
        filters.Choice("owner", "Owner"),
        filters.Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        filters.SortOption("updated", "Changed"),
        filters.SortOption("created", "Added"),
        filters.SortOption("key", "Key", first="asc"),
        filters.SortOption("title", "Title", first="asc"),
        filters.SortOption("remove_by", "Remove by", first="asc"),
    ),
    default_sort="-updated",
)
ORDER = {
    "updated": "updated_at",
    "created": "created_at",
    "key": "flag_key",
    "title": "title",
    "remove_by": "remove_by",
}


def options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows; two queries."""
    members = Member.objects.select_related("user").filter(
        workspace=access.workspace, removed_at__isnull=True
    )
    return {
        "on": [
            filters.Option(each.key, each.name)
            for each in selectors.environments_of(workspace_id=access.workspace.pk)
        ],
        "owner": [filters.Option(str(one.pk), one.name) for one in members.order_by("pk")[:MOST_OPTIONS]],
    }


EXPERIMENT_FILTERS = filters.FilterSet(
    filters=(
        filters.Text("q", "Search experiments", search=True),
        filters.MultiChoice("state", "State", options=_options(ExperimentState.choices), pinned=True),
        filters.MultiChoice("decided", "Decision", options=_options(Decided.choices), pinned=True),
        filters.Choice("metric", "Metric", pinned=True),
        filters.Boolean("against", "Recommendation", yes="decided against", no="followed"),
        filters.MultiChoice("plan", "Plan", options=_options(LookPlan.choices)),
        filters.Choice("owner", "Owner"),
        filters.Boolean("archived", "Archived", yes="only archived", no="not archived"),
    ),
    sorts=(
        filters.SortOption("updated", "Changed"),
        filters.SortOption("started", "Started"),
        filters.SortOption("key", "Key"),
        filters.SortOption("title", "Title", first="asc"),
    ),
    default_sort="-updated",
)
EXPERIMENT_ORDER = {
    "updated": "updated_at",
    "started": "started_at",
    "key": "number",
    "title": "title",
}


def experiment_options_for(access: Access) -> dict[str, list[filters.Option]]:
    """Return the choices that only the database knows; two queries."""
    members = Member.objects.select_related("user").filter(
        workspace=access.workspace, removed_at__isnull=True
    )
    metrics = Metric.objects.in_workspace(access.workspace.pk).order_by("title", "pk")
    return {
        "owner": [filters.Option(str(one.pk), one.name) for one in members.order_by("pk")[:MOST_OPTIONS]],
        "metric": [filters.Option(str(one.pk), one.title) for one in metrics[:MOST_OPTIONS]],
    }
