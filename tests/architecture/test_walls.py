"""Whoever reads what may be private says whose circles it is for, or stands below with a reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from django.apps import apps

from roadbed.core.records import kinds
from roadbed.core.records.models import Record
from tests.architecture import house
from tests.architecture.walls_reviewed import BEHIND, REVIEWED

READING_ROOMS = {
    "selectors",
    "views",
    "api",
    "facade",
    "imports",
    "pages",
    "today",
    "forms",
    "responses",
    "chain",
}
"""Rooms whose reads reach a screen, a program or a file. Services write, and are given what they write to."""
AWARE = (
    "circle",
    "visible_to",
    "visible",
    "private_feedback",
    "in_workspace",
    "said(",
    "heard(",
    "place(access)",
    "_of(access",
)
"""Words that show that a function thought of walls; whether it thought right, the tests in tests/privacy see."""
SAFE = {"in_workspace", "deleted_in_workspace", "everything_in", "visible_to", "none", "behind_walls_too"}


@cache
def guarded() -> frozenset[str]:
    """The models whose rows may be private, or hang on something that may be."""
    private = {kind.model for kind in kinds.all_kinds() if kind.may_be_private} | {Record}
    found = {model.__name__ for model in private}
    for model in apps.get_models():
        fields = [field for field in model._meta.get_fields() if field.concrete and field.related_model]
        if any(field.related_model in private for field in fields) and not issubclass(model, Record):
            found.add(model.__name__)
    return frozenset(found)


def functions() -> Iterator[tuple[str, ast.FunctionDef, str]]:
    """Every function of the rooms that read, as ``path:name`` with its tree and its text."""
    for path in house.files(".py", below="src/roadbed"):
        parts = path.relative_to(house.SOURCE).with_suffix("").parts
        if not READING_ROOMS & set(parts):
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield f"{'/'.join(parts)}:{node.name}", node, ast.get_source_segment(text, node) or ""


def direct_reads(node: ast.AST) -> set[str]:
    """The guarded models that a function reads past their filters, and ``cursor`` for raw SQL."""
    found = set()
    for each in ast.walk(node):
        if not (isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)):
            continue
        if each.func.attr == "cursor":
            found.add("cursor")
        manager = each.func.value
        if (
            isinstance(manager, ast.Attribute)
            and manager.attr == "objects"
            and each.func.attr not in SAFE
            and (owner := getattr(manager.value, "id", getattr(manager.value, "attr", ""))) in guarded()
        ):
            found.add(owner)
    return found


class TestReads:
    def test_name_the_circles_or_are_reviewed(self) -> None:
        unguarded = {
            name: sorted(reads)
            for name, node, text in functions()
            if (reads := direct_reads(node)) and not any(word in text for word in AWARE)
        }
        new = {name: reads for name, reads in unguarded.items() if name not in REVIEWED}
        assert new == {}, "let these name the circles (visible_to, circles=), or review them with a reason"
        assert sorted(set(REVIEWED) - set(unguarded)) == [], "these are reviewed, and read nothing directly"

    def test_nobody_looks_behind_walls_but_upkeep(self) -> None:
        found = set()
        for path in house.files(".py", below="src/roadbed"):
            text = path.read_text(encoding="utf-8")
            if ".behind_walls_too(" in text:
                found.add("/".join(path.relative_to(house.SOURCE).with_suffix("").parts))
        assert found == set(BEHIND)
