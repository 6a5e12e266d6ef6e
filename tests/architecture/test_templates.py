"""The rules of the house about templates: each compiles, says what it needs, and needs no exception of the CSP."""

from __future__ import annotations

import re

import pytest
from django.template import engines

from tests.architecture import house

TEMPLATES = sorted(
    path
    for path in house.repository()
    if "templates" in path.parts and path.suffix in {".html", ".txt", ".svg"}
)
PAGES = [path for path in TEMPLATES if path.suffix == ".html"]

INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "an inline style sheet": re.compile(r"<style[\s>]"),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")[^>]*>"),
    "an on… attribute": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "hx-on": re.compile(r"\shx-on[:-]"),
    "a filter in a trigger": re.compile(r"hx-trigger=\"[^\"]*\w\["),
    "a javascript: address": re.compile(r"=\s*\"javascript:"),
}
COMMENT = re.compile(r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)

EMPTY = re.compile(r'{% empty "([a-z]+)"')
KINDS = {"first", "cleared", "nothing", "error"}
"""The empty states that the web parts know."""

TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")


class TestTemplates:
    @pytest.mark.parametrize("path", TEMPLATES, ids=house.name)
    def test_it_compiles(self, path):
        engines["django"].from_string(path.read_text(encoding="utf-8"))

    @pytest.mark.parametrize("path", PAGES, ids=house.name)
    def test_its_contract_stands_in_a_comment(self, path):
        text = path.read_text(encoding="utf-8")
        # Templates that take another's place have the contract of the page whose place it is.
        if (
            path.relative_to(house.ROOT).parts[-2:-1] == ("mail",)
            or "account" in path.parts
            or "mfa" in path.parts
        ):
            return
        assert COMMENT.search(text), "say in a comment what the template is given"

    def test_every_empty_state_is_one_that_there_is(self):
        strange = {
            house.name(path): sorted(kinds)
            for path in PAGES
            if (kinds := set(EMPTY.findall(path.read_text(encoding="utf-8"))) - KINDS)
        }
        assert strange == {}, "such a page fails only once it has nothing to show"

    @pytest.mark.parametrize("path", PAGES, ids=house.name)
    def test_nothing_is_inline(self, path):
        text = TAG.sub("", COMMENT.sub("", path.read_text(encoding="utf-8")))
        found = [name for name, pattern in INLINE.items() if pattern.search(text)]
        # A mail has no style sheet of its own to point to.
        if "mail" in path.parts or "documents" in path.parts:
            found = [name for name in found if "style" not in name]
        assert found == []
