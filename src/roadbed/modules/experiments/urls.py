"""Addresses of experiments, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.core.records import urls as records  # noqa: F401 - registers the converter of keys
from roadbed.modules.experiments.views import (
    data,
    decisions,
    experiments,
    flags,
    library,
    metrics,
    places,
    reports,
    runs,
    settings,
)

FLAG = "experiments/flags/<key:key>/"
PLACE = f"{FLAG}in/<str:environment>/"
FLAGS: list[URLPattern] = [
    path("experiments/flags/", flags.index, name="flags"),
    path("experiments/flags/new/", flags.add, name="flag-add"),
    path("experiments/flags/stale/", flags.stale, name="flags-stale"),
    path("experiments/flags/reviews/", settings.reviews, name="flag-reviews"),
    path("experiments/flags/import/", settings.move_in, name="flags-import"),
    path(FLAG, flags.show, name="flag"),
    path(f"{FLAG}edit/", flags.edit, name="flag-edit"),
    path(f"{FLAG}archive/", flags.archive, name="flag-archive"),
    path(PLACE, places.show, name="flag-place"),
    path(f"{PLACE}try/", places.attempt, name="flag-try"),
    path(f"{PLACE}draft/", places.save, name="flag-draft"),
    path(f"{PLACE}discard/", places.discard, name="flag-discard"),
    path(f"{PLACE}publish/", places.publish, name="flag-publish"),
    path(f"{PLACE}switch/", flags.switch, name="flag-switch"),
    path(f"{PLACE}ramp/", places.ramp, name="flag-ramp"),
    path(f"{PLACE}review/", places.review, name="flag-review"),
    path(f"{PLACE}review/ask/", places.ask, name="flag-review-ask"),
    path(f"{PLACE}review/say/", places.say, name="flag-review-say"),
    path(f"{PLACE}revisions/", places.revisions, name="flag-revisions"),
    path(f"{PLACE}revert/", places.revert, name="flag-revert"),
]
METRIC = "experiments/metrics/<key:key>/"
METRICS: list[URLPattern] = [
    path("experiments/metrics/", metrics.index, name="metrics"),
    path("experiments/metrics/new/", metrics.add, name="metric-add"),
    path(METRIC, metrics.show, name="metric"),
    path(f"{METRIC}edit/", metrics.edit, name="metric-edit"),
    path(f"{METRIC}define/", metrics.define, name="metric-define"),
    path(f"{METRIC}measure/", metrics.measure, name="metric-measure"),
    path(f"{METRIC}archive/", metrics.archive, name="metric-archive"),
]
SETTINGS: list[URLPattern] = [
    path("settings/flags/", settings.index, name="settings-flags"),
    path("settings/flags/segments/", settings.put_segment, name="settings-flag-segment"),
    path("settings/flags/holdouts/", settings.put_holdout, name="settings-flag-holdout"),
    path("settings/flags/<str:environment>/", settings.change, name="settings-flag-environment"),
    path("settings/flags/<str:environment>/keys/", settings.make_key, name="settings-flag-key"),
    path(
        "settings/flags/<str:environment>/keys/<int:key_id>/revoke/",
        settings.revoke_key,
        name="settings-flag-key-revoke",
    ),
]
EXPERIMENT = "experiments/<key:key>/"
EXPERIMENTS: list[URLPattern] = [
    path("experiments/", experiments.index, name="experiments"),
    path("experiments/new/", experiments.add, name="experiment-add"),
    path("experiments/library/", library.index, name="experiments-library"),
    path("experiments/library/export/", library.export, name="experiments-export"),
    path(EXPERIMENT, runs.show, name="experiment"),
    path(f"{EXPERIMENT}edit/", experiments.edit, name="experiment-edit"),
    path(f"{EXPERIMENT}start/", runs.start, name="experiment-start"),
    path(f"{EXPERIMENT}stop/", runs.stop, name="experiment-stop"),
    path(f"{EXPERIMENT}refresh/", runs.refresh, name="experiment-refresh"),
    path(f"{EXPERIMENT}readouts/", runs.readouts, name="experiment-readouts"),
    path(f"{EXPERIMENT}readouts/<int:number>/", runs.readout, name="experiment-readout"),
    path(f"{EXPERIMENT}decide/", decisions.decide, name="experiment-decide"),
    path(f"{EXPERIMENT}withdraw/", decisions.withdraw, name="experiment-withdraw"),
    path(f"{EXPERIMENT}flag/", decisions.propose, name="experiment-flag"),
    path(f"{EXPERIMENT}report/", reports.download, name="experiment-report"),
    path(f"{EXPERIMENT}shares/", reports.shares, name="report-shares"),
    path(f"{EXPERIMENT}shares/<int:share_id>/revoke/", reports.revoke, name="report-share-revoke"),
]

DATA: list[URLPattern] = [
    path("settings/data/", data.index, name="settings-data"),
    path("settings/data/policy/", data.policy, name="settings-data-policy"),
    path("settings/data/exposure-logs/", data.log, name="settings-exposure-log"),
    path("settings/data/sources/", data.add, name="settings-data-add"),
    path("settings/data/sources/<slug:source>/", data.source, name="settings-data-source"),
    path("settings/data/sources/<slug:source>/files/", data.upload, name="settings-data-upload"),
    path("settings/data/sources/<slug:source>/remove/", data.remove, name="settings-data-remove"),
    path("settings/data/exposures/new/", data.map_exposures, name="settings-exposures-new"),
    path("settings/data/exposures/<slug:source>/", data.map_exposures, name="settings-exposures"),
    path(
        "settings/data/exposures/<slug:source>/remove/",
        data.remove_exposures,
        name="settings-exposures-remove",
    ),
    path("settings/data/facts/new/", data.map_facts, name="settings-facts-new"),
    path("settings/data/facts/<slug:source>/", data.map_facts, name="settings-facts"),
    path("settings/data/facts/<slug:source>/remove/", data.remove_facts, name="settings-facts-remove"),
]

workspace_patterns: list[URLPattern] = [*FLAGS, *METRICS, *SETTINGS, *DATA, *EXPERIMENTS]
root_patterns: list[URLPattern] = [path("x/<str:token>/", reports.shared, name="report-shared")]
