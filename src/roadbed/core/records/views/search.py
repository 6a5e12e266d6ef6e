"""Finding things: the palette and the search page."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from roadbed.core.records import deeds, kinds
from roadbed.core.search import selectors as search
from roadbed.core.workspaces import navigation
from roadbed.core.workspaces.access import Access, page
from roadbed.web import responses

WORDS_OF_A_QUESTION = 4


def _matches(label: str, words: list[str]) -> bool:
    lowered = label.lower()
    return all(word in lowered for word in words)


@page()
@require_GET
def palette(request: HttpRequest, access: Access) -> HttpResponse:
    """What the palette lists for a query: records, places, deeds."""
    query = request.GET.get("q", "")[:200]
    words = search.words_of(query)
    base = f"/w/{access.workspace.slug}/"
    hits = search.find(
        workspace_id=access.workspace.pk,
        workspace_slug=access.workspace.slug,
        query=query,
        limit=8,
        circles=access.circle_ids,
    )
    found = [
        {"label": hit.title, "key": hit.key, "note": hit.kind_label, "url": hit.url, "icon": "arrow-right"}
        for hit in hits
    ]
    places = [
        {"label": entry.label, "url": base + entry.path, "note": entry.group}
        for entry in navigation.entries()
        if access.allows(entry.role) and _matches(entry.label, words)
    ]
    actions = [
        {"label": deed.label, "url": base + deed.path, "icon": deed.icon, "method": deed.method}
        for deed in deeds.all_deeds()
        if access.allows(deed.role) and _matches(f"{deed.label} {deed.words}", words)
    ]
    groups = [("Records", found), ("Go to", places[:8]), ("Do", actions[:8])]
    if query.strip():
        more = {
            "label": f"Search everything for “{query}”",
            "url": f"{base}search/?q={quote(query)}",
            "icon": "search",
        }
        asked = [
            {"label": f"{deed.label}: {query}", "url": f"{base}{deed.path}{quote(query)}", "icon": deed.icon}
            for deed in deeds.query_deeds()
            if access.allows(deed.role)
        ]
        # What looks like a question is first of all asked; a word or two is looked for first.
        if query.rstrip().endswith("?") or len(words) >= WORDS_OF_A_QUESTION:
            groups.insert(0, ("Ask", asked))
            groups.append(("Search", [more]))
        else:
            groups.append(("Search", [*asked, more]))
    context = {
        "groups": [{"label": label, "entries": entries} for label, entries in groups if entries],
        "q": query,
    }
    return render(request, "components/palette_results.html", context)


@page()
@require_GET
def results(request: HttpRequest, access: Access) -> HttpResponse:
    """Everything that a query finds, by kind."""
    query = request.GET.get("q", "")[:200]
    known = {kind.name: kind for kind in kinds.all_kinds()}
    only = [name for name in request.GET.getlist("kind") if name in known]
    hits = search.find(
        workspace_id=access.workspace.pk,
        workspace_slug=access.workspace.slug,
        query=query,
        only=only,
        limit=50,
        circles=access.circle_ids,
    )
    context = {"q": query, "hits": hits, "kinds": list(known.values()), "only": only}
    return responses.page(request, "records/search.html", context, fragment="results")
