"""Jira's wiki markup and Markdown, as far as descriptions go. What neither knows passes as it is."""

from __future__ import annotations

import re

CODE = re.compile(r"\{(code|noformat)(?::([^}]*))?\}\n?(.*?)\n?\{\1\}", re.DOTALL)
FENCE = re.compile(r"```([\w+-]*)\n(.*?)\n?```", re.DOTALL)
HOLD = "\x01{}\x01"
HELD = re.compile("\x01(\\d+)\x01")


def to_markdown(text: str) -> str:
    """Return wiki markup as Markdown.

    >>> to_markdown("h2. Why\\n* one\\n** two\\nSee [the plan|https://example.com] and *this*.")
    '## Why\\n- one\\n  - two\\nSee [the plan](https://example.com) and **this**.'
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        language = (found[2] or "").partition("|")[0].partition("=")[0] if found[1] == "code" else ""
        language = language if re.fullmatch(r"[\w+-]*", language) and language != "title" else ""
        kept.append(f"```{language}\n{found[3]}\n```")
        return HOLD.format(len(kept) - 1)

    text = CODE.sub(keep, text.replace("\r\n", "\n"))
    text = re.sub(r"\{\{(.+?)\}\}", r"`\1`", text)
    text = re.sub(r"(?m)^h([1-6])\.[ \t]+", lambda found: "#" * int(found[1]) + " ", text)
    text = re.sub(r"(?m)^bq\.[ \t]+", "> ", text)
    text = re.sub(r"(?m)^([*#-]+)[ \t]+", _to_item, text)
    text = re.sub(r"\[([^\]|\n]+)\|([^\]\s]+)\]", r"[\1](\2)", text)
    text = re.sub(r"\[(https?://[^\]\s|]+)\]", r"<\1>", text)
    text = re.sub(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])", r"**\1**", text)
    text = re.sub(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])", r"*\1*", text)
    text = re.sub(r"(?m)^-{4,}$", "---", text)
    return HELD.sub(lambda found: kept[int(found[1])], text)


def _to_item(found: re.Match[str]) -> str:
    marks = found[1]
    if marks.startswith("--"):
        return found[0]
    return "  " * (len(marks) - 1) + ("1. " if marks[-1] == "#" else "- ")


def from_markdown(text: str) -> str:
    """Return Markdown as wiki markup.

    >>> from_markdown("## Why\\n- one\\n  - two\\nSee [the plan](https://example.com) and **this**.")
    'h2. Why\\n* one\\n** two\\nSee [the plan|https://example.com] and *this*.'
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(f"{{code{':' + found[1] if found[1] else ''}}}\n{found[2]}\n{{code}}")
        return HOLD.format(len(kept) - 1)

    text = FENCE.sub(keep, text)
    text = re.sub(r"`([^`\n]+)`", r"{{\1}}", text)
    text = re.sub(r"(?m)^(#{1,6})[ \t]+", lambda found: f"h{len(found[1])}. ", text)
    text = re.sub(r"(?m)^>[ \t]?", "bq. ", text)
    text = re.sub(
        r"(?m)^([ \t]*)(?:([-*+])|\d+\.)[ \t]+",
        lambda found: ("*" if found[2] else "#") * (len(found[1].expandtabs(4)) // 2 + 1) + " ",
        text,
    )
    text = re.sub(r"\[([^\]\n]+)\]\(([^)\s]+)\)", r"[\1|\2]", text)
    text = re.sub(r"<(https?://[^>\s]+)>", r"[\1]", text)
    text = re.sub(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])", r"_\1_", text)
    text = re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"*\1*", text)
    text = re.sub(r"(?m)^---$", "----", text)
    return HELD.sub(lambda found: kept[int(found[1])], text)
