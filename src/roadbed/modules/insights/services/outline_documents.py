"""The outline as a document: Markdown, one self-contained HTML file, and PDF.

What customers wrote is data throughout: escaped in Markdown and HTML, and handed to Typst as JSON, never as
markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe

from roadbed.modules.insights.selectors.outline import Outline
from roadbed.modules.insights.services import outline_draft, outline_words

MEDIA = {
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}
"""What the outline can be written as."""
ENDINGS = {"markdown": "md", "html": "html", "pdf": "pdf"}
FOLDER = "templates/insights/outline"
MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&$])")
LINE_START = re.compile(r"^(\d{0,9})([-+=.)])")
AUTOLINK = re.compile(r"(https?|ftp)(://)|\b(www)(\.)", re.IGNORECASE)


def _asset(name: str) -> bytes:
    return resources.files("roadbed.modules.insights").joinpath(f"{FOLDER}/{name}").read_bytes()


def escape(text: str) -> str:
    """Return words as Markdown shows them letter by letter, on one line.

    >>> escape("**no** <b>markup</b>")
    '\\\\*\\\\*no\\\\*\\\\* \\\\<b\\\\>markup\\\\</b\\\\>'
    """
    line = LINE_START.sub(r"\1\\\2", MARKUP.sub(r"\\\1", " ".join(text.split())))
    return AUTOLINK.sub(lambda match: f"{match[1] or match[3]}\\{match[2] or match[4]}", line)


def _link(text: str, url: str) -> str:
    return f"[{escape(text)}]({url})"


def _need(need: Mapping[str, Any]) -> list[str]:
    tie = "=" if need["tied"] else ""
    lines = [f"## {need['rank']}{tie}\\. {escape(need['title'])} ({_link(need['key'], need['url'])})", ""]
    lines += [escape(need["summary"]), ""]
    if need["expectation"]:
        lines += [f"**They expect:** {escape(need['expectation'])}", ""]
    if need["rating"]:
        lines += [f"**Rated:** {escape(need['rating'])}", ""]
    for quote in need["quotes"]:
        lines += [f"> “{escape(quote['text'])}”", ">"]
        lines += [f"> {escape(quote['citation'])} · {_link(quote['key'], quote['url'])}", ""]
    if need["answers"]:
        told = [
            f"{_link(one['key'], one['url'])} {escape(one['title'])}"
            + (f" ({escape(one['status'])})" if one["status"] else "")
            for one in need["answers"]
        ]
        lines += [f"**Answered by:** {', '.join(told)}", ""]
    else:
        lines += ["**Answered by:** nothing yet", ""]
    split = outline_words.segment_words(need["segments"])
    if split:
        lines += [f"**By segment:** {escape(split)}", ""]
    return lines


def as_markdown(outline: Outline) -> str:
    """Return the outline as Markdown (CommonMark)."""
    facts = outline_draft.whole(outline)
    lines = [f"# {escape(facts['title'])}", ""]
    scope = " · ".join(f"{one['name'].lower()}: {escape(one['value'])}" for one in facts["scope"])
    lines += [f"{escape(facts['workspace'])}, {facts['date']} · {scope}", ""]
    for note in facts["notes"]:
        lines += [escape(note), ""]
    for passage in facts["draft"]:
        lines += [f"## {escape(passage['title'])}", ""]
        for sentence in passage["sentences"]:
            cited = ", ".join(_link(one["key"], one["url"]) for one in sentence["sources"])
            lines += [f"{escape(sentence['text'])} \\[{cited}\\]", ""]
    for need in facts["needs"]:
        lines += _need(need)
    if not facts["needs"]:
        lines += ["No need has feedback behind it in this scope yet.", ""]
    lines += ["## How these figures came about", ""]
    for method in facts["methods"]:
        lines += [f"- {escape(method)}"]
    return "\n".join(lines) + "\n"


def as_html(outline: Outline) -> str:
    """Return the outline as one HTML file that needs nothing else: no script, no picture, no font from elsewhere."""
    facts = outline_draft.whole(outline)
    for need in facts["needs"]:
        need["split"] = outline_words.segment_words(need["segments"])
    styles = f"<style>{_asset('document.css').decode()}</style>"
    # The style sheet is a file of ours; everything else is escaped by the template.
    return render_to_string("insights/outline/document.html", {"facts": facts, "styles": mark_safe(styles)})  # noqa: S308


def as_pdf(outline: Outline) -> bytes:
    """Return the outline as a tagged PDF (PDF/UA-1), typeset without a network and with fonts that come along."""
    import typst  # 60 MB of library that most processes never need

    facts = outline_draft.whole(outline)
    for need in facts["needs"]:
        need["split"] = outline_words.segment_words(need["segments"])
    content: bytes = typst.compile(
        _asset("document.typ"),
        sys_inputs={"outline": json.dumps(facts)},
        pdf_standards=["ua-1"],
        timestamp=outline.made_at.replace(microsecond=0),
    )
    return content


@dataclass(frozen=True, slots=True)
class Document:
    """A finished file: its name, its media type and its bytes."""

    name: str
    media: str
    content: bytes


def make_document(outline: Outline, *, kind: str) -> Document:
    """Return the outline as a file; `kind` is one of `MEDIA`."""
    makers: dict[str, Callable[[Outline], str | bytes]] = {
        "markdown": as_markdown,
        "html": as_html,
        "pdf": as_pdf,
    }
    content = makers[kind](outline)
    day = timezone.localdate(outline.made_at).isoformat()
    return Document(
        name=f"needs-{outline.workspace.slug}-{day}.{ENDINGS[kind]}",
        media=MEDIA[kind],
        content=content if isinstance(content, bytes) else content.encode(),
    )
