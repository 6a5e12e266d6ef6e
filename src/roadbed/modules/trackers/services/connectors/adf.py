"""Atlassian's document format and Markdown, as far as descriptions go.

A document that holds what Markdown cannot say (a picture, a panel, a mention) is read as well as can be, and marked, so
that it is never written over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

SAYABLE = frozenset(
    {"doc", "paragraph", "text", "heading", "bulletList", "orderedList", "listItem", "codeBlock", "blockquote", "rule",
     "hardBreak"}
)  # fmt: skip
MARKS = frozenset({"strong", "em", "code", "link", "strike"})
LOCKED = "The description there holds what Markdown cannot say ({}). It is not written over."
DEEPEST = 40


def to_markdown(document: Any) -> tuple[str, str]:
    """Return a document as Markdown, and why it must not be written over, if so."""
    if document is None:
        return "", ""
    if isinstance(document, str):
        return document.strip(), ""
    strange: set[str] = set()
    text = _blocks(document.get("content") or [], strange, 0)
    return text.strip(), LOCKED.format(", ".join(sorted(strange))) if strange else ""


def _blocks(nodes: Iterable[Mapping[str, Any]], strange: set[str], depth: int) -> str:
    return "\n\n".join(part for node in nodes if (part := _block(node, strange, depth)) != "")


def _block(node: Mapping[str, Any], strange: set[str], depth: int) -> str:
    kind, inside = str(node.get("type")), node.get("content") or []
    if depth > DEEPEST:
        strange.add("deep nesting")
        return ""
    if kind == "paragraph":
        return _inline(inside, strange)
    if kind == "heading":
        level = max(1, min(6, int((node.get("attrs") or {}).get("level", 1))))
        return f"{'#' * level} {_inline(inside, strange)}"
    if kind in {"bulletList", "orderedList"}:
        first = int((node.get("attrs") or {}).get("order", 1)) if kind == "orderedList" else 0
        return "\n".join(
            _item(item, f"{first + index}. " if kind == "orderedList" else "- ", strange, depth)
            for index, item in enumerate(inside)
        )
    if kind == "codeBlock":
        language = str((node.get("attrs") or {}).get("language") or "")
        return f"```{language}\n{''.join(str(each.get('text', '')) for each in inside)}\n```"
    if kind == "blockquote":
        return "\n".join(f"> {line}".rstrip() for line in _blocks(inside, strange, depth + 1).split("\n"))
    if kind == "rule":
        return "---"
    if kind == "text" or kind in {"hardBreak", "mention", "emoji", "inlineCard"}:
        return _inline([node], strange)
    strange.add(kind)
    return _blocks(inside, strange, depth + 1)


def _item(item: Mapping[str, Any], mark: str, strange: set[str], depth: int) -> str:
    parts = [_block(node, strange, depth + 1) for node in item.get("content") or []]
    lines = "\n".join(part for part in parts if part).split("\n")
    return mark + ("\n" + " " * len(mark)).join(lines)


def _inline(nodes: Iterable[Mapping[str, Any]], strange: set[str]) -> str:
    return "".join(_span(node, strange) for node in nodes)


def _span(node: Mapping[str, Any], strange: set[str]) -> str:
    kind, facts = str(node.get("type")), node.get("attrs") or {}
    if kind == "hardBreak":
        return "  \n"
    if kind != "text":
        strange.add(kind)
        return str(facts.get("text") or facts.get("shortName") or facts.get("url") or "")
    text = str(node.get("text", ""))
    marks = {str(mark.get("type")): mark for mark in node.get("marks") or []}
    strange.update(name for name in marks if name not in MARKS)
    if "code" in marks:
        text = f"`{text}`"
    for name, sign in (("strong", "**"), ("em", "*"), ("strike", "~~")):
        if name in marks and text.strip():
            bare = text.strip()
            text = text.replace(bare, f"{sign}{bare}{sign}", 1)
    if "link" in marks:
        text = f"[{text}]({(marks['link'].get('attrs') or {}).get('href', '')})"
    return text


def from_markdown(text: str) -> dict[str, Any]:
    """Return Markdown as a document."""
    tokens = MarkdownIt("commonmark").enable("strikethrough").parse(text)
    return {"type": "doc", "version": 1, "content": _nodes(iter(tokens), "")}


OPENERS = {"bullet_list_open": "bulletList", "list_item_open": "listItem", "blockquote_open": "blockquote"}


def _nodes(tokens: Any, closing: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for token in tokens:
        if token.type == closing:
            return found
        if token.type in OPENERS:
            inside = _nodes(tokens, token.type.replace("_open", "_close"))
            found.append(
                {"type": OPENERS[token.type], "content": inside or [{"type": "paragraph", "content": []}]}
            )
        elif token.type == "ordered_list_open":
            node = {"type": "orderedList", "content": _nodes(tokens, "ordered_list_close")}
            start = token.attrGet("start")
            found.append({**node, "attrs": {"order": int(start)}} if start else node)
        elif token.type == "paragraph_open":
            found.append({"type": "paragraph", "content": _spans(next(tokens))})
        elif token.type == "heading_open":
            level = int(token.tag[1])
            found.append({"type": "heading", "attrs": {"level": level}, "content": _spans(next(tokens))})
        elif token.type in {"fence", "code_block"}:
            language = token.info.split()[0] if token.info.strip() else ""
            node = {"type": "codeBlock", "content": [{"type": "text", "text": token.content.rstrip("\n")}]}
            if not token.content.strip("\n"):
                node = {"type": "codeBlock"}
            found.append({**node, "attrs": {"language": language}} if language else node)
        elif token.type == "hr":
            found.append({"type": "rule"})
        elif token.type == "html_block":
            found.append({"type": "paragraph", "content": [{"type": "text", "text": token.content.strip()}]})
    return found


MARK_OPENERS = {"strong_open": "strong", "em_open": "em", "s_open": "strike"}


def _spans(inline: Token) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    for token in inline.children or []:
        if token.type in MARK_OPENERS:
            marks.append({"type": MARK_OPENERS[token.type]})
        elif token.type == "link_open":
            marks.append({"type": "link", "attrs": {"href": str(token.attrGet("href") or "")}})
        elif token.type.endswith("_close") and marks:
            marks.pop()
        elif token.type == "hardbreak":
            found.append({"type": "hardBreak"})
        else:
            text = "\n" if token.type == "softbreak" else token.content
            if token.type == "softbreak":
                text = " "
            if not text:
                continue
            own = [*marks, {"type": "code"}] if token.type == "code_inline" else marks
            if token.type == "image":
                text = f"![{token.content}]({token.attrGet('src')})"
            found.append({"type": "text", "text": text, **({"marks": list(own)} if own else {})})
    return found
