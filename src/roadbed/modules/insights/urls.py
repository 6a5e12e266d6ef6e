"""Addresses of this module, below ``/w/<slug>/``."""

from django.urls import URLPattern, path

from roadbed.modules.insights.views import need, needs, outline

workspace_patterns: list[URLPattern] = [
    path("insights/needs/", needs.index, name="needs"),
    path("insights/needs/new/", need.create, name="need-new"),
    path("insights/needs/archive/", needs.do_many, {"deed": "archive"}, name="needs-archive"),
    path("insights/needs/unarchive/", needs.do_many, {"deed": "unarchive"}, name="needs-unarchive"),
    path("insights/needs/delete/", needs.do_many, {"deed": "delete"}, name="needs-delete"),
    path("insights/needs/restore/", needs.do_many, {"deed": "restore"}, name="needs-restore"),
    path("insights/needs/move/", needs.do_many, {"deed": "move"}, name="needs-move"),
    path("insights/needs/undo/<str:kept>/", needs.undo, name="needs-undo"),
    path("insights/needs/<int:number>/", need.show, name="need"),
    path("insights/needs/<int:number>/edit/", need.change, name="need-edit"),
    path("insights/needs/<int:number>/rate/", needs.rate, name="need-rate"),
    path("insights/needs/<int:number>/source/", need.set_source, name="need-source"),
    path("insights/outline/", outline.show, name="outline"),
    path("insights/outline/download/", outline.download, name="outline-download"),
]
