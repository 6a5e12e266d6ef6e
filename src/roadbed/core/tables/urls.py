"""Addresses of imports and exports, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.core.tables import views

workspace_patterns: list[URLPattern] = [
    path("import/", views.show_all, name="imports"),
    path("import/new/", views.upload, name="import-new"),
    path("import/<int:import_id>/", views.show, name="import"),
    path("import/<int:import_id>/mapping/", views.change_mapping, name="import-mapping"),
    path("import/<int:import_id>/layout/", views.change_layout, name="import-layout"),
    path("import/<int:import_id>/check/", views.check, name="import-check"),
    path("import/<int:import_id>/run/", views.run, name="import-run"),
    path("import/<int:import_id>/cancel/", views.cancel, name="import-cancel"),
    path("import/<int:import_id>/undo/", views.undo, name="import-undo"),
    path("import/<int:import_id>/rejects/", views.rejects, name="import-rejects"),
    path("export/<slug:name>/", views.export, name="export"),
]
