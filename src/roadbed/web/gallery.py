"""Every component in all its states, for those who build pages. Who may see it is decided where it is mounted."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from roadbed.web import charts, gallery_lists, gallery_records, gallery_samples, icons, responses, toasts

PARTS = {
    "basics": "Basics",
    "records": "Records",
    "lists": "Lists",
    "boards": "Boards and trees",
    "triage": "Triage",
    "forms": "Forms",
    "charts": "Charts",
    "states": "States",
}
SWATCHES = (
    *("canvas", "surface", "sunken", "line", "ink", "ink-2", "accent", "accent-soft"),
    *("good", "good-soft", "warn", "warn-soft", "bad", "bad-soft"),
)


def gallery_view(request: HttpRequest, part: str = "basics") -> HttpResponse:
    """Show one page of the gallery."""
    if part not in PARTS:
        raise Http404
    base = request.path.removesuffix(f"{part}/")
    tabs = [
        SimpleNamespace(label=label, url=f"{base}{name}/", current=name == part, count=None)
        for name, label in PARTS.items()
    ]
    context: dict[str, Any] = {"tabs": tabs, "base": base, **_samples(request, part)}
    for chart in context.get("charts", []):
        if found := charts.download(request, chart):
            return found
    return responses.page(request, f"gallery/{part}.html", context)


def _samples(request: HttpRequest, part: str) -> dict[str, Any]:
    samples = gallery_samples
    now = timezone.now()
    match part:
        case "basics":
            return {"icons": icons.NAMES, "swatches": SWATCHES, "now": now, "trend": (2, 3, 3, 5, 6, 9, 11)}
        case "records":
            return {
                "chain": gallery_records.chain(today=timezone.localdate()),
                "facts": gallery_records.FACTS,
                "revenue": gallery_records.revenue_receipt(),
                "edits": gallery_records.edits(),
                "now": now,
            }
        case "lists":
            table = gallery_lists.needs_table(request.GET, path=request.path, now=now)
            return {"table": table, "state": table.state}
        case "boards":
            return {"board": gallery_lists.board(), "tree": gallery_lists.tree_table()}
        case "triage":
            return {"inbox": samples.INBOX}
        case "forms":
            form = samples.SampleForm(data={"title": "", "email": "mira@"}, auto_id="wrong_%s")
            return {"form": samples.SampleForm(), "wrong": form}
        case "charts":
            return {"charts": samples.sample_charts()}
        case _:
            return {"jobs": samples.jobs()}


def deed(request: HttpRequest, part: str, name: str) -> HttpResponse:
    """Answer the gallery's own deeds; none of them changes anything."""
    undo = f"{request.path.removesuffix(f'{name}/')}undo/"
    if name == "dialog":
        return render(request, "gallery/dialog.html")
    if name.startswith("job"):
        found = next((job for job in gallery_samples.jobs() if job.url == f"do/{name}/"), None)
        if found is None:
            raise Http404
        return render(request, "components/job.html", {"job": found})
    if request.method != "POST":
        raise Http404
    if name == "edit":
        return _edit(request)
    if name == "move":
        if request.POST.get("column") == "done":
            return HttpResponse(
                "This column takes no cards; the move is taken back.", status=409, content_type="text/plain"
            )
        return toasts.send(
            HttpResponse(status=204), f"Moved {request.POST.get('card', '').upper()}.", undo_url=undo
        )
    if name == "place":
        if request.POST.get("beside") == "area-2" and request.POST.get("place") == "under":
            return HttpResponse("A-4 takes nothing.", status=409, content_type="text/plain")
        moved = f"Moved {request.POST.get('place', '')} {request.POST.get('beside', '').upper()}."
        return toasts.send(HttpResponse(status=204), moved, undo_url=undo)
    if name == "toast":
        tone = request.POST.get("tone", "")
        words = {
            "good": "Merged N-31 into N-28.",
            "warn": "4 rows were refused.",
            "bad": "Somebody changed this before you.",
        }
        return toasts.send(
            HttpResponse(status=204),
            words.get(tone, "The import has begun."),
            tone=tone,
            undo_url=undo if tone == "good" else "",
        )
    if name == "save":
        return toasts.send(responses.event("dialog:close"), "Saved the need.", undo_url=undo)
    if name == "refuse":
        return HttpResponse("Your role does not allow this.", status=403, content_type="text/plain")
    said = {
        "undo": "Everything is as it was.",
        "bulk": "Changed what you picked.",
        "archive": "Archived the need.",
        "view": "Saved the view.",
    }
    toasts.add(request, said.get(name, "Done."), undo_url="" if name == "undo" else undo)
    return responses.back(request, otherwise="..")


def _edit(request: HttpRequest) -> HttpResponse:
    edits = {edit.name: edit for edit in gallery_records.edits().values()}
    name = next((name for name in request.POST if name in edits), "")
    if not name:
        raise Http404
    value = request.POST[name].strip()
    wrong = "Give it a title." if name == "title" and not value else ""
    edit = dataclasses.replace(edits[name], value=value, display="", error=wrong)
    return render(request, "components/inline_edit.html", {"edit": edit}, status=422 if wrong else 200)


def palette(request: HttpRequest) -> HttpResponse:
    """Answer the palette with sample entries, where no workspace stands behind it."""
    words = request.GET.get("q", "").strip()
    entries = [
        SimpleNamespace(label=row.title, url="#", key=row.key, note="need", icon="quote", method="")
        for row in gallery_lists.NEEDS
        if words.lower() in f"{row.key} {row.title}".lower()
    ]
    groups = [SimpleNamespace(label="Needs", entries=entries)] if entries else []
    return render(request, "components/palette_results.html", {"groups": groups, "q": words})


patterns: list[URLPattern] = [
    path("", gallery_view),
    path("<slug:part>/", gallery_view),
    path("<slug:part>/do/<slug:name>/", deed),
]
