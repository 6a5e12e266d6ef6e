"""Addresses of the roadmap, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.core.records import urls as records  # noqa: F401 - registers the converter of keys
from roadbed.modules.roadmap.views import (
    baselines,
    downloads,
    features,
    forecasts,
    plan,
    releases,
    timeline,
    tree,
)

workspace_patterns: list[URLPattern] = [
    path("roadmap/", plan.board, name="roadmap-board"),
    path("roadmap/place/", plan.place, name="roadmap-place"),
    path("roadmap/list/", plan.index, name="roadmap-list"),
    path("roadmap/list/export/", downloads.features, name="roadmap-export"),
    path("roadmap/tree/", tree.show, name="roadmap-tree"),
    path("roadmap/tree/rows/", tree.rows, name="roadmap-tree-rows"),
    path("roadmap/bulk/<slug:what>/", plan.bulk, name="roadmap-bulk"),
    path("roadmap/deeds/<int:deed_id>/undo/", plan.undo, name="roadmap-undo"),
    path("roadmap/new/", features.add, name="feature-add"),
    path("roadmap/features/<key:key>/", features.show, name="feature"),
    path("roadmap/features/<key:key>/evidence/", features.evidence, name="feature-evidence"),
    path("roadmap/features/<key:key>/edit/", features.edit, name="feature-edit"),
    path("roadmap/features/<key:key>/set/", features.set_one, name="feature-set"),
    path("roadmap/features/<key:key>/step/up/", tree.step, {"way": "up"}, name="feature-up"),
    path("roadmap/features/<key:key>/step/down/", tree.step, {"way": "down"}, name="feature-down"),
    path("roadmap/features/<key:key>/move/", features.move, name="feature-move"),
    path("roadmap/timeline/", timeline.show, name="roadmap-timeline"),
    path("roadmap/forecast/", forecasts.again, name="forecast-again"),
    path("roadmap/forecast/<key:key>/", forecasts.show, name="forecast"),
    path("roadmap/baselines/", baselines.index, name="baselines"),
    path("roadmap/baselines/new/", baselines.freeze, name="baseline-add"),
    path("roadmap/changes/", baselines.changes, name="roadmap-changes"),
    path("roadmap/slips/<key:key>/", baselines.slips, name="roadmap-slips"),
    path("roadmap/releases/", releases.index, name="releases"),
    path("roadmap/releases/export/", downloads.releases, name="releases-export"),
    path("roadmap/releases/new/", releases.add, name="release-add"),
    path("roadmap/releases/<int:number>/", releases.show, name="release"),
    path("roadmap/releases/<int:number>/edit/", releases.edit, name="release-edit"),
    path("roadmap/releases/<int:number>/ship/", releases.ship, name="release-ship"),
    path("roadmap/releases/<int:number>/reopen/", releases.reopen, name="release-reopen"),
]
