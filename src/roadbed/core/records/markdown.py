"""Markdown in, clean HTML out."""

from __future__ import annotations

import html
import re

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable(
    ["table", "strikethrough"]
)
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "hr", "li", "mark", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_KEY = re.compile(r"(?<![\w/-])([A-Z]{1,4}-\d{1,7})(?![\w-])")
_MENTION = re.compile(r"(?<![\w@.])(@[\w.+-]*\w(?:@[\w-]+\.[\w.-]*\w)?)")
_OUTSIDE_LINKS = re.compile(r"(<(?:a|code|pre)\b.*?</(?:a|code|pre)>|<[^>]+>)", re.DOTALL)


def render(text: str, *, workspace: str = "") -> SafeString:
    """Return Markdown as HTML that cannot script, style or track.

    Raw HTML is shown as text, images are left out, links open with ``rel="nofollow noopener"``. With a workspace's
    slug, keys such as ``F-128`` become links and mentions are marked.
    """
    cleaned = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    if workspace:
        parts = _OUTSIDE_LINKS.split(cleaned)
        for index in range(0, len(parts), 2):
            linked = _KEY.sub(rf'<a class="key" href="/w/{html.escape(workspace)}/\1/">\1</a>', parts[index])
            parts[index] = _MENTION.sub(r'<span class="mention">\1</span>', linked)
        cleaned = "".join(parts)
    return mark_safe(cleaned)  # noqa: S308 - nh3 cleaned it, and what was added is made of matched word characters
