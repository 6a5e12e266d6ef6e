"""Who may do what: trackers."""

WORKSPACE = {
    "trackers/": "GET viewer",
    "trackers/<int:connection_id>/": "GET viewer",
    "trackers/<int:connection_id>/delete/": "POST maker",
    "trackers/<int:connection_id>/edit/": "GET maker, POST maker",
    "trackers/<int:connection_id>/issues/": "GET viewer",
    "trackers/<int:connection_id>/map/": "GET maker, POST maker",
    "trackers/<int:connection_id>/restore/": "POST maker",
    "trackers/<int:connection_id>/run/": "POST maker",
    "trackers/<int:connection_id>/runs/<int:run_id>/": "GET viewer",
    "trackers/<int:connection_id>/switch/": "POST maker",
    "trackers/<int:connection_id>/test/": "POST maker",
    "trackers/<int:connection_id>/try/": "POST maker",
    "trackers/decisions/": "GET viewer",
    "trackers/decisions/settle/": "POST maker",
    "trackers/link/": "GET maker, POST maker",
    "trackers/new/": "GET maker",
    "trackers/new/<slug:kind>/": "GET maker, POST maker",
    "trackers/pairs/<int:binding_id>/<slug:choice>/": "POST maker",
}
ROOT = {"hooks/trackers/<slug:token>/": "POST public"}

PROGRAMS = {
    "feature-issues/<key>": "GET viewer",
    "tracker-conflicts": "GET viewer",
    "tracker-conflicts/settle": "POST maker",
    "tracker-pairs/<int:binding_id>": "PUT maker",
    "trackers": "GET viewer, POST maker",
    "trackers/<int:connection_id>": "GET viewer, PATCH maker, DELETE maker",
    "trackers/<int:connection_id>/issues": "GET viewer, POST maker",
    "trackers/<int:connection_id>/looks": "POST maker",
    "trackers/<int:connection_id>/maps": "GET viewer, PATCH maker",
    "trackers/<int:connection_id>/restore": "POST maker",
    "trackers/<int:connection_id>/runs": "GET viewer",
    "trackers/<int:connection_id>/runs/<int:run_id>/entries": "GET viewer",
    "trackers/<int:connection_id>/state": "PUT maker",
    "trackers/<int:connection_id>/test": "POST maker",
}
