"""Addresses of the trackers: pages below ``/w/<slug>/``, and the door for webhooks."""

from django.urls import URLPattern, path

from roadbed.modules.trackers.views import connections, decisions, doors, mapping

workspace_patterns: list[URLPattern] = [
    path("trackers/", connections.index, name="trackers"),
    path("trackers/new/", connections.choose, name="tracker-choose"),
    path("trackers/new/<slug:kind>/", connections.create, name="tracker-new"),
    path("trackers/decisions/", decisions.index, name="tracker-decisions"),
    path("trackers/decisions/settle/", decisions.settle, name="tracker-settle"),
    path("trackers/link/", decisions.link, name="tracker-link"),
    path("trackers/pairs/<int:binding_id>/<slug:choice>/", decisions.decide, name="tracker-decide"),
    path("trackers/<int:connection_id>/", connections.show, name="tracker"),
    path("trackers/<int:connection_id>/edit/", connections.change, name="tracker-edit"),
    path("trackers/<int:connection_id>/map/", mapping.change, name="tracker-map"),
    path("trackers/<int:connection_id>/test/", connections.test, name="tracker-test"),
    path("trackers/<int:connection_id>/try/", connections.try_out, name="tracker-try"),
    path("trackers/<int:connection_id>/run/", connections.run, name="tracker-run"),
    path("trackers/<int:connection_id>/switch/", connections.switch, name="tracker-switch"),
    path("trackers/<int:connection_id>/delete/", connections.delete, name="tracker-delete"),
    path("trackers/<int:connection_id>/restore/", connections.restore, name="tracker-restore"),
    path("trackers/<int:connection_id>/issues/", decisions.pairs, name="tracker-pairs"),
    path("trackers/<int:connection_id>/runs/<int:run_id>/", decisions.run, name="tracker-log"),
]
root_patterns: list[URLPattern] = [path("hooks/trackers/<slug:token>/", doors.hook, name="tracker-hook")]
