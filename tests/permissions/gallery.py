"""The gallery of parts."""

WORKSPACE = {
    "gallery/": "GET maker",
    "gallery/<slug:part>/": "GET maker",
    "gallery/<slug:part>/do/<slug:name>/": "GET maker, POST maker",
}
