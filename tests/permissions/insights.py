"""Who may do what: insights."""

WORKSPACE = {
    "insights/needs/": "GET viewer",
    "insights/needs/<int:number>/": "GET viewer",
    "insights/needs/<int:number>/edit/": "GET maker, POST maker",
    "insights/needs/<int:number>/rate/": "POST maker",
    "insights/needs/<int:number>/source/": "POST maker",
    "insights/needs/archive/": "POST maker",
    "insights/needs/delete/": "POST maker",
    "insights/needs/move/": "POST maker",
    "insights/needs/export/": "GET viewer",
    "insights/needs/new/": "GET maker, POST maker",
    "insights/needs/restore/": "POST maker",
    "insights/needs/unarchive/": "POST maker",
    "insights/needs/undo/<str:kept>/": "POST maker",
    "insights/outline/": "GET viewer",
    "insights/outline/download/": "GET viewer",
}

PROGRAMS = {
    "outline": "GET viewer",
    "outline/document": "GET viewer",
}
