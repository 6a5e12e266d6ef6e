"""Who may do what: the roadmap."""

WORKSPACE = {
    "roadmap/": "GET viewer",
    "roadmap/bulk/<slug:what>/": "POST maker",
    "roadmap/deeds/<int:deed_id>/undo/": "POST maker",
    "roadmap/features/<key:key>/": "GET viewer",
    "roadmap/features/<key:key>/edit/": "GET maker, POST maker",
    "roadmap/features/<key:key>/evidence/": "GET viewer",
    "roadmap/features/<key:key>/move/": "GET maker, POST maker",
    "roadmap/features/<key:key>/set/": "GET maker, POST maker",
    "roadmap/features/<key:key>/step/down/": "POST maker",
    "roadmap/features/<key:key>/step/up/": "POST maker",
    "roadmap/list/": "GET viewer",
    "roadmap/list/export/": "GET viewer",
    "roadmap/new/": "GET maker, POST maker",
    "roadmap/place/": "POST maker",
    "roadmap/releases/": "GET viewer",
    "roadmap/releases/<int:number>/": "GET viewer",
    "roadmap/releases/<int:number>/edit/": "GET maker, POST maker",
    "roadmap/releases/<int:number>/reopen/": "POST maker",
    "roadmap/releases/<int:number>/ship/": "POST maker",
    "roadmap/releases/export/": "GET viewer",
    "roadmap/releases/new/": "GET maker, POST maker",
    "roadmap/tree/": "GET viewer",
    "roadmap/tree/rows/": "GET viewer",
}

PROGRAMS = {
    "features": "GET viewer, POST maker",
    "features/<key>": "GET viewer, PATCH maker",
    "features/<key>/move": "POST maker",
    "releases": "GET viewer, POST maker",
    "releases/<key>": "GET viewer, PATCH maker",
    "releases/<key>/ship": "POST maker",
}
