"""Imports and exports."""

WORKSPACE = {
    "import/": "GET maker",
    "import/new/": "GET maker, POST maker",
    "import/<int:import_id>/": "GET maker",
    "import/<int:import_id>/mapping/": "POST maker",
    "import/<int:import_id>/layout/": "POST maker",
    "import/<int:import_id>/check/": "POST maker",
    "import/<int:import_id>/run/": "POST maker",
    "import/<int:import_id>/cancel/": "POST maker",
    "import/<int:import_id>/undo/": "POST maker",
    "import/<int:import_id>/rejects/": "GET maker",
    "export/<slug:name>/": "GET viewer",
}
PROGRAMS = {
    "imports": "GET maker, POST maker",
    "imports/<int:import_id>": "GET maker, PATCH maker",
    "imports/<int:import_id>/run": "POST maker",
    "imports/<int:import_id>/cancel": "POST maker",
    "imports/<int:import_id>/undo": "POST maker",
    "imports/<int:import_id>/rejects": "GET maker",
    "exports/<slug:name>": "GET viewer",
}
